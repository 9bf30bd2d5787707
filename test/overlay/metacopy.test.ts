/** metacopy=on: a change of attributes copies none of the data, which stays where it is until it is changed. */
import { expect } from "vitest";
import { dir, file, hardLink, sparse } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { O_RDONLY } from "../../src/sys/constants.js";

const METACOPY = "trusted.overlay.metacopy";
const REDIRECT = "trusted.overlay.redirect";

overlay("metacopy=on", { options: ["metacopy=on"] }, (it) => {
  it("a change of mode copies up no data", { lower: { f: file("content") } }, ({ merged, upper, remount }) => {
    merged.chmod("f", 0o600);
    expect(upper.xattr("f", METACOPY)).toBe("");
    expect(upper.stat("f")).toMatchObject({ size: 7, mode: "600" });
    expect(upper.read("f")).toBe("\0".repeat(7));
    expect(merged.read("f")).toBe("content");
    remount();
    expect([merged.read("f"), merged.stat("f").mode]).toEqual(["content", "600"]);
  });

  it("owner, times, xattrs and hard links copy up no data either", { lower: { a: file("a"), b: file("b"), c: file("c"), d: file("d") }, needs: ["separate-times"] }, ({ merged, upper }) => {
    merged.chown("a", 3, 4);
    merged.setMtime("b", 1000, 5);
    merged.setXattr("c", "user.x", "y");
    merged.link("d", "e");
    for (const name of ["a", "b", "c", "d"]) expect(upper.xattrs(name)).toContain(METACOPY);
    expect(["a", "b", "c", "d", "e"].map((name) => merged.read(name))).toEqual(["a", "b", "c", "d", "d"]);
  });

  it("the first change of data brings all of it", { lower: { f: file("content") } }, ({ merged, upper }) => {
    merged.chmod("f", 0o640);
    merged.patch("f", 3, "X");
    expect(upper.xattrs("f")).not.toContain(METACOPY);
    expect([upper.read("f"), merged.read("f"), merged.stat("f").mode]).toEqual(["conXent", "conXent", "640"]);
  });

  it("a file is cut short, and emptied, with what that leaves", { lower: { f: file("content"), g: file("content") } }, ({ merged, upper }) => {
    merged.chmod("f", 0o640);
    merged.truncate("f", 3);
    merged.chmod("g", 0o640);
    merged.truncate("g", 0);
    expect([upper.read("f"), upper.read("g")]).toEqual(["con", ""]);
    expect(upper.xattrs("f")).not.toContain(METACOPY);
    expect(upper.xattrs("g")).not.toContain(METACOPY);
  });

  it("a metacopy that is renamed says where its data is", { lower: { f: file("content"), d: dir() } }, ({ merged, upper, remount }) => {
    merged.rename("f", "g");
    expect(upper.xattr("g", REDIRECT)).toBe("f");
    merged.rename("g", "d/h");
    expect(upper.xattr("d/h", REDIRECT)).toMatch(/^\/.*\/f$/);
    remount();
    expect(merged.read("d/h")).toBe("content");
    merged.append("d/h", "+");
    expect(upper.read("d/h")).toBe("content+");
  });

  it("the names of a linked metacopy find one data", { lower: { f: file("content"), d: dir() }, needs: ["shared-links"] }, ({ merged, upper, remount }) => {
    merged.link("f", "d/g");
    expect(upper.xattr("f", REDIRECT)).toMatch(/^\/.*\/f$/);
    remount();
    expect([merged.read("f"), merged.read("d/g"), merged.stat("f").nlink]).toEqual(["content", "content", 2]);
    merged.append("d/g", "+");
    expect(merged.read("f")).toBe("content+");
  });

  it("blocks are those of the data", { lower: { f: file("x".repeat(100_000)) } }, ({ merged, lower }) => {
    merged.chmod("f", 0o600);
    expect(merged.stat("f").blocks).toBe(lower.stat("f").blocks);
  });

  it("holes and sizes stay", { lower: { f: sparse(1_000_000, [{ at: 500_000, content: "middle" }]) } }, ({ merged }) => {
    merged.chmod("f", 0o600);
    expect(merged.stat("f").size).toBe(1_000_000);
    merged.with("f", O_RDONLY, (opened) => { expect(opened.read(500_000, 6)).toBe("middle"); });
    merged.patch("f", 10, "start");
    merged.with("f", O_RDONLY, (opened) => { expect(opened.read(500_000, 6)).toBe("middle"); });
  });

  it("a large file's data is copied ahead and takes the place of the metacopy, with all that this had", {
    lower: { f: file("x".repeat(3_000_000), { xattrs: { "user.l": "lower" } }), g: file("y".repeat(3_000_000)) },
  }, ({ merged, upper, remount }) => {
    merged.chmod("f", 0o640);
    merged.setXattr("f", "user.u", "upper");
    merged.chmod("g", 0o640);
    merged.link("g", "h");
    const { ino } = merged.stat("f");
    merged.patch("f", 1_000_000, "X");
    merged.patch("h", 1_000_000, "Y");
    for (const round of [1, 2]) {
      expect([merged.stat("f").mode, merged.stat("f").ino, merged.xattr("f", "user.l"), merged.xattr("f", "user.u"), round]).toEqual(["640", ino, "lower", "upper", round]);
      expect([merged.read("f").indexOf("X"), merged.read("g").indexOf("Y"), merged.stat("g").nlink]).toEqual([1_000_000, 1_000_000, 2]);
      if (round === 1) remount();
    }
    expect(upper.xattrs("f").sort()).toEqual(["trusted.overlay.origin", "user.l", "user.u"]);
  });

  it("file capabilities outlive the copy of the data", { lower: { f: file("content", { xattrs: { "security.capability": Buffer.from("0100000200040000000000000000000000000000", "hex") } }) } }, ({ merged, upper }) => {
    merged.setXattr("f", "user.a", "b");
    expect(upper.xattrs("f")).toContain("security.capability");
    expect(merged.read("f")).toBe("content");
  });

  it("one name of a hard-linked lower is a metacopy of its own", { lower: { a: file("text"), b: hardLink("a") } }, ({ merged, upper, remount }) => {
    merged.rename("a", "c");
    expect(upper.xattr("c", REDIRECT)).toMatch(/^\/.*\/a$/);
    remount();
    expect([merged.read("c"), merged.read("b")]).toEqual(["text", "text"]);
  });

  it("a metacopy of a middle layer has its data below", {
    lower: [{ f: sparse(7, [], { mode: 0o600, xattrs: { [METACOPY]: "" } }) }, { f: file("content") }],
  }, ({ merged, upper }) => {
    expect([merged.read("f"), merged.stat("f").mode]).toEqual(["content", "600"]);
    merged.append("f", "+");
    expect(upper.read("f")).toBe("content+");
  });
});
