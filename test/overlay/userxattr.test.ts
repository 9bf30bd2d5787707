/** userxattr: every mark of the overlay's is user.overlay.*, and trusted.overlay.* is data. */
import { expect } from "vitest";
import { dir, file, whiteout } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";

overlay("userxattr", { options: ["userxattr"] }, (it) => {
  it("opaque directories are marked by user.overlay.opaque", {
    lower: { o: dir({ hidden: file() }), t: dir({ shown: file() }), d: dir({ x: file() }) },
    upper: { o: dir({ a: file() }, { xattrs: { "user.overlay.opaque": "y" } }), t: dir({ b: file() }, { xattrs: { "trusted.overlay.opaque": "y" } }) },
  }, ({ merged, upper }) => {
    expect(merged.list("o")).toEqual(["a"]);
    expect(merged.list("t")).toEqual(["b", "shown"]);
    merged.removeAll("d");
    merged.mkdir("d");
    expect(merged.list("d")).toEqual([]);
    expect(upper.xattr("d", "user.overlay.opaque")).toBe("y");
    expect(upper.xattrs("d")).not.toContain("trusted.overlay.opaque");
  });

  it("a copy-up leaves user.overlay.origin and user.overlay.impure", { lower: { d: dir({ f: file("x") }) } }, ({ merged, upper }) => {
    merged.append("d/f", "!");
    expect(upper.xattrs("d/f")).toEqual(["user.overlay.origin"]);
    expect(upper.xattrs("d")).toEqual(["user.overlay.impure", "user.overlay.origin"]);
  });

  it("a file keeps its inode number over the copy-up and a remount with userxattr", { lower: { f: file("x") } }, ({ merged, remount }) => {
    const inode = merged.stat("f").ino;
    merged.append("f", "!");
    expect(merged.stat("f").ino).toBe(inode);
    remount();
    expect(merged.stat("f").ino).toBe(inode);
  });

  it("user.overlay.* is hidden and trusted.overlay.* is shown", {
    lower: { d: dir({}, { xattrs: { "user.overlay.origin": "x", "user.overlay.overlay.opaque": "y", "trusted.overlay.redirect": "z", "user.plain": "p" } }) },
  }, ({ merged }) => {
    expect(merged.xattrs("d")).toEqual(["trusted.overlay.redirect", "user.overlay.opaque", "user.plain"]);
    expect(merged.xattr("d", "user.overlay.opaque")).toBe("y");
    expect(outcome(() => merged.xattr("d", "user.overlay.origin"))).toBe("ENODATA");
  });

  it("an xattr user.overlay.* set in the merged directory is kept escaped", { lower: { d: dir() } }, ({ merged, upper }) => {
    merged.setXattr("d", "user.overlay.redirect", "data");
    merged.setXattr("d", "trusted.overlay.redirect", "data too");
    expect(merged.xattr("d", "user.overlay.redirect")).toBe("data");
    expect(upper.xattr("d", "user.overlay.overlay.redirect")).toBe("data");
    expect(upper.xattr("d", "trusted.overlay.redirect")).toBe("data too");
    merged.removeXattr("d", "user.overlay.redirect");
    expect(upper.xattrs("d")).not.toContain("user.overlay.overlay.redirect");
  });

  it("whiteouts are devices, or empty files with user.overlay.whiteout", {
    lower: [
      { x: dir({ gone: file("", { xattrs: { "user.overlay.whiteout": "y" } }), t: file("", { xattrs: { "trusted.overlay.whiteout": "y" } }) }, { xattrs: { "user.overlay.opaque": "x" } }) },
      { x: dir({ gone: file(), t: file("low") }), w: file() },
    ],
    upper: { w: whiteout() },
  }, ({ merged }) => {
    expect(merged.list()).toEqual(["x"]);
    expect(merged.list("x")).toEqual(["t"]);
    expect(merged.read("x/t")).toBe("");
  });

  it("directories are not renamed", { lower: { d: dir({ f: file() }) } }, ({ merged }) => {
    expect(outcome(() => merged.rename("d", "e"))).toBe("EXDEV");
  });

  it("a copy-up keeps the user's xattrs and all others", { lower: { f: file("x", { xattrs: { "user.a": "1", "trusted.b": "2" } }) } }, ({ merged, upper }) => {
    merged.append("f", "!");
    expect(upper.xattrs("f")).toEqual(["trusted.b", "user.a", "user.overlay.origin"]);
  });
});
