import { chmodSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { OptionError, Overlay, OverlayError } from "../../src/index.js";
import { code, Layers, refusal } from "./fixture.js";

const top = { both: "top", "dir/only-top": "1", link: "-> dir/only-top", "to-root": "-> /both", gone: "-> nothing" };
const bottom = { both: "bottom", "dir/only-bottom": "22", "deep/er/file": "333" };

describe("reading an overlay", () => {
  let layers: Layers;
  const make = (): Overlay => (layers = new Layers(top, bottom)).openReadOnly();
  afterEach(() => layers.remove());

  it("shows the topmost layer that has a file, and what all of them have in a directory", () => {
    const overlay = make();
    expect(overlay.readFile("/both", "utf8")).toBe("top");
    expect(overlay.readdir("/dir").sort()).toEqual(["only-bottom", "only-top"]);
    expect(overlay.readdir("/").sort()).toEqual(["both", "deep", "dir", "gone", "link", "to-root"]);
    expect(overlay.readFile("deep/er/file")).toEqual(Buffer.from("333"));
  });

  it("takes one path or several as lower, text or bytes", () => {
    make();
    const one = Overlay.open({ lower: layers.lowers[1]! });
    expect(one.readFile("both", "utf8")).toBe("bottom");
    one.close();
    const two = Overlay.open({ lower: layers.lowers.map((path) => Buffer.from(path)) });
    expect(two.readFile("both", "utf8")).toBe("top");
    two.close();
  });

  it("follows symlinks within the overlay in stat, not in lstat", () => {
    const overlay = make();
    expect(overlay.stat("link").isFile()).toBe(true);
    expect(overlay.lstat("link").isSymbolicLink()).toBe(true);
    expect(overlay.readFile("to-root", "utf8")).toBe("top");
    expect(overlay.readlink("to-root")).toBe("/both");
    expect(overlay.readlink("to-root", "buffer")).toEqual(Buffer.from("/both"));
    expect(overlay.realpath("dir/../link")).toBe("/dir/only-top");
    expect(overlay.realpath("link", "buffer")).toEqual(Buffer.from("/dir/only-top"));
  });

  it("tells which layer gives a path, symlinks followed or not, in text or bytes", () => {
    const overlay = make();
    const lower = (number: number) => ({ kind: "lower", number, path: layers.lowers[number - 1]! });
    expect(overlay.provenance("both")).toEqual({ top: { layer: lower(1), path: `${layers.lowers[0]!}/both` }, data: null, origin: null });
    expect(overlay.provenance("deep/er/file").top).toEqual({ layer: lower(2), path: `${layers.lowers[1]!}/deep/er/file` });
    expect(overlay.provenance("link").top.path).toBe(`${layers.lowers[0]!}/dir/only-top`);
    expect(overlay.provenance("link", { follow: false }).top.path).toBe(`${layers.lowers[0]!}/link`);
    expect(overlay.provenance("both", { encoding: "buffer" }).top.path).toEqual(Buffer.from(`${layers.lowers[0]!}/both`));
    expect(code(() => overlay.provenance("nothing"))).toBe("ENOENT");
  });

  it("tells what exists, where a path leads", () => {
    const overlay = make();
    expect(["both", "dir/", "link", "/"].map((path) => overlay.exists(path))).toEqual([true, true, true, true]);
    expect(["nothing", "gone", "both/", "both/x"].map((path) => overlay.exists(path))).toEqual([false, false, false, false]);
  });

  it("answers attributes with times in nanoseconds", () => {
    layers = new Layers({ f: "12345" });
    const path = join(layers.lowers[0]!, "f");
    chmodSync(path, 0o640);
    utimesSync(path, 1, 981173106.5);
    const stats = layers.openReadOnly().stat("f");
    expect(stats).toMatchObject({ size: 5, nlink: 1, uid: process.geteuid!(), mode: 0o100640, mtimeNs: 981173106500000000n, atimeNs: 1000000000n });
    expect(stats.mtime).toEqual(new Date(981173106500));
    expect(stats.ino).toBeGreaterThan(0n);
    expect([stats.isFile(), stats.isDirectory(), stats.isFIFO(), stats.isSocket(), stats.isBlockDevice(), stats.isCharacterDevice()])
      .toEqual([true, false, false, false, false, false]);
  });

  it("lists names as text, as bytes, or with their types and inode numbers", () => {
    const overlay = make();
    expect(overlay.readdir("dir", { encoding: "buffer" }).map(String).sort()).toEqual(["only-bottom", "only-top"]);
    const entries = overlay.readdir("/", { withFileTypes: true });
    expect(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort()).toEqual(["deep", "dir"]);
    expect(entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name).sort()).toEqual(["gone", "link", "to-root"]);
    for (const { name, ino } of entries) expect(ino).toBe(overlay.lstat(name).ino);
  });

  it("keeps names that are not UTF-8 as bytes", () => {
    layers = new Layers({});
    const name = Buffer.from("caf\xe9", "latin1");
    writeFileSync(Buffer.concat([Buffer.from(`${layers.lowers[0]!}/`), name]), "latin");
    const overlay = layers.openReadOnly();
    expect(overlay.readdir("/", { encoding: "buffer" })).toEqual([name]);
    expect(overlay.readdir("/")).toEqual(["caf\uFFFD"]);
    expect(overlay.readFile(name, "utf8")).toBe("latin");
    expect(overlay.exists("café")).toBe(false);
  });

  it("reads an open file piece by piece, anywhere", () => {
    layers = new Layers({ f: "0123456789" });
    const file = layers.openReadOnly().open("f");
    const buffer = Buffer.alloc(4);
    expect(file.read(buffer)).toBe(4);
    expect(file.read(buffer, { offset: 1, length: 2 })).toBe(2);
    expect(buffer.toString()).toBe("0453");
    expect(file.read(buffer, { position: 8 })).toBe(2);
    expect(file.readToEnd().toString()).toBe("6789");
    expect(file.read(buffer)).toBe(0);
    expect(() => file.read(buffer, { offset: 3, length: 2 })).toThrow(RangeError);
    expect(code(() => file.write("x"))).toBe("EBADF");
    file.close();
    file.close();
    expect(code(() => file.read(buffer))).toBe("EBADF");
  });

  it("has room for names and space on its file system", () => {
    const space = make().statfs();
    expect(space.namelen).toBe(255);
    expect(space.blocks).toBeGreaterThanOrEqual(space.bfree);
    expect(space.bsize).toBeGreaterThan(0);
  });

  it("throws errors as node:fs does", () => {
    const overlay = make();
    const error = refusal(() => overlay.stat("/dir/nothing"));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "OverlayError", code: "ENOENT", errno: -2, syscall: "stat", path: "/dir/nothing" });
    expect(error.message).toBe("ENOENT: no such file or directory, stat '/dir/nothing'");
    expect(code(() => overlay.readFile("dir"))).toBe("EISDIR");
    expect(code(() => overlay.readdir("both"))).toBe("ENOTDIR");
    expect(code(() => overlay.readlink("both"))).toBe("EINVAL");
    expect(code(() => overlay.readFile("both/"))).toBe("ENOTDIR");
    expect(code(() => overlay.getxattr("both", "user.none"))).toMatch(/ENODATA|ENOTSUP|EOPNOTSUPP/);
    expect(() => overlay.open("both", "z" as never)).toThrow(TypeError);
  });

  it("refuses every change without an upper, or when read-only is asked for", () => {
    layers = new Layers({ f: "x", "d/e": "y" });
    for (const overlay of [layers.openReadOnly(), layers.open({ readOnly: true })]) {
      expect(overlay.readOnly).toBe(true);
      for (const change of [
        () => overlay.writeFile("f", "z"), () => overlay.open("f", "r+"), () => overlay.writeFile("new", ""), () => overlay.mkdir("m"),
        () => overlay.unlink("f"), () => overlay.rm("d", { recursive: true }), () => overlay.rename("f", "g"), () => overlay.link("f", "g"),
        () => overlay.symlink("x", "s"), () => overlay.chmod("f", 0o600), () => overlay.utimes("f", 1, 1), () => overlay.truncate("f"),
        () => overlay.setxattr("f", "user.a", "b"),
      ]) expect(code(change)).toBe("EROFS");
      expect(overlay.readFile("f", "utf8")).toBe("x");
      overlay.close();
    }
  });

  it("names the option that cannot be", () => {
    layers = new Layers({});
    expect(() => Overlay.open({ lower: join(layers.base, "missing") })).toThrow(OptionError);
    expect(() => Overlay.open({ lower: layers.lowers, upper: layers.upper })).toThrow(/work/);
    mkdirSync(join(layers.upper, "inner"));
    expect(() => Overlay.open({ lower: layers.lowers, upper: layers.upper, work: join(layers.upper, "inner") })).toThrow(OptionError);
    expect(() => Overlay.open({ lower: [] })).toThrow(OptionError);
  });

  it("answers nothing once it is closed", () => {
    const overlay = make();
    const file = overlay.open("both");
    overlay.close();
    overlay.close();
    expect(code(() => overlay.stat("both"))).toBe("EBADF");
    expect(code(() => overlay.exists("both"))).toBe("EBADF");
    expect(code(() => file.read(Buffer.alloc(1)))).toBe("EBADF");
    file.close();
    expect(OverlayError.prototype).toBeInstanceOf(Error);
  });
});
