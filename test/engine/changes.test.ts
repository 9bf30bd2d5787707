import { existsSync, readFileSync, statSync, unlinkSync, utimesSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../../src/sys/constants.js";
import { E, errnoName, fail, isErrno, type Errno } from "../../src/sys/errno.js";
import { S_IFCHR, S_IFREG, Stat } from "../../src/sys/stat.js";
import type { FileInode, Inode } from "../../src/engine/inode.js";
import type { OverlayFs } from "../../src/engine/overlay-fs.js";
import type { Listing } from "../../src/engine/listing.js";
import { Fixture, isRoot, name, ROOT } from "./fixture.js";

let overlay: Fixture;
beforeEach(() => { overlay = new Fixture(); });
afterEach(() => overlay.close());

/** As when many other descriptors are needed. */
function closeUnheld(): void {
  (overlay.engine as unknown as { fs: OverlayFs }).fs.descriptors.closeAll();
}

describe.runIf(isRoot)("changes", () => {
  test("the first write copies a lower file up and leaves the lower alone", () => {
    overlay.file("lower1", "d/f", "lower");
    const file = overlay.at("d/f");
    const { ino } = overlay.stat(file);
    expect(overlay.write(file, "UPPER")).toBe(5);
    expect(overlay.read(file)).toBe("UPPER");
    expect(readFileSync(overlay.path("lower1", "d/f"), "utf8")).toBe("lower");
    expect(readFileSync(overlay.path("upper", "d/f"), "utf8")).toBe("UPPER");
    expect(overlay.stat(file).ino).toBe(ino);
  });

  test("one name of a hard-linked lower is a file of its own once copied up, in listings too, and who caches is told", () => {
    overlay.file("lower1", "d/a", "both");
    overlay.run("ln", overlay.path("lower1", "d/a"), overlay.path("lower1", "d/b"));
    const changed: Inode[] = [];
    overlay.engine.onAttributesChanged = (inode) => changed.push(inode);
    overlay.engine.onListingChanged = (inode) => changed.push(inode);
    const directory = overlay.at("d");
    const inoOf = (name: string): bigint => (overlay.engine.readdir(directory) as Listing).entries.find((entry) => entry.name === name)!.ino;
    const file = overlay.at("d/a");
    const { ino } = overlay.stat(file);
    expect([inoOf("a"), inoOf("b")]).toEqual([ino, ino]);
    overlay.write(file, "mine");
    expect(changed).toEqual([directory, file, directory]);
    expect(overlay.stat(file).ino).not.toBe(ino);
    expect([inoOf("a"), inoOf("b")]).toEqual([overlay.stat(file).ino, ino]);
  });

  test("a copied-up file keeps its inode number over the next mount", () => {
    overlay.file("lower1", "f", "lower");
    const { ino } = overlay.stat(overlay.at("f"));
    overlay.write(overlay.at("f"), "x");
    overlay.reopen();
    expect(overlay.stat(overlay.at("f")).ino).toBe(ino);
  });

  test("a copy-up puts the times of the parents back", () => {
    overlay.file("lower1", "a/b/f", "x");
    utimesSync(overlay.path("lower1", "a/b"), 1000, 2000);
    utimesSync(overlay.path("lower1", "a"), 3000, 4000);
    expect(overlay.engine.setattr(overlay.at("a/b/f"), { mode: 0o600 })).toBe(0);
    expect(statSync(overlay.path("upper", "a/b")).mtimeMs).toBe(2_000_000);
    expect(statSync(overlay.path("upper", "a")).mtimeMs).toBe(4_000_000);
  });

  test("emptying a file copies no data", () => {
    overlay.file("lower1", "f", "data");
    expect(overlay.engine.setattr(overlay.at("f"), { size: 0 })).toBe(0);
    expect(statSync(overlay.path("upper", "f")).size).toBe(0);
  });

  test("an unlinked lower file leaves a whiteout and stays readable and writable for who holds it", () => {
    overlay.file("lower1", "f", "data");
    const file = overlay.at("f");
    expect(overlay.engine.unlink(overlay.engine.root, name("f"))).toBe(0);
    expect(overlay.inUpper("f")).toBe("whiteout");
    expect(overlay.read(file)).toBe("data");
    expect(overlay.stat(file).nlink).toBe(0);
    expect(overlay.write(file, "more")).toBe(4);
    expect(overlay.read(file)).toBe("more");
    expect(overlay.stat(file).nlink).toBe(0);
    expect(overlay.inUpper("f")).toBe("whiteout");
  });

  test("an unlinked upper file leaves nothing and stays usable for who holds it", () => {
    const file = overlay.engine.create(overlay.engine.root, name("f"), 0o644, ROOT) as Inode;
    overlay.write(file, "data");
    expect(overlay.engine.unlink(overlay.engine.root, name("f"))).toBe(0);
    expect(overlay.inUpper("f")).toBe("absent");
    expect(overlay.read(file)).toBe("data");
    expect(overlay.write(file, "DATA")).toBe(4);
    expect(overlay.stat(file).nlink).toBe(0);
  });

  test("an unlinked file whose data is open is held by that, whatever else is closed", () => {
    const { engine } = overlay;
    overlay.file("upper", "f", "old");
    const made = engine.create(engine.root, name("made"), 0o644, ROOT) as FileInode;
    const found = overlay.at("f") as FileInode;
    for (const [file, its] of [[made, "made"], [found, "f"]] as const) {
      overlay.write(file, "data");
      expect(engine.unlink(engine.root, name(its))).toBe(0);
      closeUnheld();
      expect(overlay.read(file).slice(0, 4)).toBe("data");
      expect(engine.setattr(file, { mode: 0o600 })).toBe(0);
      expect(engine.setxattr(file, name("user.a"), Buffer.from("b"), 0)).toBe(0);
      overlay.write(file, "DATA");
      closeUnheld();
      expect(overlay.read(file).slice(0, 4)).toBe("DATA");
      expect(overlay.stat(file)).toMatchObject({ nlink: 0, mode: S_IFREG | 0o600 });
    }
  });

  test("a file that has another name is not held by its data when it loses one", () => {
    const { engine } = overlay;
    const file = engine.create(engine.root, name("f"), 0o644, ROOT) as FileInode;
    overlay.write(file, "data");
    engine.link(file, engine.root, name("g"));
    expect(engine.unlink(engine.root, name("f"))).toBe(0);
    expect(file.data!.openDescriptor).toBeGreaterThan(0);
    closeUnheld();
    expect(file.data!.openDescriptor).toBe(-1);
    expect([overlay.read(file), overlay.stat(file).nlink]).toEqual(["data", 1]);
  });

  test("a file of which only reading is open is held when it is unlinked, and can be written then", () => {
    overlay.file("upper", "f", "old");
    const file = overlay.at("f");
    expect(overlay.read(file)).toBe("old");
    expect(overlay.engine.unlink(overlay.engine.root, name("f"))).toBe(0);
    expect(overlay.write(file, "new")).toBe(3);
    expect([overlay.read(file), overlay.stat(file).nlink]).toEqual(["new", 0]);
  });

  test("a directory made over a whiteout is opaque", () => {
    overlay.file("lower1", "d/hidden");
    overlay.engine.unlink(overlay.at("d"), name("hidden"));
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(0);
    expect(overlay.inUpper("d")).toBe("whiteout");
    overlay.engine.mkdir(overlay.engine.root, name("d"), 0o755, ROOT);
    expect(overlay.xattr("upper/d", "trusted.overlay.opaque")).toBe("y");
    expect(overlay.list(overlay.at("d"))).toEqual([]);
  });

  test("a merged directory that shows something is ENOTEMPTY", () => {
    overlay.file("lower1", "d/f");
    expect(overlay.engine.rmdir(overlay.engine.root, name("d"))).toBe(fail(E.ENOTEMPTY));
    expect(overlay.inUpper("d")).toBe("absent");
  });

  test("a rename of a lower file leaves a whiteout under the old name", () => {
    overlay.file("lower1", "a", "data");
    expect(overlay.engine.rename(overlay.engine.root, name("a"), overlay.engine.root, name("b"), 0)).toBe(0);
    expect(overlay.inUpper("a")).toBe("whiteout");
    expect(overlay.read(overlay.at("b"))).toBe("data");
    expect(overlay.find("a")).toBe(fail(E.ENOENT));
  });

  test("a rename over a whiteout swaps the two, or takes the whiteout away", () => {
    overlay.file("lower1", "a", "a");
    overlay.file("lower1", "b", "b");
    const { root } = overlay.engine;
    overlay.engine.unlink(root, name("b"));
    expect(overlay.engine.rename(root, name("a"), root, name("b"), 0)).toBe(0);
    expect([overlay.inUpper("a"), overlay.inUpper("b")]).toEqual(["whiteout", "file"]);
    overlay.engine.unlink(root, name("b"));
    overlay.engine.mkdir(root, name("new"), 0o755, ROOT);
    expect(overlay.engine.rename(root, name("new"), root, name("b"), 0)).toBe(0);
    expect([overlay.inUpper("new"), overlay.inUpper("b")]).toEqual(["absent", "directory"]);
    expect(overlay.xattr("upper/b", "trusted.overlay.opaque")).toBe("y");
  });

  test("a name that came by a rename is known to be taken, though it was looked up and missed before", () => {
    overlay.file("lower1", "a", "a");
    overlay.file("lower1", "b", "b");
    const { root } = overlay.engine;
    overlay.engine.unlink(root, name("b"));
    expect(overlay.find("b")).toBe(fail(E.ENOENT));
    expect(overlay.engine.rename(root, name("a"), root, name("b"), 0)).toBe(0);
    expect(overlay.engine.create(root, name("b"), 0o644, ROOT)).toBe(fail(E.EEXIST));
    expect(overlay.read(overlay.at("b"))).toBe("a");
  });

  test("a directory that has a part in a lower is EXDEV, one of the upper alone moves with all in it", () => {
    overlay.file("lower1", "d/f");
    const { root } = overlay.engine;
    expect(overlay.engine.rename(root, name("d"), root, name("e"), 0)).toBe(fail(E.EXDEV));
    const own = overlay.engine.mkdir(root, name("own"), 0o755, ROOT) as Inode;
    const file = overlay.engine.create(own, name("f"), 0o644, ROOT) as Inode;
    overlay.write(file, "data");
    expect(overlay.engine.rename(root, name("own"), root, name("moved"), 0)).toBe(0);
    expect(overlay.read(overlay.at("moved/f"))).toBe("data");
    expect(overlay.at("moved/f")).toBe(file);
  });

  test("RENAME_NOREPLACE and RENAME_EXCHANGE", () => {
    overlay.file("lower1", "a", "a");
    overlay.file("lower1", "b", "b");
    const { root } = overlay.engine;
    expect(overlay.engine.rename(root, name("a"), root, name("b"), RENAME_NOREPLACE)).toBe(fail(E.EEXIST));
    expect(overlay.engine.rename(root, name("a"), root, name("b"), RENAME_EXCHANGE)).toBe(0);
    expect(overlay.read(overlay.at("a"))).toBe("b");
    expect(overlay.read(overlay.at("b"))).toBe("a");
    expect(overlay.engine.rename(root, name("a"), root, name("none"), RENAME_EXCHANGE)).toBe(fail(E.ENOENT));
    expect(overlay.engine.rename(root, name("a"), root, name("b"), 4)).toBe(fail(E.EINVAL));
  });

  test("a directory can't be moved into itself", () => {
    const { root } = overlay.engine;
    const outer = overlay.engine.mkdir(root, name("outer"), 0o755, ROOT) as Inode;
    const inner = overlay.engine.mkdir(outer, name("inner"), 0o755, ROOT) as Inode;
    expect(overlay.engine.rename(root, name("outer"), inner, name("x"), 0)).toBe(fail(E.EINVAL));
  });

  test("a hard link has both names in one file, and the last name gone leaves nothing", () => {
    overlay.file("lower1", "a", "data");
    const { root } = overlay.engine;
    const file = overlay.at("a");
    expect(overlay.engine.link(file, root, name("b"))).toBe(file);
    expect(overlay.stat(file).nlink).toBe(2);
    overlay.write(file, "DATA");
    expect(overlay.read(overlay.at("b"))).toBe("DATA");
    expect(overlay.engine.unlink(root, name("a"))).toBe(0);
    expect(overlay.read(file)).toBe("DATA");
    expect(overlay.stat(file).nlink).toBe(1);
    expect(overlay.engine.unlink(root, name("b"))).toBe(0);
    expect([overlay.inUpper("a"), overlay.inUpper("b")]).toEqual(["whiteout", "absent"]);
  });

  test("a new name over a taken one is EEXIST", () => {
    overlay.file("lower1", "a");
    expect(overlay.engine.create(overlay.engine.root, name("a"), 0o644, ROOT)).toBe(fail(E.EEXIST));
    expect(overlay.engine.mkdir(overlay.engine.root, name("a"), 0o755, ROOT)).toBe(fail(E.EEXIST));
  });

  test("new objects belong to the caller, under its umask", () => {
    const caller = { uid: 1234, gid: 4321, umask: 0o077 };
    overlay.engine.create(overlay.engine.root, name("f"), 0o666, caller);
    const { uid, gid, mode } = statSync(overlay.path("upper", "f"));
    expect([uid, gid, mode & 0o777]).toEqual([1234, 4321, 0o600]);
  });

  test("what is made is answered with the attributes that a question for them gives", () => {
    overlay.file("lower1", "d/over", "lower");
    overlay.file("lower1", "d/overdir", "lower");
    const { engine } = overlay;
    const d = overlay.at("d");
    for (const gone of ["over", "overdir"]) engine.unlink(d, name(gone));
    const caller = { uid: 1234, gid: 1234, umask: 0o027 };
    const makers: Record<string, (out: Stat) => Inode | Errno> = {
      file: (out) => engine.mknod(d, name("f"), S_IFREG | 0o666, 0, 0, caller, out),
      created: (out) => engine.create(d, name("created"), 0o666, caller, out),
      "file over a whiteout": (out) => engine.create(d, name("over"), 0o640, caller, out),
      directory: (out) => engine.mkdir(d, name("sub"), 0o777, caller, out),
      "directory over a whiteout": (out) => engine.mkdir(d, name("overdir"), 0o777, caller, out),
      symlink: (out) => engine.symlink(d, name("s"), name("target"), caller, out),
      device: (out) => engine.mknod(d, name("null"), S_IFCHR | 0o666, 1, 3, caller, out),
      nameless: (out) => engine.tmpfile(d, 0o600, caller, out),
    };
    for (const [what, make] of Object.entries(makers)) {
      const out = new Stat();
      const inode = make(out);
      if (isErrno(inode)) throw new Error(`${what}: ${errnoName(inode)}`);
      expect(Array.from(out.fields), what).toEqual(Array.from(overlay.stat(inode).fields));
      expect(out.uid).toBe(1234);
    }
  });

  test("an object made over a whiteout inherits the default ACL and the group as any other", () => {
    overlay.file("lower1", "d/a");
    overlay.file("lower1", "d/b");
    overlay.run("setfacl", "-d", "-m", "u:7:rwx,g::rx,o::-", overlay.path("lower1", "d"));
    overlay.run("chown", "0:77", overlay.path("lower1", "d"));
    overlay.run("chmod", "g+s", overlay.path("lower1", "d"));
    const directory = overlay.at("d");
    overlay.engine.unlink(directory, name("a"));
    const caller = { uid: 1234, gid: 4321, umask: 0o022 };
    overlay.engine.create(directory, name("a"), 0o666, caller);
    overlay.engine.create(directory, name("fresh"), 0o666, caller);
    const acl = (path: string) => overlay.run("getfacl", "-n", "-c", overlay.path("upper/d", path));
    expect(acl("a")).toBe(acl("fresh"));
    expect(statSync(overlay.path("upper/d/a"))).toMatchObject({ uid: 1234, gid: 77, mode: statSync(overlay.path("upper/d/fresh")).mode });
    overlay.engine.unlink(directory, name("b"));
    overlay.engine.mkdir(directory, name("b"), 0o777, caller);
    overlay.engine.mkdir(directory, name("new"), 0o777, caller);
    expect(acl("b")).toBe(acl("new"));
  });

  test("without an upper every change is EROFS", () => {
    overlay.file("lower1", "f", "x");
    overlay.open({ lower: overlay.options.lower });
    const { root } = overlay.engine;
    expect(overlay.engine.create(root, name("n"), 0o644, ROOT)).toBe(fail(E.EROFS));
    expect(overlay.engine.unlink(root, name("f"))).toBe(fail(E.EROFS));
    expect(overlay.engine.rename(root, name("f"), root, name("g"), 0)).toBe(fail(E.EROFS));
    expect(overlay.write(overlay.at("f"), "x")).toBe(fail(E.EROFS));
    expect(overlay.engine.setattr(overlay.at("f"), { mode: 0 })).toBe(fail(E.EROFS));
  });

  test("nothing is left in the work directory", () => {
    overlay.file("lower1", "d/a", "x");
    overlay.file("lower1", "d/b", "x");
    const { root } = overlay.engine;
    overlay.engine.unlink(overlay.at("d"), name("a"));
    overlay.write(overlay.at("d/b"), "y");
    overlay.engine.unlink(overlay.at("d"), name("b"));
    overlay.engine.rmdir(root, name("d"));
    overlay.engine.mkdir(root, name("d"), 0o755, ROOT);
    overlay.engine.close();
    expect(overlay.workContent()).toEqual([]);
  });

  test("a long copy-up is staged, shared by who asks, and found by the change that follows", async () => {
    overlay.file("lower1", "big", Buffer.alloc(3 * 1024 * 1024, 7));
    const file = overlay.at("big");
    const first = overlay.engine.stage(file);
    expect(first).not.toBeNull();
    expect(overlay.engine.stage(file)).toBe(first);
    await first;
    expect(overlay.engine.stage(file)).toBeNull();
    expect(overlay.write(file, "x")).toBe(1);
    const upper = readFileSync(overlay.path("upper", "big"));
    expect(upper.length).toBe(3 * 1024 * 1024);
    expect(upper.subarray(1).every((byte) => byte === 7)).toBe(true);
  });

  test("a staged copy that is not needed, since the file is emptied, is given up", async () => {
    overlay.file("lower1", "big", Buffer.alloc(3 * 1024 * 1024, 7));
    const file = overlay.at("big") as FileInode;
    await overlay.engine.stage(file);
    expect(overlay.engine.setattr(file, { size: 0 })).toBe(0);
    expect(file.staged).toBeNull();
    expect(overlay.write(file, "x")).toBe(1);
    expect(readFileSync(overlay.path("upper", "big"), "latin1")).toBe("x");
  });

  test("a staged copy that can't be published fails all who waited for it, and is begun anew for who comes then", async () => {
    overlay.file("lower1", "big", Buffer.alloc(3 * 1024 * 1024, 7));
    const file = overlay.at("big");
    await overlay.engine.stage(file);
    overlay.file("upper", "big", "in the way");
    expect(overlay.write(file, "x")).toBe(-E.EEXIST);
    unlinkSync(overlay.path("upper", "big"));
    expect(overlay.write(file, "y")).toBe(-E.EEXIST);
    await overlay.engine.stage(file);
    expect(overlay.write(file, "z")).toBe(1);
  });

  test("a staged copy whose inode goes away leaves nothing", async () => {
    overlay.file("lower1", "big", Buffer.alloc(3 * 1024 * 1024, 7));
    const file = overlay.at("big");
    const staging = overlay.engine.stage(file);
    overlay.engine.forget(file, 1);
    await staging;
    expect(overlay.workContent()).toEqual([]);
    expect(existsSync(overlay.path("upper", "big"))).toBe(false);
  });

  test("a dropped inode takes its parents along, and the root stays", () => {
    overlay.file("lower1", "a/b/c/f");
    const file = overlay.at("a/b/c/f");
    expect(overlay.engine.inodeCount).toBe(5);
    const [link] = file.isDirectory ? [] : file.links;
    for (let parent = link!.parent; parent.parent; parent = parent.parent) overlay.engine.forget(parent, 1);
    expect(overlay.engine.inodeCount).toBe(5);
    overlay.engine.forget(file, 1);
    expect(overlay.engine.inodeCount).toBe(1);
  });
});
