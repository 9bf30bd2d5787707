/** index=on: the names of a lower file stay one file over a copy-up. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { dir, file, hardLink, symlink } from "../harness/layers.js";
import { overlay, type CaseView } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import { Tree } from "../harness/tree.js";
import { O_CREAT, O_RDONLY, O_WRONLY } from "../../src/sys/constants.js";

const needs = ["shared-links"] as const;
/** FUSE names a file by its inode, so which of its names stands in the upper is chance. */
const ownWay = "another of the names may stand in the upper";

function sameFile(tree: Tree, ...names: readonly string[]): void {
  expect(new Set(names.map((name) => tree.stat(name).ino)).size).toBe(1);
}

function links(tree: Tree, ...names: readonly string[]): number[] { return names.map((name) => tree.stat(name).nlink); }

overlay("the names of a file with index=on", { options: ["index=on"] }, (it) => {
  it("a change by one name is seen by all, and they stay one file", { needs, ownWay, lower: { a: file("x"), b: hardLink("a"), d: dir({ c: hardLink("../a") }) } }, ({ merged }) => {
    const inode = merged.stat("a").ino;
    merged.write("a", "new");
    expect([merged.read("a"), merged.read("b"), merged.read("d/c")]).toEqual(["new", "new", "new"]);
    sameFile(merged, "a", "b", "d/c");
    expect(links(merged, "a", "b", "d/c")).toEqual([3, 3, 3]);
    expect(merged.stat("b").ino).toBe(inode);
    merged.append("d/c", "!");
    expect(merged.read("a")).toBe("new!");
  });

  it("attributes and xattrs are those of all names", { needs, ownWay, lower: { a: file("x"), b: hardLink("a") } }, ({ merged }) => {
    merged.chmod("b", 0o600);
    merged.setXattr("b", "user.a", "1");
    expect(merged.stat("a").mode).toBe("600");
    expect(merged.xattr("a", "user.a")).toBe("1");
  });

  it("names counted down one by one, before and after the copy-up", { needs, ownWay, lower: { a: file("x"), b: hardLink("a"), c: hardLink("a"), d: hardLink("a") } }, ({ merged }) => {
    merged.unlink("a");
    expect(links(merged, "b", "c", "d")).toEqual([3, 3, 3]);
    merged.append("b", "!");
    expect(links(merged, "b", "c", "d")).toEqual([3, 3, 3]);
    merged.unlink("c");
    expect(links(merged, "b", "d")).toEqual([2, 2]);
    merged.unlink("b");
    expect(links(merged, "d")).toEqual([1]);
    expect(merged.read("d")).toBe("x!");
    merged.unlink("d");
    expect(merged.list()).toEqual([]);
  });

  it("a new name counts up, also of a name that is in the lower", { needs, ownWay, lower: { a: file("x"), b: hardLink("a") } }, ({ merged }) => {
    merged.link("b", "c");
    expect(links(merged, "a", "b", "c")).toEqual([3, 3, 3]);
    merged.write("c", "new");
    expect([merged.read("a"), merged.read("b")]).toEqual(["new", "new"]);
    sameFile(merged, "a", "b", "c");
    merged.unlink("c");
    expect(links(merged, "a", "b")).toEqual([2, 2]);
  });

  it("a name replaced by a rename counts down", { needs, ownWay, lower: { a: file("x"), b: hardLink("a"), other: file("other") } }, ({ merged }) => {
    merged.rename("other", "a");
    expect(links(merged, "b")).toEqual([1]);
    expect(merged.read("b")).toBe("x");
    expect(merged.read("a")).toBe("other");
  });

  it("a rename from one name to another of the same file does nothing", { needs, ownWay, lower: { a: file("x"), b: hardLink("a") } }, ({ merged }) => {
    merged.rename("a", "b");
    expect(merged.list()).toEqual(["a", "b"]);
    merged.chmod("a", 0o600);
    merged.rename("a", "b");
    expect(merged.list()).toEqual(["a", "b"]);
    expect(links(merged, "a", "b")).toEqual([2, 2]);
  });

  it("a renamed name stays one of the file", { needs, ownWay, lower: { a: file("x"), b: hardLink("a"), d: dir() } }, ({ merged }) => {
    merged.rename("a", "d/c");
    merged.append("b", "!");
    expect(merged.read("d/c")).toBe("x!");
    sameFile(merged, "b", "d/c");
    expect(links(merged, "b", "d/c")).toEqual([2, 2]);
  });

  it("a descriptor of one name sees what is written by another", { needs, ownWay, lower: { a: file("old"), b: hardLink("a") } }, ({ merged }) => {
    const reader = merged.open("a", O_RDONLY);
    merged.patch("b", 0, "new");
    expect(reader.read(0, 10)).toBe("new");
    expect(reader.stat().nlink).toBe(2);
  });

  it("the last name deleted while open leaves the file to who has it", { needs: ["shared-links", "unlinked-files"], ownWay, lower: { a: file("x"), b: hardLink("a") } }, ({ merged }) => {
    merged.chmod("a", 0o600);
    const opened = merged.open("b", O_WRONLY | O_CREAT);
    merged.unlink("a");
    merged.unlink("b");
    expect(opened.stat().nlink).toBe(0);
    expect(merged.list()).toEqual([]);
  });

  it("names of symlinks and special files are kept too", { needs, ownWay, lower: { s: symlink("t"), s2: hardLink("s") } }, ({ merged }) => {
    merged.chown("s", 5, 6);
    expect(merged.stat("s2")).toMatchObject({ uid: 5, gid: 6, nlink: 2 });
    sameFile(merged, "s", "s2");
  });

  it("names in two lowers are two files", { needs, ownWay, lower: [{ a: file("one") }, { b: file("two"), c: hardLink("b") }] }, ({ merged }) => {
    merged.append("a", "!");
    merged.append("b", "!");
    expect([merged.read("a"), merged.read("b"), merged.read("c")]).toEqual(["one!", "two!", "two!"]);
    expect(links(merged, "a", "b", "c")).toEqual([1, 2, 2]);
  });

  it("names are one file after a remount, and those not yet copied up follow", { needs, ownWay, lower: { a: file("x"), b: hardLink("a"), c: hardLink("a") } }, ({ merged, remount }) => {
    merged.write("a", "new");
    const inode = merged.stat("a").ino;
    remount();
    expect(merged.read("b")).toBe("new");
    expect(merged.stat("b")).toMatchObject({ ino: inode, nlink: 3 });
    merged.unlink("a");
    merged.append("c", "!");
    expect(merged.read("b")).toBe("new!");
    remount();
    expect(links(merged, "b", "c")).toEqual([2, 2]);
    sameFile(merged, "b", "c");
  });

  it("the index holds a copied-up file of several names, and none of one name", { needs, ownWay, lower: { a: file("x"), b: hardLink("a"), single: file("y") } }, ({ merged, fixture }) => {
    const index = fixture.work.in("index");
    const before = index.list();
    merged.chmod("single", 0o600);
    expect(index.list()).toEqual(before);
    merged.chmod("a", 0o600);
    const made = index.list().filter((name) => !before.includes(name));
    expect(made).toEqual([expect.stringMatching(/^00fb[0-9a-f]+$/)]);
    expect(index.stat(made[0]!).type).toBe("file");
  });
});

/** Whether an overlay of the case's mounter over `lower` mounts, with upper and work that `name` names. */
function mounts({ fixture }: CaseView, name: string, lower: string, options: readonly string[], upper = `${name}-upper`): boolean {
  const at = (part: string): string => join(fixture.place, part);
  for (const part of [upper, `${name}-work`, `${name}-merged`]) mkdirSync(at(part), { recursive: true });
  try {
    fixture.mounter.mount({ cwd: fixture.place, lowers: [lower], upper: at(upper), work: at(`${name}-work`), merged: at(`${name}-merged`), options });
  } catch {
    return false;
  }
  new Tree(at(`${name}-merged`)).list();
  fixture.mounter.unmount(at(`${name}-merged`));
  return true;
}

overlay("an index holds its upper to its lower", {}, (it) => {
  it("another lower for an upper that was used with index=on is refused with index=on, and not without", { lower: [{ f: file("one") }, { f: file("two") }] }, (view) => {
    const [one, two] = view.lowers.map((lower) => lower.path);
    expect(mounts(view, "o", one!, ["index=on"])).toBe(true);
    expect(mounts(view, "o", two!, ["index=on"])).toBe(false);
    expect(mounts(view, "o", two!, [])).toBe(true);
    expect(mounts(view, "o", one!, ["index=on"])).toBe(true);
  });

  it("another upper for a work directory with an index is refused", { lower: { f: file() } }, (view) => {
    expect(mounts(view, "w", view.lower.path, ["index=on"])).toBe(true);
    expect(mounts(view, "w", view.lower.path, ["index=on"], "w-other")).toBe(false);
    expect(mounts(view, "w", view.lower.path, ["index=off"], "w-other")).toBe(true);
  });

  it("an index with what is no index entry is refused", { lower: { f: file() } }, (view) => {
    expect(mounts(view, "j", view.lower.path, ["index=on"])).toBe(true);
    new Tree(join(view.fixture.place, "j-work/index")).create("junk");
    expect(mounts(view, "j", view.lower.path, ["index=on"])).toBe(false);
    expect(outcome(() => new Tree(join(view.fixture.place, "j-work/index")).stat("junk"))).toBe("done");
    expect(mounts(view, "j", view.lower.path, [])).toBe(true);
  });
});
