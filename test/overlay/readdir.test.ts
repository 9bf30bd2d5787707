/** Listing a merged directory: names, types, inode numbers, and positions that hold while names come and go. */
import { expect } from "vitest";
import { readDirectory, readSome, type Entry } from "../harness/getdents.js";
import { device, dir, fifo, file, hardLink, opaque, socket, symlink, whiteout, type LayerTree } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import type { Tree } from "../harness/tree.js";
import { outcome } from "../harness/syscalls.js";
import { O_DIRECTORY, O_RDONLY } from "../../src/sys/constants.js";

/** `whence` of lseek(2). */
const SEEK_SET = 0;

function many(prefix: string, count: number): LayerTree {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${String(index).padStart(4, "0")}`, file()]));
}

function names(entries: readonly Entry[]): string[] { return entries.map((entry) => entry.name); }

/** Opens the directory, reads a first few entries, lets `change` happen, and reads the rest. */
function readAround(tree: Tree, name: string, change: (seen: readonly string[]) => void): { readonly first: string[]; readonly rest: string[] } {
  return tree.with(name, O_RDONLY | O_DIRECTORY, (directory) => {
    const first = names(readSome(directory.fd, 512));
    change(first);
    return { first, rest: names(readDirectory(directory.fd, 512)) };
  });
}

const ALL = Object.keys(many("n", 200));
const around = { lower: [{ d: dir(many("n", 100)) }, { d: dir(Object.fromEntries(Object.entries(many("n", 200)).slice(50))) }] };

overlay("readdir", {}, (it) => {
  it("each name is listed once, whichever layers have it",
    { lower: [{ d: dir({ a: file(), b: file(), x: whiteout() }) }, { d: dir({ b: file(), c: file(), x: file() }) }], upper: { d: dir({ c: file(), e: file() }) } },
    ({ merged }) => {
      expect(names(merged.entries("d")).sort()).toEqual([".", "..", "a", "b", "c", "e"]);
    });

  it("after the copy-up of one name of a hard-linked lower a listing that was read before has each name's inode number, at once",
    {
      needs: ["full-attributes", "shared-links"], ownWay: "how many links are shown may differ while names are broken apart",
      lower: { d: dir(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [[`a${index}`, file()], [`b${index}`, hardLink(`a${index}`)]] as const).flat())) },
    }, ({ merged }) => {
      for (let index = 0; index < 50; index++) {
        merged.entries("d");
        merged.entries("d");
        merged.chmod(`d/a${index}`, 0o600);
        const listed = new Map(merged.entries("d").map(({ name, ino }) => [name, ino]));
        for (const name of [`a${index}`, `b${index}`]) expect(listed.get(name)).toBe(merged.stat(`d/${name}`).ino);
      }
    });

  it("an empty directory lists . and ..", { lower: { d: dir() }, upper: { u: dir() } }, ({ merged }) => {
    expect(names(merged.entries("d")).sort()).toEqual([".", ".."]);
    expect(names(merged.entries("u")).sort()).toEqual([".", ".."]);
  });

  it("the type of each entry is that of the topmost layer",
    {
      needs: ["full-attributes"],
      lower: [{ f: file(), l: symlink("x"), p: fifo(), s: socket(), c: device("character", 1, 3), b: device("block", 7, 0), d: dir(), x: file() },
        { f: dir(), x: dir() }],
      upper: { x: dir() },
    },
    ({ merged }) => {
      const types = Object.fromEntries(merged.entries().map((entry) => [entry.name, entry.type]));
      expect(types).toEqual({
        ".": "directory", "..": "directory", f: "file", l: "symlink", p: "fifo", s: "socket", c: "character device", b: "block device", d: "directory", x: "directory",
      });
    });

  it("the inode number of each entry is what stat says", 
    { lower: [{ d: dir({ a: file(), s: dir(), l: symlink("x") }) }, { d: dir({ b: file(), s: dir() }) }], upper: { d: dir({ c: file(), u: dir() }) }, needs: ["full-attributes"] },
    ({ merged }) => {
      const listed = merged.entries("d").filter((entry) => entry.name !== "..");
      for (const entry of listed) expect([entry.name, entry.ino]).toEqual([entry.name, merged.stat(`d/${entry.name}`).ino]);
      expect(listed.length).toBe(7);
    });

  it("the inode number of .. is the parent's", { lower: { d: dir({ s: dir() }) }, upper: { d: dir() }, needs: ["full-attributes"] }, ({ merged }) => {
    const parent = merged.entries("d/s").find((entry) => entry.name === "..");
    expect(parent!.ino).toBe(merged.stat("d").ino);
  });

  it("the inode number of an entry stays what stat says after a copy-up", { lower: { d: dir({ a: file("a"), b: file("b") }) }, needs: ["full-attributes"] }, ({ merged }) => {
    merged.append("d/a", "!");
    for (const entry of merged.entries("d").filter((one) => one.name.length === 1 && one.name !== ".")) {
      expect(entry.ino).toBe(merged.stat(`d/${entry.name}`).ino);
    }
  });

  it("a large directory is listed whole in pieces of any size", { lower: [{ d: dir(many("a", 700)) }, { d: dir(many("b", 700)) }], upper: { d: dir(many("c", 700)) } }, ({ merged }) => {
    const wanted = [".", "..", ...["a", "b", "c"].flatMap((prefix) => Object.keys(many(prefix, 700)))].sort();
    for (const room of [300, 4096, 65536]) {
      expect(merged.with("d", O_RDONLY | O_DIRECTORY, (directory) => names(readDirectory(directory.fd, room))).sort()).toEqual(wanted);
    }
  });

  it("names deleted between two reads don't make others vanish or appear twice", { ...around, ownWay: "which names come first is each one's own order" }, ({ merged }) => {
    const { first, rest } = readAround(merged, "d", (seen) => {
      for (const name of seen.filter((one) => !one.startsWith("."))) merged.unlink(`d/${name}`);
    });
    expect([...first, ...rest].sort()).toEqual([".", "..", ...ALL]);
  });

  it("names made between two reads don't make others vanish or appear twice", around, ({ merged }) => {
    const { first, rest } = readAround(merged, "d", () => {
      for (let index = 0; index < 50; index++) merged.create(`d/made${index}`);
    });
    expect([...first, ...rest].filter((name) => !name.startsWith("made")).sort()).toEqual([".", "..", ...ALL]);
  });

  it("files copied up between two reads are listed once", around, ({ merged }) => {
    const { first, rest } = readAround(merged, "d", () => {
      for (const name of ALL) merged.append(`d/${name}`, "x");
    });
    expect([...first, ...rest].sort()).toEqual([".", "..", ...ALL]);
  });

  it("a position read once goes on behind the same entry after a seek", { lower: [{ d: dir(many("n", 60)) }, { d: dir(many("m", 60)) }] }, ({ merged }) => {
    merged.with("d", O_RDONLY | O_DIRECTORY, (directory) => {
      const all = readDirectory(directory.fd, 256);
      for (const index of [0, 1, 17, 80, all.length - 2]) {
        directory.seek(Number(all[index]!.next), SEEK_SET);
        expect(names(readDirectory(directory.fd, 256))).toEqual(names(all.slice(index + 1)));
      }
    });
  });

  it("a position holds in a second open of the directory, and after names before it are gone",
    { lower: [{ d: dir(many("n", 60)) }, { d: dir(many("m", 60)) }], needs: ["stable-offsets"], ownWay: "the kernel's positions are counts, so names after a deletion are skipped there" },
    ({ merged, can }) => {
      const all = merged.entries("d");
      const half = all[60]!;
      for (const entry of all.slice(0, 50).filter((one) => !one.name.startsWith("."))) merged.unlink(`d/${entry.name}`);
      const rest = merged.with("d", O_RDONLY | O_DIRECTORY, (directory) => {
        directory.seek(Number(half.next), SEEK_SET);
        return names(readDirectory(directory.fd));
      });
      const wanted = names(all.slice(61));
      if (can("readers-follow-copy-up")) expect(rest).toEqual(wanted);
      else expect(wanted).toEqual(expect.arrayContaining(rest));
    });

  it("a directory rewound shows what was made since", { lower: { d: dir({ a: file() }) }, upper: { d: dir({ b: file() }) } }, ({ merged }) => {
    merged.with("d", O_RDONLY | O_DIRECTORY, (directory) => {
      expect(names(readDirectory(directory.fd)).sort()).toEqual([".", "..", "a", "b"]);
      merged.create("d/c");
      merged.unlink("d/a");
      directory.seek(0, SEEK_SET);
      expect(names(readDirectory(directory.fd)).sort()).toEqual([".", "..", "b", "c"]);
    });
  });

  it("a listing shows each change at once", { lower: { d: dir({ a: file(), s: dir({ x: file() }) }) } }, ({ merged }) => {
    expect(merged.list("d")).toEqual(["a", "s"]);
    merged.create("d/b");
    expect(merged.list("d")).toEqual(["a", "b", "s"]);
    merged.rename("d/a", "d/c");
    expect(merged.list("d")).toEqual(["b", "c", "s"]);
    merged.link("d/b", "d/e");
    merged.symlink("t", "d/f");
    expect(merged.list("d")).toEqual(["b", "c", "e", "f", "s"]);
    merged.removeAll("d/s");
    merged.unlink("d/b");
    expect(merged.list("d")).toEqual(["c", "e", "f"]);
  });

  it("a directory removed while open lists nothing more", { lower: { d: dir() }, upper: { u: dir() } }, ({ merged }) => {
    for (const name of ["d", "u"]) {
      const directory = merged.open(name, O_RDONLY | O_DIRECTORY);
      merged.rmdir(name);
      const listed = outcome(() => { expect(names(readDirectory(directory.fd)).filter((one) => !one.startsWith("."))).toEqual([]); });
      expect(["done", "ENOENT"]).toContain(listed);
    }
  });

  it("an opaque directory's listing goes through no lower", { lower: { d: dir(many("n", 20)) }, upper: { d: opaque({ a: file(), b: hardLink("a") }) } }, ({ merged }) => {
    expect(merged.list("d")).toEqual(["a", "b"]);
  });

  it("a file is no directory to list", { lower: { f: file() } }, ({ merged }) => {
    expect(outcome(() => merged.entries("f"))).toBe("ENOTDIR");
  });
});
