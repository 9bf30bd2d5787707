/** index=on: the names of a lower file stay one file over a copy-up. */
import { expect } from "vitest";
import { dir, file, hardLink } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";

const NLINK = "trusted.overlay.nlink";
const linked = { a: file("text"), b: hardLink("a"), d: dir({ c: hardLink("../a") }) };
const countsEntry = "after a remount the kernel counts the index entry as a name of a file with one name";
const whichName = "FUSE does not say by which of its names a file is changed: another may stand in the upper";

overlay("index=on", { options: ["index=on"] }, (it) => {
  it("a change under one name is seen under all, at once and after a remount", { lower: linked, needs: ["shared-links"], ownWay: whichName }, ({ merged, remount }) => {
    merged.append("a", "+");
    expect([merged.read("b"), merged.read("d/c")]).toEqual(["text+", "text+"]);
    remount();
    expect([merged.read("d/c"), merged.read("a"), merged.read("b")]).toEqual(["text+", "text+", "text+"]);
    merged.chmod("d/c", 0o600);
    expect(merged.stat("b").mode).toBe("600");
  });

  it("all names have one inode number and one link count, before and after", { lower: linked, needs: ["shared-links"], ownWay: whichName }, ({ merged, remount }) => {
    const names = ["a", "b", "d/c"];
    const pictures = (): unknown[] => names.map((name) => { const { ino, nlink } = merged.stat(name); return [ino, nlink]; });
    const before = pictures();
    expect(before).toEqual([before[0], before[0], before[0]]);
    merged.append("b", "+");
    expect(pictures()).toEqual(before);
    expect(merged.entries().filter((entry) => entry.name === "a" || entry.name === "b").map((entry) => entry.ino)).toEqual([merged.stat("a").ino, merged.stat("a").ino]);
    remount();
    expect(pictures()).toEqual(before);
  });

  it("names that go are counted under those that stay", { lower: linked, needs: ["shared-links"], ownWay: whichName }, ({ merged, remount }) => {
    merged.unlink("a");
    expect([merged.stat("b").nlink, merged.stat("d/c").nlink]).toEqual([2, 2]);
    remount();
    expect(merged.stat("b").nlink).toBe(2);
    merged.unlink("d/c");
    expect([merged.stat("b").nlink, merged.read("b")]).toEqual([1, "text"]);
    merged.append("b", "+");
    remount();
    expect([merged.stat("b").nlink, merged.read("b"), merged.list("d")]).toEqual([1, "text+", []]);
  });

  it("a new name is one more", { lower: linked, needs: ["shared-links"], ownWay: whichName }, ({ merged, remount }) => {
    merged.link("b", "e");
    expect(["a", "b", "d/c", "e"].map((name) => merged.stat(name).nlink)).toEqual([4, 4, 4, 4]);
    merged.append("e", "+");
    remount();
    expect(["a", "b", "d/c", "e"].map((name) => [merged.stat(name).nlink, merged.read(name)])).toEqual(Array(4).fill([4, "text+"]));
  });

  it("a name is renamed, and the others stay", { lower: linked, needs: ["shared-links"], ownWay: whichName }, ({ merged, remount }) => {
    merged.rename("a", "d/x");
    merged.append("d/x", "+");
    remount();
    expect([merged.list(), merged.list("d"), merged.read("b")]).toEqual([["b", "d"], ["c", "x"], "text+"]);
    expect(merged.stat("d/c").nlink).toBe(3);
  });

  it("a name that is replaced is counted", { lower: { ...linked, n: file("new") }, needs: ["shared-links"], ownWay: whichName }, ({ merged, remount }) => {
    merged.rename("n", "a");
    expect([merged.read("a"), merged.read("b"), merged.stat("b").nlink]).toEqual(["new", "text", 2]);
    remount();
    expect([merged.stat("b").nlink, merged.stat("a").nlink]).toEqual([2, 1]);
  });

  it("the count is written down before each change", { lower: linked, needs: ["shared-links"] }, ({ merged, upper }) => {
    merged.chmod("a", 0o600);
    expect(upper.xattr("a", NLINK)).toBe("U+1");
    merged.unlink("b");
    expect(upper.xattr("a", NLINK)).toBe("U+0");
  });

  it("with the last name the file is gone, and who holds it reads on", { lower: { a: file("text"), b: hardLink("a") }, needs: ["shared-links", "unlinked-files"] }, ({ merged }) => {
    const held = merged.open("a");
    merged.unlink("a");
    merged.unlink("b");
    expect([held.readAll().toString(), held.stat().nlink]).toEqual(["text", 0]);
    held.close();
    expect(merged.list()).toEqual([]);
  });

  it("a file with one name is copied up as ever", { lower: { f: file("text") } }, ({ merged, upper }) => {
    merged.append("f", "+");
    expect([upper.xattrs("f").includes(NLINK), upper.stat("f").nlink]).toEqual([false, 1]);
  });
});

overlay("nfs_export=on", { options: ["index=on", "nfs_export=on"] }, (it) => {
  it("all that is copied up is indexed, and inode numbers stay", {
    lower: { f: file("text"), d: dir({ g: file() }) }, needs: ["shared-links"], ownWay: countsEntry, noInterop: countsEntry,
  }, ({ merged, upper }) => {
    const before = ["f", "d", "d/g"].map((name) => merged.stat(name).ino);
    merged.append("f", "+");
    merged.chmod("d/g", 0o600);
    expect(["f", "d", "d/g"].map((name) => merged.stat(name).ino)).toEqual(before);
    expect([upper.stat("f").nlink, merged.stat("f").nlink]).toEqual([2, 1]);
  });

  it("what is removed leaves no entry that leads to it", { lower: { f: file("text"), d: dir({ g: file() }) } }, ({ merged, remount }) => {
    merged.unlink("f");
    merged.removeAll("d");
    expect(merged.list()).toEqual([]);
    merged.mkdir("d");
    merged.write("f", "new");
    remount();
    expect([merged.read("f"), merged.list("d")]).toEqual(["new", []]);
  });
});
