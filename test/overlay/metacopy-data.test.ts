/** metacopy=on: a change of attributes alone leaves the data below, until it is written. */
import { basename } from "node:path";
import { expect } from "vitest";
import { dir, file, hardLink, whiteout, type LayerNode } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import type { Tree } from "../harness/tree.js";
import { O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, RENAME_EXCHANGE } from "../../src/sys/constants.js";

const METACOPY = "trusted.overlay.metacopy";
const REDIRECT = "trusted.overlay.redirect";
const content = "0123456789".repeat(2000);

function isMetacopy(upper: Tree, name: string): boolean { return upper.xattrs(name).includes(METACOPY); }

/** An empty file of `size` that says its data lies elsewhere. */
function metacopy(size: number, redirect?: string): LayerNode {
  const node = file("", { xattrs: { [METACOPY]: "", ...(redirect === undefined ? {} : { [REDIRECT]: redirect }) } });
  return { ...node, size } as LayerNode;
}

overlay("metacopies and their data", { options: ["metacopy=on"] }, (it) => {
  it("chmod, chown, times and xattrs copy up no data", { needs: ["separate-times"], lower: { f: file(content), g: file(content), h: file(content), x: file(content) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o600);
    merged.chown("g", 3, 4);
    merged.setMtime("h", 5, 6);
    merged.setXattr("x", "user.a", "b");
    for (const name of ["f", "g", "h", "x"]) {
      expect(isMetacopy(upper, name)).toBe(true);
      expect(merged.read(name)).toBe(content);
      expect(merged.stat(name).size).toBe(content.length);
      expect(upper.read(name)).toBe("\0".repeat(content.length));
    }
    expect(merged.xattrs("x")).toEqual(["user.a"]);
  });

  it("the first write brings the data, and takes the mark away", { lower: { f: file(content) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o600);
    merged.patch("f", 5, "new");
    expect(upper.read("f")).toBe(`01234new89${content.slice(10)}`);
    expect(isMetacopy(upper, "f")).toBe(false);
    expect(merged.stat("f").mode).toBe("600");
  });

  it("a truncated metacopy is a whole file, to nothing and to a part", { lower: { f: file(content), g: file(content), h: file(content) } }, ({ merged, upper }) => {
    for (const name of ["f", "g", "h"]) merged.chmod(name, 0o600);
    merged.truncate("f", 3);
    merged.with("g", O_WRONLY | O_TRUNC, () => undefined);
    merged.truncate("h", content.length + 2);
    expect([upper.read("f"), upper.read("g"), upper.read("h")]).toEqual(["012", "", `${content}\0\0`]);
    for (const name of ["f", "g", "h"]) expect(isMetacopy(upper, name)).toBe(false);
  });

  it("an open descriptor reads on over both steps of a copy-up", { lower: { f: file("old content") } }, ({ merged }) => {
    const reader = merged.open("f", O_RDONLY);
    merged.chmod("f", 0o600);
    expect(reader.read(0, 20)).toBe("old content");
    merged.patch("f", 0, "new");
    expect(reader.read(0, 20)).toBe("new content");
  });

  it("a metacopy renamed in its directory is redirected to its old name", { lower: { f: file(content) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o600);
    merged.rename("f", "g");
    expect(merged.read("g")).toBe(content);
    expect(isMetacopy(upper, "g")).toBe(true);
    expect(upper.xattr("g", REDIRECT)).toBe("f");
  });

  it("a lower file renamed without a change before is a metacopy too", { lower: { f: file(content), d: dir({ x: file() }) } }, ({ merged, upper }) => {
    merged.rename("f", "d/g");
    expect(merged.read("d/g")).toBe(content);
    expect(isMetacopy(upper, "d/g")).toBe(true);
    expect(upper.xattr("d/g", REDIRECT)).toBe(`/${basename(upper.path)}/f`);
    merged.append("d/g", "!");
    expect(upper.read("d/g")).toBe(`${content}!`);
    expect(isMetacopy(upper, "d/g")).toBe(false);
  });

  it("a metacopy is linked, and both names show the data", { needs: ["shared-links"], lower: { f: file(content) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o640);
    merged.link("f", "g");
    expect(merged.read("g")).toBe(content);
    expect(isMetacopy(upper, "g")).toBe(true);
    merged.append("g", "!");
    expect(merged.read("f")).toBe(`${content}!`);
    expect(isMetacopy(upper, "f")).toBe(false);
  });

  it("a lower file is linked without a change before", { needs: ["shared-links"], lower: { f: file(content) } }, ({ merged }) => {
    merged.link("f", "g");
    expect(merged.read("g")).toBe(content);
    merged.unlink("f");
    expect(merged.read("g")).toBe(content);
  });

  it("one of two names of a lower file is a metacopy for itself", { lower: { a: file(content), b: hardLink("a") } }, ({ merged }) => {
    merged.chmod("a", 0o600);
    merged.rename("a", "c");
    expect(merged.read("c")).toBe(content);
    expect(merged.read("b")).toBe(content);
    expect(merged.stat("b").mode).toBe("644");
  });

  it("two metacopies change places", { needs: ["rename-flags"], lower: { a: file("content a"), b: file("content b") } }, ({ merged }) => {
    merged.chmod("a", 0o600);
    merged.rename("a", "b", RENAME_EXCHANGE);
    expect([merged.read("a"), merged.read("b")]).toEqual(["content b", "content a"]);
    expect(merged.stat("b").mode).toBe("600");
  });

  it("a metacopy deleted leaves a whiteout", { lower: { f: file(content) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o600);
    merged.unlink("f");
    expect(merged.list()).toEqual([]);
    expect(upper.stat("f").device).toBe("0,0");
  });

  it("a file below a renamed directory is a metacopy of its old place", { lower: { d: dir({ f: file(content) }) } }, ({ merged, upper }) => {
    merged.rename("d", "e");
    merged.chmod("e/f", 0o600);
    expect(isMetacopy(upper, "e/f")).toBe(true);
    expect(merged.read("e/f")).toBe(content);
    merged.rename("e/f", "g");
    expect(merged.read("g")).toBe(content);
  });

  it("metacopies of a middle layer lead on to the data below", {
    lower: [{ f: metacopy(7), g: metacopy(7, "old"), old: whiteout() }, { f: file("content"), old: file("another") }],
  }, ({ merged }) => {
    expect(merged.read("f")).toBe("content");
    expect(merged.read("g")).toBe("another");
    merged.chmod("f", 0o600);
    expect(merged.read("f")).toBe("content");
    merged.append("g", "!");
    expect(merged.read("g")).toBe("another!");
  });

  it("a metacopy without data below is an I/O error", { ownWay: "a walk stops at what is refused", lower: { other: file() }, upper: { f: metacopy(7) } }, ({ merged, upper }) => {
    expect(outcome(() => merged.stat("f"))).toBe("EIO");
    expect(outcome(() => merged.unlink("f"))).toBe("EIO");
    upper.unlink("f");
  });

  it("an empty file, a symlink and special files are copied up whole", { lower: { e: file(""), d: dir({ f: file("x") }) } }, ({ merged, upper }) => {
    merged.chmod("e", 0o600);
    merged.chmod("d", 0o700);
    expect(isMetacopy(upper, "d")).toBe(false);
    expect(merged.read("e")).toBe("");
  });

  it("st_blocks are those of the data", { lower: { f: file(content) } }, ({ merged, lower }) => {
    merged.chmod("f", 0o600);
    expect(merged.stat("f").blocks).toBe(lower.stat("f").blocks);
  });

  it("a write through a mapping or O_RDWR finds the data", { lower: { f: file(content) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o600);
    merged.with("f", O_RDWR, (opened) => {
      expect(opened.read(0, 10)).toBe("0123456789");
      opened.write("ab", 0);
    });
    expect(upper.read("f").slice(0, 10)).toBe("ab23456789");
  });

  it("metacopies are the same after a remount", { lower: { f: file(content), g: file(content) } }, ({ merged, remount }) => {
    merged.chmod("f", 0o600);
    merged.rename("g", "h");
    const inode = merged.stat("f").ino;
    remount();
    expect(merged.read("f")).toBe(content);
    expect(merged.read("h")).toBe(content);
    expect(merged.stat("f")).toMatchObject({ mode: "600", ino: inode });
  });
});

overlay("metacopy=off", { options: ["metacopy=off"], noInterop: "what is refused can't be compared by a walk" }, (it) => {
  it("off: a metacopy is refused with EPERM", { ownWay: "a walk stops at what is refused", lower: { f: file("content") }, upper: { f: metacopy(7) } }, ({ merged, upper }) => {
    expect(outcome(() => merged.stat("f"))).toBe("EPERM");
    upper.unlink("f");
  });
});
