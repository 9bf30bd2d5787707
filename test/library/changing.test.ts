import { lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Overlay } from "../../src/index.js";
import { code, isRoot, Layers, NEEDS_ROOT, refusal, type LayerContent } from "./fixture.js";

describe("changing an overlay", () => {
  let layers: Layers;
  const open = (...lowers: readonly LayerContent[]): Overlay => (layers = new Layers(...lowers)).open();
  const upperText = (path: string): string => readFileSync(join(layers.upper, path), "utf8");
  afterEach(() => {
    // An ordinary user is told once that the upper takes no trusted xattrs.
    if (isRoot) expect(layers.warnings).toEqual([]);
    layers.remove();
  });

  it("writes to the upper and leaves the lower as it was", () => {
    const overlay = open({ "d/f": "lower" });
    overlay.writeFile("d/f", "changed");
    overlay.appendFile("d/f", "!");
    overlay.appendFile("d/new", Buffer.from("made"), { mode: 0o600 });
    expect(overlay.readFile("d/f", "utf8")).toBe("changed!");
    expect(upperText("d/f")).toBe("changed!");
    expect(readFileSync(join(layers.lowers[0]!, "d/f"), "utf8")).toBe("lower");
    expect(overlay.stat("d/new").mode).toBe(0o100600);
    overlay.close();
    expect(layers.open().readFile("d/new", "utf8")).toBe("made");
  });

  it("copies up at the first change of an open file, not at its opening", () => {
    const overlay = open({ f: "0123456789" });
    const reader = overlay.open("f");
    const writer = overlay.open("f", "r+");
    expect(layers.inUpper("f")).toBeUndefined();
    expect(writer.write("ab", { position: 4 })).toBe(2);
    expect(writer.write("XY")).toBe(2);
    expect(layers.inUpper("f")?.size).toBe(10);
    expect(reader.readToEnd().toString()).toBe("XY23ab6789");
    writer.truncate(3);
    writer.sync();
    writer.datasync();
    expect(writer.stat().size).toBe(3);
    for (const file of [reader, writer]) file.close();
  });

  it("opens by the flags of open(2)", () => {
    const overlay = open({ f: "text", link: "-> f", dangling: "-> made", d: null });
    expect(code(() => overlay.open("f", "wx"))).toBe("EEXIST");
    expect(code(() => overlay.open("nothing", "r+"))).toBe("ENOENT");
    expect(code(() => overlay.open("nothing/", "w"))).toBe("EISDIR");
    expect(code(() => overlay.open("d", "w"))).toBe("EISDIR");
    expect(code(() => overlay.open("link", 0o400000))).toBe("ELOOP");
    expect(code(() => overlay.open("f", 0o200000))).toBe("ENOTDIR");
    expect(code(() => overlay.open("dangling", "wx"))).toBe("EEXIST");
    overlay.writeFile("dangling", "through the link");
    expect(overlay.readFile("made", "utf8")).toBe("through the link");
    const appending = overlay.open("f", "a+");
    appending.write("1");
    overlay.appendFile("f", "2");
    appending.write("3");
    appending.close();
    expect(overlay.readFile("link", "utf8")).toBe("text123");
    const directory = overlay.open("d", 0o200000);
    expect(directory.stat().isDirectory()).toBe(true);
    expect(code(() => directory.read(Buffer.alloc(1)))).toBe("EISDIR");
    directory.close();
    overlay.mknod("fifo", 0o010644);
    expect(code(() => overlay.open("fifo"))).toBe("ENXIO");
  });

  it("keeps an open file through rename and unlink", () => {
    const overlay = open({ f: "kept" });
    const file = overlay.open("f", "r+");
    overlay.rename("f", "g");
    overlay.unlink("g");
    expect(overlay.exists("g")).toBe(false);
    file.write("K");
    expect(file.readToEnd().toString()).toBe("ept");
    expect(file.stat().nlink).toBe(0);
    file.close();
  });

  it("makes directories, with their parents where asked", () => {
    const overlay = open({ f: "", "a/x": "", link: "-> a" });
    overlay.mkdir("d");
    expect(overlay.stat("d").mode).toBe(0o40755);
    expect(overlay.mkdir("a/b/c", { recursive: true, mode: 0o700 })).toBe("/a/b");
    expect(overlay.mkdir("a/b/c", { recursive: true })).toBeUndefined();
    expect(overlay.mkdir("link/m/n/", { recursive: true })).toBe("/a/m");
    expect(overlay.stat("a/b").mode).toBe(0o40700);
    expect(code(() => overlay.mkdir("d"))).toBe("EEXIST");
    expect(code(() => overlay.mkdir("/"))).toBe("EEXIST");
    expect(code(() => overlay.mkdir("link/"))).toBe("EEXIST");
    expect(code(() => overlay.mkdir("no/where"))).toBe("ENOENT");
    expect(code(() => overlay.mkdir("f/x", { recursive: true }))).toBe("EEXIST");
  });

  it("makes symlinks, more names and special files", () => {
    const overlay = open({ f: "x", d: null });
    overlay.symlink("f", "s");
    expect(readlinkSync(join(layers.upper, "s"))).toBe("f");
    overlay.link("f", "g");
    expect([overlay.stat("f").nlink, overlay.stat("g").ino]).toEqual([2, overlay.stat("f").ino]);
    overlay.mknod("fifo", 0o010600);
    expect(overlay.stat("fifo").isFIFO()).toBe(true);
    expect(code(() => overlay.symlink("x", "s"))).toBe("EEXIST");
    expect(code(() => overlay.symlink("x", "t/"))).toBe("ENOENT");
    expect(code(() => overlay.link("d", "e"))).toBe("EPERM");
    expect(refusal(() => overlay.link("nothing", "e")).message).toContain("'nothing' -> 'e'");
    expect(code(() => overlay.link("f", "g"))).toBe("EEXIST");
    expect(code(() => overlay.mknod("wh", 0o020000, 0, 0))).toBe("EPERM");
  });

  it("removes names, and hides what a lower still has", ({ skip }) => {
    skip(!isRoot, NEEDS_ROOT);
    const overlay = open({ f: "", "d/x": "", "d/y/z": "", link: "-> d", e: null }, { f: "", "d/w": "" });
    overlay.unlink("f");
    overlay.rmdir("e");
    expect(["f", "e"].map((path) => overlay.exists(path))).toEqual([false, false]);
    expect(code(() => overlay.unlink("f"))).toBe("ENOENT");
    expect(code(() => overlay.unlink("d"))).toBe("EISDIR");
    expect(code(() => overlay.unlink("link/"))).toBe("ENOTDIR");
    expect(code(() => overlay.rmdir("d"))).toBe("ENOTEMPTY");
    expect(code(() => overlay.rmdir("link"))).toBe("ENOTDIR");
    expect(code(() => overlay.rmdir("/"))).toBe("EBUSY");
    expect(code(() => overlay.rmdir("d/."))).toBe("EINVAL");
    expect(code(() => overlay.rmdir("d/.."))).toBe("ENOTEMPTY");
    expect(code(() => overlay.rm("d"))).toBe("EISDIR");
    expect(code(() => overlay.rm("nothing"))).toBe("ENOENT");
    overlay.rm("nothing", { force: true });
    overlay.rm("link", { recursive: true });
    expect(overlay.exists("d/x")).toBe(true);
    overlay.rm("d", { recursive: true });
    expect(overlay.readdir("/")).toEqual([]);
    overlay.mkdir("d");
    expect(overlay.readdir("d")).toEqual([]);
  });

  it("leaves a whiteout, and an opaque directory where one is made anew", ({ skip }) => {
    skip(!isRoot, NEEDS_ROOT);
    const overlay = open({ f: "", "d/x": "" });
    overlay.unlink("f");
    expect(layers.inUpper("f")).toMatchObject({ rdev: 0 });
    expect(layers.inUpper("f")!.isCharacterDevice()).toBe(true);
    overlay.rm("d", { recursive: true });
    overlay.mkdir("d");
    overlay.close();
    expect(layers.open().readdir("d")).toEqual([]);
  });

  it("moves files, over others too", ({ skip }) => {
    skip(!isRoot, NEEDS_ROOT);
    const overlay = open({ f: "f", g: "g", d: null, e: null, "full/x": "" });
    overlay.rename("f", "d/moved");
    expect(overlay.readFile("d/moved", "utf8")).toBe("f");
    overlay.rename("d/moved", "g");
    expect(overlay.readFile("g", "utf8")).toBe("f");
    expect(code(() => overlay.rename("g", "d"))).toBe("EISDIR");
    overlay.mkdir("own/sub", { recursive: true });
    overlay.rename("own", "moved");
    expect(overlay.readdir("moved")).toEqual(["sub"]);
    expect(code(() => overlay.rename("moved", "g"))).toBe("ENOTDIR");
    expect(code(() => overlay.rename("moved", "full"))).toBe("ENOTEMPTY");
    expect(code(() => overlay.rename("moved", "moved/sub/in"))).toBe("EINVAL");
    expect(code(() => overlay.rename("moved/sub", "moved"))).toBe("ENOTEMPTY");
    expect(code(() => overlay.rename("/", "x"))).toBe("EBUSY");
    expect(code(() => overlay.rename("g/", "x"))).toBe("ENOTDIR");
    expect(code(() => overlay.rename("g", "x/"))).toBe("ENOTDIR");
    expect(code(() => overlay.rename("d", "elsewhere"))).toBe("EXDEV");
    overlay.rename("g", "g");
    expect(refusal(() => overlay.rename("nothing", "x"))).toMatchObject({ code: "ENOENT", syscall: "rename", path: "nothing", dest: "x" });
  });

  it("moves without replacing, or exchanges", () => {
    const overlay = open({ f: "f" });
    overlay.writeFile("g", "g");
    expect(code(() => overlay.rename("f", "g", { noReplace: true }))).toBe("EEXIST");
    overlay.rename("f", "g", { exchange: true });
    expect([overlay.readFile("f", "utf8"), overlay.readFile("g", "utf8")]).toEqual(["g", "f"]);
    expect(code(() => overlay.rename("f", "nothing", { exchange: true }))).toBe("ENOENT");
    expect(code(() => overlay.rename("f", "g", { exchange: true, noReplace: true }))).toBe("EINVAL");
    overlay.rename("f", "new", { noReplace: true });
    expect(overlay.readFile("new", "utf8")).toBe("g");
  });

  it("sets mode, times and size", () => {
    const overlay = open({ f: "12345", link: "-> f", d: null });
    overlay.chmod("link", 0o4711);
    expect(overlay.stat("f").mode).toBe(0o104711);
    overlay.utimes("f", 981173106123456789n, new Date(-1500));
    expect(overlay.stat("f")).toMatchObject({ atimeNs: 981173106123456789n, mtimeNs: -1500000000n });
    overlay.utimes("f", 0.25, -0.5);
    expect(overlay.stat("f")).toMatchObject({ atimeNs: 250000000n, mtimeNs: -500000000n });
    overlay.lutimes("link", 1, 2);
    expect(overlay.lstat("link").mtimeNs).toBe(2000000000n);
    expect(overlay.stat("link").mtimeNs).toBe(-500000000n);
    expect(() => overlay.utimes("f", NaN, 1)).toThrow(RangeError);
    overlay.truncate("link", 2);
    expect(overlay.readFile("f", "utf8")).toBe("12");
    overlay.truncate("f", 4);
    expect(overlay.readFile("f")).toEqual(Buffer.from("12\0\0"));
    expect(code(() => overlay.truncate("d"))).toBe("EISDIR");
    expect(code(() => overlay.truncate("f", -1))).toBe("EINVAL");
  });

  it("sets owners, of a symlink itself too", ({ skip }) => {
    skip(!isRoot, NEEDS_ROOT);
    const overlay = open({ f: "", link: "-> f" });
    overlay.chown("link", 5, 6);
    overlay.chown("f", -1, 7);
    overlay.lchown("link", 8, -1);
    expect(overlay.stat("f")).toMatchObject({ uid: 5, gid: 7 });
    expect(overlay.lstat("link")).toMatchObject({ uid: 8, gid: 0 });
  });

  it("keeps extended attributes, and never shows the overlay's own", ({ skip }) => {
    skip(!isRoot, NEEDS_ROOT);
    const overlay = open({ f: "", link: "-> f", "d/x": "" });
    overlay.setxattr("link", "user.one", "1");
    overlay.setxattr("f", "user.two", Buffer.alloc(0));
    overlay.setxattr("link", "trusted.own", "link", { follow: false });
    expect(overlay.listxattr("f").sort()).toEqual(["user.one", "user.two"]);
    expect(overlay.getxattr("link", "user.one").toString()).toBe("1");
    expect(overlay.getxattr("f", "user.two")).toEqual(Buffer.alloc(0));
    expect(overlay.listxattr("link", { follow: false })).toEqual(["trusted.own"]);
    expect(code(() => overlay.setxattr("f", "user.one", "2", { create: true }))).toBe("EEXIST");
    expect(code(() => overlay.setxattr("f", "user.three", "2", { replace: true }))).toBe("ENODATA");
    overlay.removexattr("f", "user.one");
    expect(code(() => overlay.getxattr("f", "user.one"))).toBe("ENODATA");
    overlay.rm("d", { recursive: true });
    overlay.mkdir("d");
    expect(overlay.listxattr("d")).toEqual([]);
  });

  it("copies a file, with its mode", () => {
    const overlay = open({ f: "to be copied" });
    overlay.chmod("f", 0o750);
    overlay.copyFile("f", "g");
    expect(overlay.readFile("g", "utf8")).toBe("to be copied");
    expect(overlay.stat("g").mode).toBe(0o100750);
    overlay.writeFile("long", "x".repeat(100));
    overlay.copyFile("f", "long");
    expect(overlay.stat("long").size).toBe(12);
    expect(code(() => overlay.copyFile("f", "g", { exclusive: true }))).toBe("EEXIST");
    expect(code(() => overlay.copyFile("f", "./f"))).toBe("EINVAL");
    expect(overlay.stat("f").size).toBe(12);
    expect(code(() => overlay.copyFile("/", "g"))).toBe("EINVAL");
  });

  it("removes wide and deep trees, in part of the lower", ({ skip }) => {
    skip(!isRoot, NEEDS_ROOT);
    layers = new Layers({});
    for (let i = 0; i < 300; i++) {
      mkdirSync(join(layers.lowers[0]!, `wide/${i}`), { recursive: true });
      writeFileSync(join(layers.lowers[0]!, `wide/${i}/f`), "x");
    }
    const overlay = layers.open();
    for (let i = 0; i < 300; i += 3) overlay.writeFile(`wide/${i}/new`, "y");
    overlay.mkdir(`wide/${"deep/".repeat(300)}`, { recursive: true });
    overlay.rm("wide", { recursive: true });
    expect(overlay.readdir("/")).toEqual([]);
    overlay.close();
    expect(layers.open().exists("wide")).toBe(false);
  });

  it("leaves the mode of new files to the umask given", () => {
    layers = new Layers({});
    const overlay = layers.open({ umask: 0o077 });
    overlay.writeFile("f", "");
    overlay.mkdir("d");
    expect([overlay.stat("f").mode, overlay.stat("d").mode]).toEqual([0o100600, 0o40700]);
    expect(lstatSync(join(layers.upper, "f")).mode).toBe(0o100600);
  });

  it("closes at the end of a block that disposes of it", () => {
    const overlay = open({ f: "x" });
    const file = overlay.open("f");
    file[Symbol.dispose]();
    overlay[Symbol.dispose]();
    expect(code(() => overlay.stat("f"))).toBe("EBADF");
  });
});
