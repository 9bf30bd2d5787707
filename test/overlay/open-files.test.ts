/** Open files: what a descriptor means while its name is deleted, renamed or copied up. */
import { expect } from "vitest";
import { dir, file, hardLink, OLD } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { check, outcome, raw } from "../harness/syscalls.js";
import { LOCK_EX, LOCK_NB, O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";

overlay("open files", {}, (it) => {
  it("a lower file open for reading is read after it was deleted", { needs: ["unlinked-files"], lower: { f: file("content") } }, ({ merged }) => {
    const opened = merged.open("f");
    merged.unlink("f");
    expect(opened.read(0, 100)).toBe("content");
    expect(opened.stat()).toMatchObject({ size: 7, mtime: OLD });
  });

  it("a lower file open for writing is written after it was deleted",
    { needs: ["unlinked-files"], lower: { f: file("content") }, ownWay: "the kernel copies up at open, and so marks the directory impure" }, ({ merged, upper, lower }) => {
    const opened = merged.open("f", O_RDWR);
    merged.unlink("f");
    opened.write("CON", 0);
    expect(opened.read(0, 100)).toBe("CONtent");
    opened.sync();
    expect(opened.read(0, 100)).toBe("CONtent");
    expect(merged.list()).toEqual([]);
    expect(upper.stat("f")).toMatchObject({ device: "0,0" });
    expect(lower.read("f")).toBe("content");
  });

  it("an upper file is read, written, cut and counted as without links after it was deleted", { needs: ["unlinked-files"], lower: { other: file() }, upper: { f: file("content") } }, ({ merged, upper }) => {
    const opened = merged.open("f", O_RDWR);
    merged.unlink("f");
    opened.write("!", 7);
    opened.truncate(4);
    expect(opened.read(0, 100)).toBe("cont");
    expect(opened.stat()).toMatchObject({ size: 4, nlink: 0 });
    expect(upper.list()).toEqual([]);
  });

  it("a file whose open name was deleted is the same file under the name that is left",
    { needs: ["unlinked-files", "shared-links"], lower: { other: file() }, upper: { a: file("content"), b: hardLink("a") } }, ({ merged }) => {
      const opened = merged.open("a", O_RDWR);
      expect(opened.read(0, 100)).toBe("content");
      merged.unlink("a");
      merged.patch("b", 0, "CON");
      expect(opened.read(0, 100)).toBe("CONtent");
      opened.write("!", 7);
      expect(merged.read("b")).toBe("CONtent!");
      expect(merged.stat("b")).toMatchObject({ ino: opened.stat().ino, nlink: 1 });
    });

  it("a new file is used after it was deleted, and its name is free for another", { needs: ["unlinked-files"], lower: { other: file() } }, ({ merged }) => {
    const first = merged.open("f", O_RDWR | O_CREAT | O_EXCL);
    merged.unlink("f");
    merged.write("f", "second");
    first.write("first", 0);
    expect(first.read(0, 10)).toBe("first");
    expect(merged.read("f")).toBe("second");
  });

  it("a descriptor follows its file through a rename", { lower: { d: dir({ f: file("content") }) } }, ({ merged, upper }) => {
    const opened = merged.open("d/f", O_RDWR);
    merged.rename("d/f", "g");
    opened.write("!", 7);
    opened.sync();
    expect(merged.read("g")).toBe("content!");
    expect(upper.read("g")).toBe("content!");
  });

  it("a file renamed over another leaves the other's descriptors their content", { needs: ["unlinked-files"], lower: { a: file("new"), b: file("old") } }, ({ merged }) => {
    const opened = merged.open("b");
    merged.rename("a", "b");
    expect(opened.read(0, 10)).toBe("old");
    expect(merged.read("b")).toBe("new");
  });

  it("a descriptor open for reading since before the copy-up sees what is written later",
    { lower: { f: file("old content") } }, ({ merged }) => {
      const reader = merged.open("f");
      expect(reader.read(0, 100)).toBe("old content");
      merged.patch("f", 0, "new");
      expect(reader.read(0, 100)).toBe("new content");
      merged.append("f", ", more");
      expect(reader.read(0, 100)).toBe("new content, more");
      expect(reader.stat().size).toBe(17);
    });

  it("two descriptors of one file see each other's writes", { lower: { f: file("0123456789") } }, ({ merged }) => {
    const one = merged.open("f", O_RDWR);
    const two = merged.open("f", O_RDWR);
    one.write("AB", 0);
    two.write("CD", 2);
    expect(one.read(0, 10)).toBe("ABCD456789");
    expect(two.read(0, 10)).toBe("ABCD456789");
    two.truncate(3);
    expect(one.stat().size).toBe(3);
  });

  it("two names of one file show the same content while open", { needs: ["shared-links"], lower: { other: file() }, upper: { f: file("x") } }, ({ merged }) => {
    merged.link("f", "g");
    const opened = merged.open("f", O_RDWR);
    opened.write("yz", 1);
    expect(merged.read("g")).toBe("xyz");
    expect(merged.stat("g").size).toBe(3);
  });

  it("O_APPEND writes at the end, wherever others moved it", { lower: { f: file("start ") } }, ({ merged }) => {
    merged.append("f", "one ");
    const appending = merged.open("f", O_WRONLY | O_APPEND);
    merged.append("f", "two ");
    appending.write("three", 0);
    expect(merged.read("f")).toBe("start one two three");
  });

  it("O_TRUNC empties a lower file and keeps its mode, owner and xattrs",
    { lower: { f: file("content", { mode: 0o640, uid: 4, gid: 5, xattrs: { "user.x": "y" } }) } }, ({ merged, upper }) => {
      merged.with("f", O_WRONLY | O_TRUNC, () => undefined);
      expect(upper.stat("f")).toMatchObject({ size: 0, mode: "640", uid: 4, gid: 5 });
      expect(upper.xattr("f", "user.x")).toBe("y");
      expect(upper.stat("f").mtime).not.toBe(OLD);
    });

  it("O_TRUNC for reading only needs the file too", { lower: { f: file("content") } }, ({ merged }) => {
    merged.with("f", O_RDWR | O_TRUNC, (opened) => { expect(opened.read(0, 10)).toBe(""); });
    expect(merged.stat("f").size).toBe(0);
  });

  it("an unnamed file is written, read and gone when closed", { lower: { d: dir() }, needs: ["unnamed-files"] }, ({ merged }) => {
    const unnamed = merged.openUnnamed("d", O_RDWR);
    unnamed.write("nobody's", 0);
    expect(unnamed.read(0, 20)).toBe("nobody's");
    expect(unnamed.stat()).toMatchObject({ nlink: 0, size: 8 });
    expect(merged.list("d")).toEqual([]);
    unnamed.close();
  });

  it("an unnamed file can be given a name", { lower: { d: dir({ low: file() }) }, needs: ["unnamed-files"] }, ({ merged, upper }) => {
    const unnamed = merged.openUnnamed("d", O_RDWR, 0o640);
    unnamed.write("content", 0);
    unnamed.linkTo(merged.at("d/named"));
    expect(merged.read("d/named")).toBe("content");
    expect(merged.list("d")).toEqual(["low", "named"]);
    expect(merged.stat("d/named")).toMatchObject({ nlink: 1, mode: "640" });
    unnamed.close();
    expect(upper.read("d/named")).toBe("content");
  });

  it("a directory's descriptor reaches its files after a rename", { lower: { other: file() }, upper: { d: dir({ f: file("x") }) } }, ({ merged }) => {
    const directory = merged.open("d", O_RDONLY | O_DIRECTORY);
    merged.rename("d", "e");
    const fd = check(native.openat(directory.fd, raw("f"), O_RDONLY, 0), "openat");
    check(native.mkdirat(directory.fd, raw("made"), 0o755), "mkdirat");
    native.close(fd);
    expect(merged.list("e")).toEqual(["f", "made"]);
  });

  it("nothing can be made in a directory that was removed while open", { lower: { d: dir() }, upper: { u: dir() } }, ({ merged }) => {
    for (const name of ["d", "u"]) {
      const directory = merged.open(name, O_RDONLY | O_DIRECTORY);
      merged.rmdir(name);
      expect(outcome(() => check(native.mkdirat(directory.fd, raw("made"), 0o755), "mkdirat"))).toBe("ENOENT");
    }
  });

  it("a lock on a file keeps others out until it is closed", { lower: { f: file("x") }, upper: { g: file("y") } }, ({ merged }) => {
    for (const name of ["f", "g"]) {
      const one = merged.open(name);
      const two = merged.open(name);
      check(native.flock(one.fd, LOCK_EX | LOCK_NB), "flock");
      expect(outcome(() => check(native.flock(two.fd, LOCK_EX | LOCK_NB), "flock"))).toBe("EWOULDBLOCK");
      one.close();
      expect(outcome(() => check(native.flock(two.fd, LOCK_EX | LOCK_NB), "flock"))).toBe("done");
    }
  });

  it("attributes set through a descriptor are the file's", { lower: { f: file("x") } }, ({ merged, upper }) => {
    const opened = merged.open("f", O_RDWR);
    check(native.fchmodat(opened.fd, raw(""), 0o604), "fchmod");
    check(native.fchownat(opened.fd, raw(""), 8, 9), "fchown");
    expect(merged.stat("f")).toMatchObject({ mode: "604", uid: 8, gid: 9 });
    expect(upper.stat("f")).toMatchObject({ mode: "604", uid: 8, gid: 9 });
  });
});
