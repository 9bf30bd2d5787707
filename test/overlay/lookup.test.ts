/** What a name in the merged directory means: the topmost layer that has it wins, directories merge. */
import { expect } from "vitest";
import { device, dir, fifo, file, hardLink, OLD, socket, symlink } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import { O_WRONLY } from "../../src/sys/constants.js";

overlay("lookup", {}, (it) => {
  it("a file of the upper hides the lower file of the same name", { lower: { a: file("lower") }, upper: { a: file("upper") } }, ({ merged }) => {
    expect(merged.read("a")).toBe("upper");
  });

  it("the topmost lower that has a file wins",
    { lower: [{ a: file("top") }, { a: file("middle"), b: file("middle") }, { a: file("bottom"), b: file("bottom"), c: file("bottom") }] },
    ({ merged }) => {
      expect(["a", "b", "c"].map((name) => merged.read(name))).toEqual(["top", "middle", "bottom"]);
    });

  it("a directory shows the names of all layers",
    { lower: [{ d: dir({ b: file("b") }) }, { d: dir({ c: file("c"), b: file("hidden") }) }], upper: { d: dir({ a: file("a") }) } },
    ({ merged }) => {
      expect(merged.list("d")).toEqual(["a", "b", "c"]);
      expect(merged.read("d/b")).toBe("b");
    });

  it("a merged directory has the attributes of its topmost layer",
    { needs: ["nanoseconds"], lower: { d: dir({}, { mode: 0o700, uid: 5, gid: 6 }) }, upper: { d: dir({}, { mode: 0o2711, uid: 7, gid: 8 }) } },
    ({ merged }) => {
      expect(merged.stat("d")).toMatchObject({ mode: "2711", uid: 7, gid: 8, mtime: OLD });
    });

  it("a file over a directory hides the directory", { lower: { x: dir({ inside: file() }) }, upper: { x: file("file") } }, ({ merged }) => {
    expect(merged.read("x")).toBe("file");
    expect(outcome(() => merged.stat("x/inside"))).toBe("ENOTDIR");
  });

  it("a directory over a file hides the file", { lower: { x: file("file") }, upper: { x: dir({ inside: file("in") }) } }, ({ merged }) => {
    expect(merged.list("x")).toEqual(["inside"]);
  });

  it("a file in a middle layer ends the merge of a directory",
    { lower: [{ x: dir({ top: file() }) }, { x: file("between") }, { x: dir({ bottom: file() }) }] }, ({ merged }) => {
      expect(merged.list("x")).toEqual(["top"]);
      expect(outcome(() => merged.stat("x/bottom"))).toBe("ENOENT");
    });

  it("a symlink over a directory hides the directory", { lower: { x: dir({ a: file() }), y: dir({ b: file("b") }) }, upper: { x: symlink("y") } }, ({ merged }) => {
    expect(merged.readlink("x")).toBe("y");
    expect(merged.read("x/b")).toBe("b");
  });

  it("a name in no layer does not exist", { lower: { a: file() } }, ({ merged }) => {
    expect(outcome(() => merged.stat("b"))).toBe("ENOENT");
    expect(outcome(() => merged.open("b"))).toBe("ENOENT");
    expect(outcome(() => merged.open("b", O_WRONLY))).toBe("ENOENT");
    expect(outcome(() => merged.stat("b/c"))).toBe("ENOENT");
    expect(outcome(() => merged.stat("a/c"))).toBe("ENOTDIR");
  });

  it("a symlink is shown with its target as it is written",
    { lower: { relative: symlink("to/somewhere"), absolute: symlink("/etc/hostname"), dangling: symlink("nowhere"), loop: symlink("loop") } },
    ({ merged }) => {
      expect(["relative", "absolute", "dangling", "loop"].map((name) => merged.readlink(name)))
        .toEqual(["to/somewhere", "/etc/hostname", "nowhere", "loop"]);
      expect(merged.stat("relative")).toMatchObject({ type: "symlink", size: 12, mode: "777" });
      expect(outcome(() => merged.open("dangling"))).toBe("ENOENT");
      expect(outcome(() => merged.open("loop"))).toBe("ELOOP");
      expect(outcome(() => merged.readlink(""))).toBe("EINVAL");
    });

  it("a symlink target of 4,095 bytes comes through whole", { lower: { long: symlink("x".repeat(4095)) } }, ({ merged }) => {
    expect(merged.readlink("long")).toBe("x".repeat(4095));
    expect(merged.stat("long").size).toBe(4095);
  });

  it("special files of a lower are shown as what they are",
    { lower: { pipe: fifo({ mode: 0o640 }), sock: socket(), null: device("character", 1, 3, { mode: 0o666 }), disk: device("block", 7, 300) } },
    ({ merged }) => {
      expect(merged.stat("pipe")).toMatchObject({ type: "fifo", mode: "640" });
      expect(merged.stat("sock")).toMatchObject({ type: "socket" });
      expect(merged.stat("null")).toMatchObject({ type: "character device", device: "1,3", mode: "666" });
      expect(merged.stat("disk")).toMatchObject({ type: "block device", device: "7,300" });
    });

  it("a file keeps mode, owner, size and times through the merge",
    { needs: ["nanoseconds"], lower: { f: file("12345", { mode: 0o4751, uid: 12, gid: 34, mtime: [1234567890, 987654321] }) } }, ({ merged }) => {
      expect(merged.stat("f")).toMatchObject({ type: "file", mode: "4751", uid: 12, gid: 34, size: 5, mtime: "1234567890.987654321", nlink: 1 });
    });

  it("times before 1970 and after 2038 come through",
    { needs: ["nanoseconds"], lower: { early: file("", { mtime: [-86400, 5] }), late: file("", { mtime: [5000000000, 7] }) } }, ({ merged }) => {
      expect(merged.stat("early").mtime).toBe("-86400.000000005");
      expect(merged.stat("late").mtime).toBe("5000000000.000000007");
    });

  it("two names of one lower file share an inode number and count two links", { lower: { a: file("x"), b: hardLink("a") } }, ({ merged }) => {
    expect(merged.stat("a").ino).toBe(merged.stat("b").ino);
    expect(merged.stat("a").nlink).toBe(2);
  });

  it("files of different layers have different inode numbers",
    { lower: [{ a: file("a") }, { b: file("b") }], upper: { c: file("c") } }, ({ merged }) => {
      expect(new Set(["a", "b", "c", ""].map((name) => merged.stat(name).ino)).size).toBe(4);
    });

  it("all files are on the device of the merged directory", { lower: { a: file(), d: dir({ b: file() }) }, upper: { c: file() } }, ({ merged }) => {
    expect(new Set(["", "a", "d", "d/b", "c"].map((name) => merged.stat(name).dev)).size).toBe(1);
  });

  it("names with spaces, newlines, quotes and backslashes are plain names",
    { lower: { " a\nb": file("1"), 'q"\'': file("2"), "back\\slash": file("3"), "-rf": file("4"), "a:b,c=d": file("5") } }, ({ merged }) => {
      expect(merged.list()).toEqual([" a\nb", "-rf", "a:b,c=d", "back\\slash", 'q"\'']);
      expect(merged.read(" a\nb")).toBe("1");
      expect(merged.read("a:b,c=d")).toBe("5");
    });

  it("names that are not UTF-8 are found, listed and changed byte for byte",
    { lower: { "caf\xe9": file("latin1"), "\xff\xfe": dir({ "\x80": file("deep") }), "\xc3\xa9": file("utf-8") }, needs: ["raw-names"] }, ({ merged, upper }) => {
      expect(merged.list()).toEqual(["caf\xe9", "\xc3\xa9", "\xff\xfe"]);
      expect(merged.read("\xff\xfe/\x80")).toBe("deep");
      merged.append("caf\xe9", "+");
      merged.write("\xf0\x80", "new");
      expect(upper.read("caf\xe9")).toBe("latin1+");
      expect(upper.list()).toEqual(["caf\xe9", "\xf0\x80"]);
    });

  it("a name differs from the same name in other letters", { lower: { File: file("File") }, upper: { file: file("file") } }, ({ merged }) => {
    expect(merged.list()).toEqual(["File", "file"]);
  });

  it("a path of many directories is found from the top layer to the bottom",
    { lower: [{ a: dir({ b: dir({ c: dir() }) }) }, { a: dir({ b: dir({ c: dir({ d: dir({ e: file("deep") }) }) }) }) }] }, ({ merged }) => {
      expect(merged.read("a/b/c/d/e")).toBe("deep");
      expect(merged.read("a/./b/../b/c/d/e")).toBe("deep");
    });
});
