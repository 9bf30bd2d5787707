/** Deletion: the upper says that a name is gone with a character device 0/0. */
import { expect } from "vitest";
import { device, dir, file, hardLink, symlink, whiteout } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";

const WHITEOUT = { type: "character device", device: "0,0" };

overlay("whiteouts", {}, (it) => {
  it("a file deleted in the merged directory leaves a 0/0 device in the upper", { lower: { f: file("x"), g: file("y") } }, ({ merged, upper, lower }) => {
    merged.unlink("f");
    expect(outcome(() => merged.stat("f"))).toBe("ENOENT");
    expect(merged.list()).toEqual(["g"]);
    expect(upper.stat("f")).toMatchObject(WHITEOUT);
    expect(lower.read("f")).toBe("x");
  });

  it("a symlink or special file deleted leaves a whiteout too", { lower: { s: symlink("t"), d: device("character", 1, 3) } }, ({ merged, upper }) => {
    merged.unlink("s");
    merged.unlink("d");
    expect(merged.list()).toEqual([]);
    expect(upper.stat("s")).toMatchObject(WHITEOUT);
    expect(upper.stat("d")).toMatchObject(WHITEOUT);
  });

  it("a directory removed leaves a whiteout", { lower: { d: dir() } }, ({ merged, upper }) => {
    merged.rmdir("d");
    expect(outcome(() => merged.stat("d"))).toBe("ENOENT");
    expect(upper.stat("d")).toMatchObject(WHITEOUT);
  });

  it("deleting a file that only the upper has leaves nothing", { lower: { other: file() }, upper: { f: file("x") } }, ({ merged, upper }) => {
    merged.unlink("f");
    expect(upper.list()).toEqual([]);
  });

  it("deleting an upper file that covers a lower one leaves a whiteout", { lower: { f: file("l") }, upper: { f: file("u") } }, ({ merged, upper }) => {
    merged.unlink("f");
    expect(merged.exists("f")).toBe(false);
    expect(upper.stat("f")).toMatchObject(WHITEOUT);
  });

  it("deleting a file in a lower directory makes the directory in the upper first", { lower: { d: dir({ f: file(), g: file() }, { mode: 0o711, uid: 3 }) } }, ({ merged, upper }) => {
    merged.unlink("d/f");
    expect(merged.list("d")).toEqual(["g"]);
    expect(upper.stat("d")).toMatchObject({ mode: "711", uid: 3 });
    expect(upper.stat("d/f")).toMatchObject(WHITEOUT);
  });

  it("a whiteout in the upper hides what the lowers have",
    { lower: { f: file("x"), d: dir({ a: file() }) }, upper: { f: whiteout(), d: whiteout() } }, ({ merged }) => {
      expect(merged.list()).toEqual([]);
      expect(outcome(() => merged.stat("f"))).toBe("ENOENT");
      expect(outcome(() => merged.read("f"))).toBe("ENOENT");
      expect(outcome(() => merged.unlink("f"))).toBe("ENOENT");
      expect(outcome(() => merged.stat("d/a"))).toBe("ENOENT");
    });

  it("a whiteout in a lower hides what the layers below it have, not what those above have",
    { lower: [{ a: file("top") }, { a: whiteout(), b: whiteout() }, { a: file("bottom"), b: file("bottom"), c: file("bottom") }] }, ({ merged }) => {
      expect(merged.list()).toEqual(["a", "c"]);
      expect(merged.read("a")).toBe("top");
      expect(outcome(() => merged.stat("b"))).toBe("ENOENT");
    });

  it("a whiteout between two directories of a name keeps them from merging",
    { lower: [{ d: dir({ top: file() }) }, { d: whiteout() }, { d: dir({ bottom: file() }) }] }, ({ merged }) => {
      expect(merged.list("d")).toEqual(["top"]);
    });

  it("a whiteout that hides nothing is not shown", { lower: [{ y: file(), z: whiteout() }, { y: file() }], upper: { x: whiteout() } }, ({ merged }) => {
    expect(merged.list()).toEqual(["y"]);
  });

  it("a character device that is not 0/0 is no whiteout", { lower: { d: device("character", 0, 1), e: device("character", 1, 0) } }, ({ merged }) => {
    expect(merged.list()).toEqual(["d", "e"]);
  });

  it("a block device 0/0 is no whiteout", { lower: { b: device("block", 0, 0) } }, ({ merged }) => {
    expect(merged.stat("b")).toMatchObject({ type: "block device", device: "0,0" });
  });

  it("a file made where a whiteout lies replaces it", { lower: { f: file("old") }, upper: { f: whiteout() } }, ({ merged, upper }) => {
    merged.write("f", "new");
    expect(merged.read("f")).toBe("new");
    expect(upper.stat("f")).toMatchObject({ type: "file", size: 3 });
  });

  it("a directory made where a whiteout lies is opaque and empty", { lower: { d: dir({ old: file() }) }, upper: { d: whiteout() } }, ({ merged, upper }) => {
    merged.mkdir("d");
    expect(merged.list("d")).toEqual([]);
    expect(upper.xattr("d", "trusted.overlay.opaque")).toBe("y");
  });

  it("a symlink, a device, a fifo and a link made where whiteouts lie replace them",
    { lower: { a: file(), b: file(), c: file(), d: file(), other: file("other") }, upper: { a: whiteout(), b: whiteout(), c: whiteout(), d: whiteout() } },
    ({ merged, upper }) => {
      merged.symlink("target", "a");
      merged.mknod("b", "character", 0o600, 1, 3);
      merged.mknod("c", "fifo", 0o600);
      merged.link("other", "d");
      expect(merged.readlink("a")).toBe("target");
      expect(merged.stat("b")).toMatchObject({ type: "character device", device: "1,3" });
      expect(upper.stat("c")).toMatchObject({ type: "fifo" });
      expect(merged.read("d")).toBe("other");
      expect(merged.list()).toEqual(["a", "b", "c", "d", "other"]);
    });

  it("deleted and made again, over and over, ends as the last act left it", { lower: { f: file("0"), g: file("0") } }, ({ merged, upper }) => {
    for (let round = 1; round <= 5; round++) {
      merged.unlink("f");
      merged.write("f", String(round));
      merged.unlink("g");
      if (round < 5) merged.mkdir("g");
      if (round < 5) merged.rmdir("g");
      if (round < 5) merged.write("g", "file");
    }
    expect(merged.read("f")).toBe("5");
    expect(merged.exists("g")).toBe(false);
    expect(upper.stat("g")).toMatchObject(WHITEOUT);
  });

  it("a whiteout can't be made by mknod in the merged directory", { lower: { a: file() } }, ({ merged, upper }) => {
    expect(outcome(() => merged.mknod("w", "character", 0o600, 0, 0))).toBe("EPERM");
    expect(merged.list()).toEqual(["a"]);
    expect(upper.exists("w")).toBe(false);
  });

  it("deleting one of two names of a lower file keeps the other", { lower: { a: file("both"), b: hardLink("a") } }, ({ merged }) => {
    merged.unlink("a");
    expect(merged.list()).toEqual(["b"]);
    expect(merged.read("b")).toBe("both");
  });

  it("a deletion outlives the mount", { lower: { f: file(), d: dir({ inside: file() }) } }, ({ merged, remount }) => {
    merged.unlink("f");
    merged.removeAll("d");
    remount();
    expect(merged.list()).toEqual([]);
  });
});
