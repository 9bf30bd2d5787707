/** Copy-up: the first change to something of a lower moves it to the upper whole, and nothing is lost. */
import { expect } from "vitest";
import { device, dir, fifo, file, hardLink, OLD, socket, sparse, symlink, type NodeAttributes } from "../harness/layers.js";
import { overlay } from "../harness/overlay-cases.js";
import { run } from "../harness/processes.js";
import { aclValue, capabilityValue } from "../harness/xattrs.js";
import { O_RDONLY, O_RDWR, O_WRONLY, SEEK_DATA, SEEK_HOLE } from "../../src/sys/constants.js";

const MIB = 1 << 20;
const dressed: NodeAttributes = { mode: 0o640, uid: 11, gid: 22, mtime: [1234567890, 123456789], xattrs: { "user.note": "kept", "trusted.note": "kept too" } };
const kept = { mode: "640", uid: 11, gid: 22, mtime: "1234567890.123456789" };
const acl = aclValue([
  { tag: "owner", permissions: 6 }, { tag: "user", id: 1234, permissions: 5 }, { tag: "group-owner", permissions: 4 },
  { tag: "mask", permissions: 5 }, { tag: "other", permissions: 0 },
]);

overlay("copy-up", {}, (it) => {
  it("reading a lower file copies nothing up", { lower: { f: file("x"), d: dir({ g: file("y") }), s: symlink("f") } }, ({ merged, upper }) => {
    merged.read("f");
    merged.read("d/g");
    merged.readlink("s");
    merged.list("d");
    merged.xattrs("f");
    expect(upper.exists("")).toBe(false);
  });

  it("a write to a lower file lands in a copy in the upper", { lower: { f: file("0123456789") } }, ({ merged, upper, lower }) => {
    merged.patch("f", 3, "abc");
    expect(merged.read("f")).toBe("012abc6789");
    expect(upper.read("f")).toBe("012abc6789");
    expect(lower.read("f")).toBe("0123456789");
  });

  it("a file of many megabytes is copied up whole", { lower: { big: file(Buffer.alloc(9 * MIB + 7, "0123456789abcdef")) } }, ({ merged, upper, lower }) => {
    merged.patch("big", 5 * MIB, "changed");
    const content = Buffer.from(lower.read("big"), "latin1");
    content.write("changed", 5 * MIB);
    expect(Buffer.from(upper.read("big"), "latin1").equals(content)).toBe(true);
    expect(Buffer.from(merged.read("big"), "latin1").equals(content)).toBe(true);
  });

  it("a truncated file keeps just its head", { lower: { f: file("0123456789"), g: file("0123456789"), h: file("0123456789") } }, ({ merged, upper }) => {
    merged.truncate("f", 4);
    merged.truncate("g", 0);
    merged.truncate("h", 12);
    expect(["f", "g", "h"].map((name) => upper.read(name))).toEqual(["0123", "", "0123456789\0\0"]);
  });

  it("a chmod copies up with content, owner, times and xattrs as they were", { lower: { f: file("content", dressed) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o4700);
    expect(upper.stat("f")).toMatchObject({ ...kept, mode: "4700" });
    expect(upper.read("f")).toBe("content");
    expect(upper.xattr("f", "user.note")).toBe("kept");
    expect(upper.xattr("f", "trusted.note")).toBe("kept too");
  });

  const row = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${String(i).padStart(2, "0")}`, i % 5
    ? file(`content ${i}`, { mode: 0o4600 + i, uid: i, gid: 2 * i, mtime: [1000 + i, i] })
    : file(Buffer.alloc(i * 900), { xattrs: { "user.note": String(i) } })]));
  it("files changed one after the other, with others between them, are each as if they were changed alone", { lower: { d: dir(row) } }, ({ merged, upper, lower }) => {
    for (const name of Object.keys(row).filter((_, i) => i < 30)) {
      if (name !== "f24") merged.chmod(`d/${name}`, 0o644);
      if (name === "f12") merged.patch("d/f13", 2, "changed");
      if (name === "f17") merged.truncate("d/f19", 3);
      if (name === "f21") merged.unlink("d/f24");
    }
    const { length } = Object.keys(row);
    for (let i = 0; i < length; i++) {
      const name = `d/f${String(i).padStart(2, "0")}`;
      const isCopied = i < 30 && i !== 24;
      expect([name, upper.exists(name)]).toEqual([name, isCopied || i === 24]);
      if (!isCopied) continue;
      const below = lower.stat(name);
      expect(upper.stat(name)).toMatchObject(i === 13 || i === 19 ? { mode: "644", uid: below.uid } : { mode: "644", uid: below.uid, gid: below.gid, mtime: below.mtime });
      if (i !== 13 && i !== 19) expect(upper.read(name)).toBe(lower.read(name));
      if (i % 5 === 0) expect(upper.xattr(name, "user.note")).toBe(String(i));
    }
    expect(upper.read("d/f13")).toBe("cochanged3");
    expect(upper.read("d/f19")).toBe("con");
  });

  const leaf = (name: string) => dir({ a: file(`${name} a`, dressed), b: file(""), c: file(`${name} c`, { mode: 0o4755 }), link: symlink("a"), sub: dir({ d: file(`${name} d`), e: file(`${name} e`), f: file(Buffer.alloc(300_000, name)) }) });
  const leaves = (names: string) => Object.fromEntries(names.split(" ").map((name) => [name, leaf(name)]));
  it("a tree whose owner is changed has all that it had", { lower: [{ tree: dir(leaves("d e f g h i j k")) }, { tree: dir(leaves("a b c d e f g")) }] }, ({ merged, upper }) => {
    expect(run("chown", ["-R", "33:44", "tree"], { cwd: merged.path })).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(run("chmod", ["-R", "g+w", "tree"], { cwd: merged.path }).status).toBe(0);
    for (const name of "a b c d e f g h i j k".split(" ")) {
      expect(upper.stat(`tree/${name}/a`)).toMatchObject({ mode: "660", uid: 33, gid: 44, mtime: kept.mtime });
      expect(upper.stat(`tree/${name}/c`)).toMatchObject({ mode: "775", uid: 33, gid: 44 });
      for (const below of ["a", "c", "sub/d", "sub/e"]) expect(upper.read(`tree/${name}/${below}`)).toBe(`${name} ${below.at(-1)!}`);
      expect(upper.read(`tree/${name}/sub/f`)).toBe(name.repeat(300_000));
      expect(upper.stat(`tree/${name}/link`)).toMatchObject({ uid: 33 });
    }
  });

  it("a chown copies up with mode and times as they were", { lower: { f: file("content", dressed) } }, ({ merged, upper }) => {
    merged.chown("f", 33, 44);
    expect(upper.stat("f")).toMatchObject({ ...kept, uid: 33, gid: 44 });
  });

  it("a change of the modification time copies up and keeps nanoseconds", { needs: ["separate-times"], lower: { f: file("content", dressed), d: dir({}, dressed) } }, ({ merged, upper }) => {
    merged.setMtime("f", 1500000000, 999999999);
    merged.setMtime("d", 1500000000, 1);
    expect(upper.stat("f")).toMatchObject({ ...kept, mtime: "1500000000.999999999", atime: OLD });
    expect(upper.stat("d")).toMatchObject({ ...kept, mtime: "1500000000.000000001" });
  });

  it("a change of xattrs copies up", { lower: { f: file("content", dressed), g: file("content", dressed) } }, ({ merged, upper }) => {
    merged.setXattr("f", "user.new", "value");
    merged.removeXattr("g", "user.note");
    expect(upper.stat("f")).toMatchObject(kept);
    expect(upper.xattr("f", "user.new")).toBe("value");
    expect(upper.xattrs("g").filter((name) => !name.startsWith("trusted.overlay."))).toEqual(["trusted.note"]);
  });

  it("a second name copies the file up, and both names are one file", { lower: { f: file("content", dressed) } }, ({ merged, upper }) => {
    merged.link("f", "g");
    expect(upper.stat("f")).toMatchObject({ ...kept, nlink: 2 });
    expect(upper.stat("g").ino).toBe(upper.stat("f").ino);
    expect(merged.stat("g")).toMatchObject({ nlink: 2, ino: merged.stat("f").ino });
  });

  it("a copied file says in an xattr of the upper where it came from", { lower: { f: file("content"), d: dir({ g: file() }) } }, ({ merged, upper }) => {
    merged.append("f", "!");
    merged.create("d/new");
    expect(upper.xattrs("f")).toContain("trusted.overlay.origin");
    expect(upper.xattrs("d")).toContain("trusted.overlay.origin");
    expect(merged.xattrs("f")).toEqual([]);
  });

  it("a directory that receives a copied file is marked impure", { lower: { d: dir({ g: file("g") }) } }, ({ merged, upper }) => {
    merged.append("d/g", "!");
    expect(upper.xattr("d", "trusted.overlay.impure")).toBe("y");
  });

  it("special files and symlinks are copied up by a change of owner",
    { lower: { p: fifo({ mode: 0o640 }), s: socket({ mode: 0o640 }), c: device("character", 1, 3, { mode: 0o640 }), b: device("block", 7, 300, { mode: 0o640 }), l: symlink("to/where", { uid: 1 }) } },
    ({ merged, upper }) => {
      for (const name of ["p", "s", "c", "b", "l"]) merged.chown(name, 77, 88);
      expect(upper.stat("p")).toMatchObject({ type: "fifo", mode: "640", uid: 77, gid: 88 });
      expect(upper.stat("s")).toMatchObject({ type: "socket", mode: "640", uid: 77 });
      expect(upper.stat("c")).toMatchObject({ type: "character device", device: "1,3", uid: 77, mtime: OLD });
      expect(upper.stat("b")).toMatchObject({ type: "block device", device: "7,300", uid: 77 });
      expect(upper.stat("l")).toMatchObject({ type: "symlink", uid: 77, gid: 88, mtime: OLD });
      expect(upper.readlink("l")).toBe("to/where");
    });

  it("a symlink's own time changes, not its target's", { needs: ["separate-times"], lower: { f: file(), l: symlink("f") } }, ({ merged, upper }) => {
    merged.setMtime("l", 1400000000, 14);
    expect(merged.stat("l").mtime).toBe("1400000000.000000014");
    expect(upper.list()).toEqual(["l"]);
  });

  it("parents are copied up first, with mode, owner, times and xattrs",
    { lower: { a: dir({ b: dir({ c: dir({ f: file("deep") }, dressed) }, { ...dressed, mode: 0o1777 }) }, { ...dressed, mode: 0o2750 }) } }, ({ merged, upper }) => {
      merged.chmod("a/b/c/f", 0o600);
      expect(upper.stat("a")).toMatchObject({ ...kept, mode: "2750" });
      expect(upper.stat("a/b")).toMatchObject({ ...kept, mode: "1777" });
      expect(upper.stat("a/b/c")).toMatchObject(kept);
      expect(upper.xattr("a/b/c", "user.note")).toBe("kept");
      expect(upper.list("a")).toEqual(["b"]);
    });

  it("the parent's modification time is as before after a copy-up", { needs: ["nanoseconds"], lower: { d: dir({ f: file("x") }, { mtime: [1111111111, 111] }) } }, ({ merged, upper }) => {
    merged.append("d/f", "y");
    expect(merged.stat("d").mtime).toBe("1111111111.000000111");
    expect(upper.stat("d").mtime).toBe("1111111111.000000111");
  });

  it("the access time comes along", { lower: { f: file("x") } }, ({ merged, upper }) => {
    merged.chmod("f", 0o600);
    expect(upper.stat("f").atime).toBe(OLD);
  });

  it("POSIX ACLs come along",
    { lower: { f: file("x", { xattrs: { "system.posix_acl_access": acl } }), d: dir({ g: file() }, { xattrs: { "system.posix_acl_access": acl, "system.posix_acl_default": acl } }) } },
    ({ merged, upper }) => {
      merged.append("f", "y");
      merged.create("d/h");
      expect(upper.xattr("f", "system.posix_acl_access")).toBe(acl.toString("latin1"));
      expect(upper.xattr("d", "system.posix_acl_access")).toBe(acl.toString("latin1"));
      expect(upper.xattr("d", "system.posix_acl_default")).toBe(acl.toString("latin1"));
      expect(merged.stat("f").mode).toBe("650");
    });

  it("a file capability comes along with a change that keeps it",
    { needs: ["separate-times"], lower: { f: file("x", { xattrs: { "security.capability": capabilityValue() } }) } }, ({ merged, upper }) => {
      merged.setMtime("f", 1400000000, 0);
      expect(upper.xattr("f", "security.capability")).toBe(capabilityValue().toString("latin1"));
      expect(merged.xattr("f", "security.capability")).toBe(capabilityValue().toString("latin1"));
    });

  it("holes stay holes", { lower: { f: sparse(16 * MIB, [{ at: 4 * MIB, content: "data" }, { at: 12 * MIB, content: "more" }]) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o600);
    expect(upper.stat("f").size).toBe(16 * MIB);
    expect(upper.stat("f").blocks).toBeLessThan(8192);
    upper.with("f", O_RDONLY, (file_) => {
      expect(file_.seek(0, SEEK_DATA)).toBe(4 * MIB);
      expect(file_.seek(4 * MIB, SEEK_HOLE)).toBeLessThanOrEqual(5 * MIB);
      expect(file_.read(12 * MIB, 4)).toBe("more");
    });
  });

  it("a file that ends in a hole keeps its size", { lower: { f: sparse(3 * MIB + 1, [{ at: 0, content: "head" }]), g: sparse(MIB, []) } }, ({ merged, upper }) => {
    merged.patch("f", 1, "EA");
    merged.chmod("g", 0o600);
    expect(upper.stat("f").size).toBe(3 * MIB + 1);
    expect(upper.read("f").slice(0, 5)).toBe("hEAd\0");
    expect(upper.stat("g")).toMatchObject({ size: MIB, blocks: 0 });
  });

  it("one of two names of a lower file copied up leaves the other as it was",
    { lower: { a: file("both"), b: hardLink("a") }, ownWay: "how many links are shown may differ while names are broken apart" }, ({ merged }) => {
      merged.write("a", "mine");
      expect(merged.read("a")).toBe("mine");
      expect(["both", "mine"]).toContain(merged.read("b"));
    });

  it("a file keeps its inode number over the copy-up and a remount", { lower: { f: file("x"), d: dir({ g: file() }) }, needs: ["full-attributes"] }, ({ merged, remount }) => {
    const before = [merged.stat("f").ino, merged.stat("d").ino];
    merged.append("f", "y");
    merged.create("d/new");
    expect([merged.stat("f").ino, merged.stat("d").ino]).toEqual(before);
    remount();
    expect([merged.stat("f").ino, merged.stat("d").ino]).toEqual(before);
  });

  it("the topmost of several lowers is what is copied up", { lower: [{ f: file("top", { mode: 0o604 }) }, { f: file("bottom", { mode: 0o600 }) }] }, ({ merged, upper }) => {
    merged.append("f", "+");
    expect(upper.read("f")).toBe("top+");
    expect(upper.stat("f").mode).toBe("604");
  });

  it("a file of mode 0 is copied up", { lower: { f: file("secret", { mode: 0 }) } }, ({ merged, upper }) => {
    merged.append("f", "!");
    expect(upper.read("f")).toBe("secret!");
    expect(upper.stat("f").mode).toBe("0");
  });

  it("an empty file is copied up", { lower: { f: file("", dressed) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o644);
    expect(upper.stat("f")).toMatchObject({ ...kept, mode: "644", size: 0 });
  });

  it("a change that asks for nothing new is done all the same", { lower: { f: file("x", { mode: 0o644 }) } }, ({ merged, upper }) => {
    merged.chmod("f", 0o644);
    expect(upper.read("f")).toBe("x");
  });

  it("an open for writing that writes nothing leaves the content", { needs: ["nanoseconds"], lower: { f: file("x", dressed) }, ownWay: "the kernel copies up at open, ovlfs at the first change" }, ({ merged }) => {
    merged.with("f", O_WRONLY, () => undefined);
    expect(merged.read("f")).toBe("x");
    expect(merged.stat("f")).toMatchObject(kept);
  });
});

overlay("copy-up when a file is opened for writing", { ownOptions: ["copy_up=open"] }, (it) => {
  it("an open for writing copies up before anything is written, one for reading does not", {
    lower: { f: file("0123456789", dressed), g: file("abc"), d: dir({ h: file("xyz") }) },
  }, ({ merged, upper }) => {
    const reader = merged.open("g", O_RDONLY);
    const writer = merged.open("f", O_WRONLY);
    const both = merged.open("d/h", O_RDWR);
    expect([upper.exists("g"), upper.read("f"), upper.read("d/h")]).toEqual([false, "0123456789", "xyz"]);
    expect(upper.stat("f")).toMatchObject(kept);
    for (const opened of [reader, writer, both]) opened.close();
  });

  it("a large file is copied up whole by its open", { lower: { big: file(Buffer.alloc(9 * MIB + 7, "0123456789abcdef")) } }, ({ merged, upper, lower }) => {
    merged.open("big", O_WRONLY).close();
    expect(Buffer.from(upper.read("big"), "latin1").equals(Buffer.from(lower.read("big"), "latin1"))).toBe(true);
  });

  it("what is written, truncated, created and read is served as ever", { lower: { f: file("0123456789"), g: file("0123456789") } }, ({ merged, upper }) => {
    merged.patch("f", 3, "abc");
    merged.write("g", "new");
    merged.write("made", "fresh");
    expect(["f", "g", "made"].map((name) => merged.read(name))).toEqual(["012abc6789", "new", "fresh"]);
    expect(["f", "g", "made"].map((name) => upper.read(name))).toEqual(["012abc6789", "new", "fresh"]);
  });
});
