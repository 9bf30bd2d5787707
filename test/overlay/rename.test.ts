/** Rename in all its forms; what a lower has under the old name gets a whiteout. */
import { expect } from "vitest";
import { dir, fifo, file, hardLink, OLD, opaque, symlink, whiteout } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT } from "../../src/sys/constants.js";

const WHITEOUT = { type: "character device", device: "0,0" };

overlay("rename", {}, (it) => {
  it("a lower file renamed is copied up and leaves a whiteout", { needs: ["nanoseconds"], lower: { a: file("x", { mode: 0o600, uid: 9 }) } }, ({ merged, upper }) => {
    merged.rename("a", "b");
    expect(merged.list()).toEqual(["b"]);
    expect(merged.stat("b")).toMatchObject({ mode: "600", uid: 9, mtime: OLD });
    expect(upper.stat("a")).toMatchObject(WHITEOUT);
    expect(upper.read("b")).toBe("x");
  });

  it("an upper file renamed leaves nothing", { lower: { other: file() }, upper: { a: file("x") } }, ({ merged, upper }) => {
    merged.rename("a", "b");
    expect(upper.list()).toEqual(["b"]);
  });

  it("an upper file over a lower one renamed leaves a whiteout", { lower: { a: file("l") }, upper: { a: file("u") } }, ({ merged, upper }) => {
    merged.rename("a", "b");
    expect(merged.read("b")).toBe("u");
    expect(merged.exists("a")).toBe(false);
    expect(upper.stat("a")).toMatchObject(WHITEOUT);
  });

  it("a file renamed over a lower file hides it", { lower: { a: file("a"), b: file("b") } }, ({ merged, upper }) => {
    merged.rename("a", "b");
    expect(merged.list()).toEqual(["b"]);
    expect(merged.read("b")).toBe("a");
    expect(upper.stat("b").type).toBe("file");
  });

  it("a file renamed over an upper file replaces it", { lower: { a: file("a") }, upper: { b: file("b") } }, ({ merged }) => {
    merged.rename("a", "b");
    expect(merged.read("b")).toBe("a");
  });

  it("a file renamed to a deleted name replaces the whiteout", { lower: { a: file("a"), b: file("b") }, upper: { b: whiteout() } }, ({ merged, upper }) => {
    merged.rename("a", "b");
    expect(merged.read("b")).toBe("a");
    expect(upper.stat("a")).toMatchObject(WHITEOUT);
    expect(upper.stat("b").type).toBe("file");
  });

  it("an upper file renamed to a deleted name leaves no whiteout behind", { lower: { b: file("b") }, upper: { a: file("a"), b: whiteout() } }, ({ merged, upper }) => {
    merged.rename("a", "b");
    expect(upper.list()).toEqual(["b"]);
    expect(merged.read("b")).toBe("a");
  });

  it("a file moves between merged directories", { lower: { d: dir({ f: file("f") }), e: dir({ g: file("g") }) } }, ({ merged, upper }) => {
    merged.rename("d/f", "e/f");
    expect(merged.list("d")).toEqual([]);
    expect(merged.list("e")).toEqual(["f", "g"]);
    expect(upper.stat("d/f")).toMatchObject(WHITEOUT);
    expect(upper.read("e/f")).toBe("f");
  });

  it("a file renamed there and back is where it was", { lower: { a: file("a") } }, ({ merged }) => {
    merged.rename("a", "b");
    merged.rename("b", "a");
    expect(merged.list()).toEqual(["a"]);
    expect(merged.read("a")).toBe("a");
  });

  it("a file renamed keeps its inode number", { lower: { a: file("a") }, needs: ["full-attributes"] }, ({ merged }) => {
    const before = merged.stat("a").ino;
    merged.rename("a", "b");
    expect(merged.stat("b").ino).toBe(before);
  });

  it("symlinks and special files are renamed", { lower: { s: symlink("t"), p: fifo() } }, ({ merged, upper }) => {
    merged.rename("s", "s2");
    merged.rename("p", "p2");
    expect(merged.readlink("s2")).toBe("t");
    expect(upper.stat("p2").type).toBe("fifo");
    expect(merged.list()).toEqual(["p2", "s2"]);
  });

  it("an upper directory is renamed with all in it", { lower: { other: file() }, upper: { d: dir({ f: file("f"), s: dir({ g: file() }) }) } }, ({ merged, upper }) => {
    merged.rename("d", "e");
    expect(merged.read("e/f")).toBe("f");
    expect(upper.list()).toEqual(["e"]);
    expect(merged.list("e")).toEqual(["f", "s"]);
  });

  it("a directory of a lower is refused with EXDEV", { lower: { d: dir({ f: file() }) } }, ({ merged, upper }) => {
    expect(outcome(() => merged.rename("d", "e"))).toBe("EXDEV");
    expect(merged.list()).toEqual(["d"]);
    expect(upper.exists("e")).toBe(false);
  });

  it("a merged directory is refused with EXDEV", { lower: { d: dir({ f: file() }) }, upper: { d: dir({ g: file() }) } }, ({ merged }) => {
    expect(outcome(() => merged.rename("d", "e"))).toBe("EXDEV");
    expect(merged.list("d")).toEqual(["f", "g"]);
  });

  it("an opaque directory over a lower one is renamed and leaves a whiteout", { lower: { d: dir({ f: file() }) }, upper: { d: opaque({ g: file() }) } }, ({ merged, upper }) => {
    merged.rename("d", "e");
    expect(merged.list()).toEqual(["e"]);
    expect(merged.list("e")).toEqual(["g"]);
    expect(upper.stat("d")).toMatchObject(WHITEOUT);
  });

  it("a directory renamed to the name of a deleted one does not merge with it", { lower: { old: dir({ ghost: file() }) }, upper: { d: dir({ f: file() }), old: whiteout() } }, ({ merged, upper }) => {
    merged.rename("d", "old");
    expect(merged.list("old")).toEqual(["f"]);
    expect(upper.xattr("old", "trusted.overlay.opaque")).toBe("y");
  });

  it("a directory renamed over an empty merged one takes its place", { lower: { e: dir({ gone: file() }) }, upper: { d: dir({ f: file() }), e: dir({ gone: whiteout() }) } }, ({ merged }) => {
    merged.rename("d", "e");
    expect(merged.list()).toEqual(["e"]);
    expect(merged.list("e")).toEqual(["f"]);
  });

  it("a directory renamed over a lower directory that is not empty is refused", { lower: { e: dir({ f: file() }) }, upper: { d: dir() } }, ({ merged }) => {
    expect(outcome(() => merged.rename("d", "e"))).toBe("ENOTEMPTY");
    expect(merged.list()).toEqual(["d", "e"]);
  });

  it("an upper directory moves into a directory of a lower and stays itself", { lower: { low: dir({ d: dir({ ghost: file() }) }) }, upper: { d: dir({ f: file() }) } }, ({ merged }) => {
    merged.removeAll("low/d");
    merged.rename("d", "low/d");
    expect(merged.list("low/d")).toEqual(["f"]);
    expect(merged.list("low")).toEqual(["d"]);
  });

  it("a file over a directory and a directory over a file are refused", { lower: { f: file(), d: dir() }, upper: { u: dir(), g: file() } }, ({ merged }) => {
    expect(outcome(() => merged.rename("f", "d"))).toBe("EISDIR");
    expect(outcome(() => merged.rename("u", "f"))).toBe("ENOTDIR");
    expect(outcome(() => merged.rename("u", "g"))).toBe("ENOTDIR");
  });

  it("a directory can't be moved into itself", { lower: { other: file() }, upper: { d: dir({ e: dir() }) } }, ({ merged }) => {
    expect(outcome(() => merged.rename("d", "d/e/f"))).toBe("EINVAL");
    expect(outcome(() => merged.rename("d/e", "d"))).toBe("ENOTEMPTY");
  });

  it("a missing name can't be renamed", { lower: { gone: file() }, upper: { gone: whiteout() } }, ({ merged }) => {
    expect(outcome(() => merged.rename("gone", "x"))).toBe("ENOENT");
    expect(outcome(() => merged.rename("never", "x"))).toBe("ENOENT");
  });

  it("renaming a name to another name of the same file changes nothing", { lower: { other: file() }, upper: { a: file("x"), b: hardLink("a") } }, ({ merged }) => {
    merged.rename("a", "b");
    expect(merged.list()).toEqual(["a", "b", "other"]);
  });

  it("renaming over a file counts down the links of the one that goes", { needs: ["shared-links"], lower: { x: file("x") }, upper: { a: file("a"), b: hardLink("a") } }, ({ merged }) => {
    merged.rename("x", "a");
    expect(merged.stat("b").nlink).toBe(1);
    expect(merged.read("a")).toBe("x");
  });

  it("NOREPLACE refuses a name that any layer has", { lower: { a: file("a"), b: file("b") }, upper: { c: file("c") }, needs: ["rename-flags"] }, ({ merged }) => {
    expect(outcome(() => merged.rename("a", "b", RENAME_NOREPLACE))).toBe("EEXIST");
    expect(outcome(() => merged.rename("a", "c", RENAME_NOREPLACE))).toBe("EEXIST");
    expect(merged.read("b")).toBe("b");
  });

  it("NOREPLACE takes a name that was deleted", { lower: { a: file("a"), b: file("b") }, needs: ["rename-flags"] }, ({ merged }) => {
    merged.unlink("b");
    merged.rename("a", "b", RENAME_NOREPLACE);
    expect(merged.list()).toEqual(["b"]);
    expect(merged.read("b")).toBe("a");
  });

  it("EXCHANGE swaps two files of the lower", { lower: { a: file("a"), b: file("b") }, needs: ["rename-flags"] }, ({ merged, upper }) => {
    merged.rename("a", "b", RENAME_EXCHANGE);
    expect([merged.read("a"), merged.read("b")]).toEqual(["b", "a"]);
    expect(upper.list()).toEqual(["a", "b"]);
  });

  it("EXCHANGE swaps a file of the upper with one of the lower", { lower: { d: dir({ a: file("a") }) }, upper: { b: file("b") }, needs: ["rename-flags"] }, ({ merged }) => {
    merged.rename("d/a", "b", RENAME_EXCHANGE);
    expect([merged.read("d/a"), merged.read("b")]).toEqual(["b", "a"]);
  });

  it("EXCHANGE swaps a file and a directory", { lower: { f: file("f") }, upper: { d: dir({ in: file() }) }, needs: ["rename-flags"] }, ({ merged }) => {
    merged.rename("f", "d", RENAME_EXCHANGE);
    expect(merged.list("f")).toEqual(["in"]);
    expect(merged.read("d")).toBe("f");
  });

  it("EXCHANGE swaps two upper directories, and none merges with a lower one", { lower: { d: dir({ ghost: file() }) }, upper: { d: opaque({ one: file() }), e: dir({ two: file() }) }, needs: ["rename-flags"] }, ({ merged }) => {
    merged.rename("d", "e", RENAME_EXCHANGE);
    expect(merged.list("d")).toEqual(["two"]);
    expect(merged.list("e")).toEqual(["one"]);
  });

  it("EXCHANGE with a merged directory is refused with EXDEV, with a missing name ENOENT", { lower: { d: dir({ x: file() }), f: file() }, upper: { d: dir() }, needs: ["rename-flags"] }, ({ merged }) => {
    expect(outcome(() => merged.rename("f", "d", RENAME_EXCHANGE))).toBe("EXDEV");
    expect(outcome(() => merged.rename("d", "f", RENAME_EXCHANGE))).toBe("EXDEV");
    expect(outcome(() => merged.rename("f", "missing", RENAME_EXCHANGE))).toBe("ENOENT");
  });

  it("RENAME_WHITEOUT is refused with EINVAL", { lower: { a: file() } }, ({ merged }) => {
    expect(outcome(() => merged.rename("a", "b", RENAME_WHITEOUT))).toBe("EINVAL");
    expect(merged.list()).toEqual(["a"]);
  });

  it("both directories' times are renewed", { lower: { d: dir({ f: file() }), e: dir() } }, ({ merged }) => {
    merged.rename("d/f", "e/f");
    expect(merged.stat("d").mtime).not.toBe(OLD);
    expect(merged.stat("e").mtime).not.toBe(OLD);
  });

  it("what was renamed is so after a remount", { lower: { a: file("a"), d: dir({ b: file("b") }) } }, ({ merged, remount }) => {
    merged.rename("a", "d/a");
    merged.rename("d/b", "b");
    remount();
    expect(merged.list()).toEqual(["b", "d"]);
    expect(merged.list("d")).toEqual(["a"]);
    expect(merged.read("d/a")).toBe("a");
  });
});
