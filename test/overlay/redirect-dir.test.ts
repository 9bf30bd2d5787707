/** redirect_dir=on: merged directories can be renamed, and say where the layers below have them. */
import { expect } from "vitest";
import { dir, file, opaque } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import { RENAME_EXCHANGE } from "../../src/sys/constants.js";

const REDIRECT = "trusted.overlay.redirect";
const deep = { d: dir({ f: file("low"), s: dir({ g: file("below") }) }) };

overlay("redirect_dir=on", { options: ["redirect_dir=on"] }, (it) => {
  it("a lower directory renamed in its parent keeps its content, and a name says where it is", { lower: deep }, ({ merged, upper, remount }) => {
    merged.rename("d", "e");
    expect(merged.list("e")).toEqual(["f", "s"]);
    expect(upper.xattr("e", REDIRECT)).toBe("d");
    expect(upper.stat("d").device).toBe("0,0");
    remount();
    expect([merged.list(), merged.read("e/s/g")]).toEqual([["e"], "below"]);
  });

  it("one moved to another directory is found by its path from the root", { lower: { ...deep, other: dir() } }, ({ merged, upper, remount }) => {
    merged.rename("d", "other/moved");
    expect(upper.xattr("other/moved", REDIRECT)).toMatch(/^\/01-[a-z-]+\/d$/);
    remount();
    expect([merged.list("other/moved"), merged.read("other/moved/f")]).toEqual([["f", "s"], "low"]);
  });

  it("a directory below a redirected one is found through it", { lower: { ...deep, other: dir() } }, ({ merged, upper, remount }) => {
    merged.rename("d", "e");
    merged.rename("e/s", "other/s");
    expect(upper.xattr("other/s", REDIRECT)).toMatch(/\/d\/s$/);
    merged.append("other/s/g", "+");
    remount();
    expect([merged.read("other/s/g"), merged.list("e")]).toEqual(["below+", ["f"]]);
  });

  it("a redirect is kept when the directory is renamed again, and becomes a path when it moves", { lower: { ...deep, other: dir() } }, ({ merged, upper }) => {
    merged.rename("d", "e");
    merged.rename("e", "g");
    expect(upper.xattr("g", REDIRECT)).toBe("d");
    merged.rename("g", "other/g");
    expect(upper.xattr("other/g", REDIRECT)).toMatch(/^\/.*\/d$/);
    merged.rename("other/g", "d");
    expect(merged.list("d")).toEqual(["f", "s"]);
  });

  it("two merged directories are exchanged", { lower: { a: dir({ x: file("a") }), b: dir({ y: file("b") }) }, needs: ["rename-flags"] }, ({ merged, upper, remount }) => {
    merged.rename("a", "b", RENAME_EXCHANGE);
    expect([upper.xattr("a", REDIRECT), upper.xattr("b", REDIRECT)]).toEqual(["b", "a"]);
    remount();
    expect([merged.list("a"), merged.list("b")]).toEqual([["y"], ["x"]]);
  });

  it("a directory renamed over an empty merged one shows its own content only", { lower: { ...deep, e: dir({ gone: file() }) } }, ({ merged, remount }) => {
    merged.unlink("e/gone");
    merged.rename("d", "e");
    remount();
    expect(merged.list("e")).toEqual(["f", "s"]);
  });

  it("a new directory in a merged one is opaque, so that nothing can come to lie below it", { lower: { d: dir() } }, ({ merged, upper }) => {
    merged.mkdir("d/new");
    expect(upper.xattr("d/new", "trusted.overlay.opaque")).toBe("y");
  });

  it("a path that is too long for a redirect is EXDEV, upon which mv(1) copies", {
    lower: { ["p".repeat(200)]: dir({ ["q".repeat(100)]: dir({ f: file() }) }), other: dir() },
  }, ({ merged, upper }) => {
    expect(outcome(() => merged.rename(`${"p".repeat(200)}/${"q".repeat(100)}`, "other/q"))).toBe("EXDEV");
    merged.rename("p".repeat(200), "r".repeat(255));
    expect(upper.xattr("r".repeat(255), REDIRECT)).toBe("p".repeat(200));
  });

  it("names that are not text are redirects too", { lower: { "\xff\n": dir({ f: file("x") }) }, needs: ["raw-names"] }, ({ merged, remount }) => {
    merged.rename("\xff\n", "#1");
    remount();
    expect(merged.read("#1/f")).toBe("x");
  });

  it("inode numbers stay over rename and remount", { lower: deep }, ({ merged, remount }) => {
    const before = [merged.stat("d").ino, merged.stat("d/f").ino];
    merged.rename("d", "e");
    expect([merged.stat("e").ino, merged.stat("e/f").ino]).toEqual(before);
    expect(merged.entries().find((entry) => entry.name === "e")!.ino).toBe(before[0]);
    remount();
    expect([merged.stat("e").ino, merged.stat("e/f").ino]).toEqual(before);
  });
});

overlay("redirect_dir=nofollow", { options: ["redirect_dir=nofollow"] }, (it) => {
  it("an opaque directory follows no redirect", {
    lower: { old: dir({ f: file() }) }, upper: { shut: opaque({ up: file() }, { xattrs: { [REDIRECT]: "old" } }) },
  }, ({ merged }) => {
    expect(merged.list("shut")).toEqual(["up"]);
  });

  it("a merged directory can't be renamed", { lower: { d: dir() } }, ({ merged }) => {
    expect(outcome(() => merged.rename("d", "e"))).toBe("EXDEV");
  });
});
