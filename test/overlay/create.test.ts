/** Making things: files, directories, symlinks, special files and links go to the upper. */
import { expect } from "vitest";
import { dir, file, hardLink, OLD, opaque, symlink, whiteout } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { outcome } from "../harness/syscalls.js";
import { withUmask } from "../harness/users.js";
import { O_CREAT, O_DIRECTORY, O_EXCL, O_RDWR, O_WRONLY } from "../../src/sys/constants.js";

overlay("create", {}, (it) => {
  it("a new file lies in the upper with its mode", { lower: { a: file() } }, ({ merged, upper, lower }) => {
    merged.write("new", "content", 0o4640);
    expect(upper.read("new")).toBe("content");
    expect(upper.stat("new")).toMatchObject({ mode: "4640", uid: 0, gid: 0, nlink: 1 });
    expect(lower.list()).toEqual(["a"]);
    expect(merged.list()).toEqual(["a", "new"]);
  });

  it("a new file in a lower directory brings the directory to the upper", { lower: { d: dir({ old: file() }, { mode: 0o2755, gid: 50 }) } }, ({ merged, upper }) => {
    merged.write("d/new", "x");
    expect(upper.list("d")).toEqual(["new"]);
    expect(upper.stat("d")).toMatchObject({ mode: "2755", gid: 50 });
    expect(merged.list("d")).toEqual(["new", "old"]);
  });

  it("the umask takes bits from new files and directories", { lower: { a: file() } }, ({ merged, upper }) => {
    withUmask(0o027, () => {
      merged.create("f", 0o666);
      merged.mkdir("d", 0o777);
      merged.mknod("p", "fifo", 0o666);
    });
    expect(["f", "d", "p"].map((name) => upper.stat(name).mode)).toEqual(["640", "750", "640"]);
    expect(["f", "d", "p"].map((name) => merged.stat(name).mode)).toEqual(["640", "750", "640"]);
  });

  it("O_EXCL refuses a name that any layer has", { lower: { low: file() }, upper: { up: file() } }, ({ merged, upper }) => {
    expect(outcome(() => merged.open("low", O_WRONLY | O_CREAT | O_EXCL))).toBe("EEXIST");
    expect(outcome(() => merged.open("up", O_WRONLY | O_CREAT | O_EXCL))).toBe("EEXIST");
    expect(upper.list()).toEqual(["up"]);
  });

  it("O_CREAT opens a lower file that is there", { lower: { f: file("old", { mode: 0o600 }) }, ownWay: "the kernel copies up at open, ovlfs at the first change" }, ({ merged }) => {
    merged.with("f", O_RDWR | O_CREAT, (opened) => { expect(opened.read(0, 10)).toBe("old"); }, 0o777);
    expect(merged.stat("f").mode).toBe("600");
  });

  it("mkdir, symlink, mknod and link refuse a name that a lower has", { lower: { x: file(), d: dir() } }, ({ merged }) => {
    for (const name of ["x", "d"]) {
      expect(outcome(() => merged.mkdir(name))).toBe("EEXIST");
      expect(outcome(() => merged.symlink("t", name))).toBe("EEXIST");
      expect(outcome(() => merged.mknod(name, "fifo"))).toBe("EEXIST");
      expect(outcome(() => merged.link("x", name))).toBe("EEXIST");
    }
  });

  it("nothing is made below a file or a missing directory", { lower: { f: file() } }, ({ merged }) => {
    expect(outcome(() => merged.create("f/x"))).toBe("ENOTDIR");
    expect(outcome(() => merged.mkdir("missing/x"))).toBe("ENOENT");
  });

  it("a directory can't be opened for writing", { lower: { d: dir() } }, ({ merged }) => {
    expect(outcome(() => merged.open("d", O_WRONLY))).toBe("EISDIR");
    expect(outcome(() => merged.open("d", O_WRONLY | O_CREAT))).toBe("EISDIR");
    expect(outcome(() => merged.open("missing", O_DIRECTORY))).toBe("ENOENT");
  });

  it("a new directory can be filled", { lower: { a: file() } }, ({ merged, upper }) => {
    merged.mkdir("d", 0o711);
    merged.mkdir("d/e");
    merged.write("d/e/f", "deep");
    expect(upper.read("d/e/f")).toBe("deep");
    expect(merged.stat("d").mode).toBe("711");
    expect(upper.xattrs("d")).toEqual([]);
  });

  it("a new directory raises no ghost of a deleted one below", { lower: { d: dir({ e: dir({ f: file() }) }) } }, ({ merged }) => {
    merged.removeAll("d/e");
    merged.mkdir("d/e");
    expect(merged.list("d/e")).toEqual([]);
    expect(outcome(() => merged.stat("d/e/f"))).toBe("ENOENT");
  });

  it("a new symlink holds its target byte for byte", { lower: { a: file() } }, ({ merged, upper }) => {
    merged.symlink("some/where else", "s");
    merged.symlink("x".repeat(4095), "long");
    expect(upper.readlink("s")).toBe("some/where else");
    expect(upper.readlink("long").length).toBe(4095);
    expect(merged.stat("s")).toMatchObject({ type: "symlink", size: 15 });
    expect(outcome(() => merged.symlink("", "empty"))).toBe("ENOENT");
  });

  it("special files are made with type, mode and device number", { lower: { a: file() } }, ({ merged, upper }) => {
    merged.mknod("p", "fifo", 0o640);
    merged.mknod("s", "socket", 0o600);
    merged.mknod("c", "character", 0o600, 5, 1);
    merged.mknod("b", "block", 0o600, 259, 70000);
    merged.mknod("f", "file", 0o600);
    expect(upper.stat("p")).toMatchObject({ type: "fifo", mode: "640" });
    expect(upper.stat("s")).toMatchObject({ type: "socket" });
    expect(upper.stat("c")).toMatchObject({ type: "character device", device: "5,1" });
    expect(upper.stat("b")).toMatchObject({ type: "block device", device: "259,70000" });
    expect(upper.stat("f")).toMatchObject({ type: "file", size: 0 });
    expect(merged.stat("b").device).toBe("259,70000");
  });

  it("making something renews the directory's time", { needs: ["nanoseconds"], lower: { d: dir({ a: file() }) } }, ({ merged }) => {
    expect(merged.stat("d").mtime).toBe(OLD);
    merged.create("d/b");
    expect(merged.stat("d").mtime).not.toBe(OLD);
  });

  it("the link count of a file follows links and unlinks at all its names", { needs: ["shared-links"], lower: { a: file() }, upper: { f: file("x") } }, ({ merged }) => {
    merged.link("f", "g");
    merged.link("g", "h");
    expect(["f", "g", "h"].map((name) => merged.stat(name).nlink)).toEqual([3, 3, 3]);
    merged.unlink("f");
    expect(["g", "h"].map((name) => merged.stat(name).nlink)).toEqual([2, 2]);
    merged.append("g", "y");
    expect(merged.read("h")).toBe("xy");
    merged.unlink("g");
    expect(merged.stat("h").nlink).toBe(1);
  });

  it("a link of a lower file into another directory shares content", { needs: ["shared-links"], lower: { a: dir({ f: file("x") }), b: dir() } }, ({ merged, upper }) => {
    merged.link("a/f", "b/g");
    merged.append("b/g", "y");
    expect(merged.read("a/f")).toBe("xy");
    expect(upper.stat("a/f").ino).toBe(upper.stat("b/g").ino);
  });

  it("a symlink can have a second name", { lower: { s: symlink("t") } }, ({ merged, upper }) => {
    merged.link("s", "s2");
    expect(merged.readlink("s2")).toBe("t");
    expect(upper.stat("s2")).toMatchObject({ type: "symlink", nlink: 2 });
  });

  it("a directory can't have a second name", { lower: { d: dir() } }, ({ merged }) => {
    expect(outcome(() => merged.link("d", "e"))).toBe("EPERM");
  });

  it("a deleted file can't be linked again", { lower: { f: file() } }, ({ merged }) => {
    merged.unlink("f");
    expect(outcome(() => merged.link("f", "g"))).toBe("ENOENT");
  });

  it("a link to a name with a whiteout replaces the whiteout", { lower: { f: file("f"), g: file("g") }, upper: { g: whiteout() } }, ({ merged, upper }) => {
    merged.link("f", "g");
    expect(merged.read("g")).toBe("f");
    expect(upper.stat("g")).toMatchObject({ type: "file", nlink: 2 });
  });
});

overlay("unlink and rmdir", {}, (it) => {
  it("a directory with lower names is not empty", { lower: { d: dir({ f: file() }) }, upper: { d: dir() } }, ({ merged }) => {
    expect(outcome(() => merged.rmdir("d"))).toBe("ENOTEMPTY");
    expect(merged.list("d")).toEqual(["f"]);
  });

  it("a directory with upper names is not empty", { lower: { d: dir() }, upper: { d: dir({ f: file() }) } }, ({ merged }) => {
    expect(outcome(() => merged.rmdir("d"))).toBe("ENOTEMPTY");
  });

  it("an opaque directory with names is not empty, whatever it covers", { lower: { d: dir({ low: file() }), e: dir({ low: file() }) }, upper: { d: opaque({ up: file("kept") }) } }, ({ merged, upper }) => {
    expect(outcome(() => merged.rmdir("d"))).toBe("ENOTEMPTY");
    expect(upper.read("d/up")).toBe("kept");
    merged.removeAll("e");
    merged.mkdir("e");
    merged.write("e/again", "kept");
    expect(outcome(() => merged.rmdir("e"))).toBe("ENOTEMPTY");
    expect(merged.read("e/again")).toBe("kept");
  });

  it("a merged directory whose names are all deleted can be removed", { lower: { d: dir({ f: file(), s: dir({ g: file() }) }) }, upper: { d: dir({ u: file() }) } }, ({ merged, upper }) => {
    merged.removeAll("d");
    expect(merged.list()).toEqual([]);
    expect(upper.stat("d")).toMatchObject({ type: "character device", device: "0,0" });
  });

  it("a directory that only holds whiteouts of the upper is empty",
    { lower: { d: dir({ f: file() }) }, upper: { d: dir({ f: whiteout(), g: whiteout() }) } }, ({ merged, upper }) => {
      expect(merged.list("d")).toEqual([]);
      merged.rmdir("d");
      expect(upper.stat("d")).toMatchObject({ type: "character device", device: "0,0" });
    });

  it("unlink refuses a directory, rmdir a file", { lower: { d: dir(), f: file() }, upper: { e: dir(), g: file() } }, ({ merged }) => {
    expect(["d", "e"].map((name) => outcome(() => merged.unlink(name)))).toEqual(["EISDIR", "EISDIR"]);
    expect(["f", "g"].map((name) => outcome(() => merged.rmdir(name)))).toEqual(["ENOTDIR", "ENOTDIR"]);
  });

  it("a deleted name can't be deleted again", { lower: { f: file(), d: dir() } }, ({ merged }) => {
    merged.unlink("f");
    merged.rmdir("d");
    expect(outcome(() => merged.unlink("f"))).toBe("ENOENT");
    expect(outcome(() => merged.rmdir("d"))).toBe("ENOENT");
    expect(outcome(() => merged.unlink("never"))).toBe("ENOENT");
  });

  it("a tree over two lowers is deleted whole", {
    lower: [{ d: dir({ a: dir({ x: file() }), b: file() }) }, { d: dir({ a: dir({ y: file(), z: dir({ q: file() }) }), c: symlink("q") }), keep: file() }],
  }, ({ merged, upper }) => {
    merged.removeAll("d");
    expect(merged.list()).toEqual(["keep"]);
    expect(upper.list()).toEqual(["d"]);
  });

  it("deleting renews the directory's time", { lower: { d: dir({ f: file() }) } }, ({ merged }) => {
    merged.unlink("d/f");
    expect(merged.stat("d").mtime).not.toBe(OLD);
  });

  it("the last name of a lower file with two names deleted leaves two whiteouts", { lower: { a: file(), b: hardLink("a") } }, ({ merged, upper }) => {
    merged.unlink("a");
    merged.unlink("b");
    expect(merged.list()).toEqual([]);
    expect(upper.list()).toEqual(["a", "b"]);
  });
});
