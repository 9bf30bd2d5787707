/** Owners, links, ACLs and inode numbers that are shown otherwise than they are on disk. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lstatSync } from "node:fs";
import { InodeNumbers } from "../../src/engine/inode-number.js";
import type { PresentationOptions } from "../../src/engine/options.js";
import { E, errnoName } from "../../src/sys/errno.js";
import type { Inode } from "../../src/engine/inode.js";
import { Fixture, isRoot, name } from "./fixture.js";

const ACL = name("system.posix_acl_access");
const empty = Buffer.alloc(0);

let overlay: Fixture;
beforeEach(() => { overlay = new Fixture(1); });
afterEach(() => overlay.close());

function openWith(how: PresentationOptions): void { overlay.open({ ...overlay.options, ...how }); }

function shownOwner(path: string): readonly [number, number] {
  const { uid, gid } = overlay.stat(overlay.at(path));
  return [uid, gid];
}

function storedOwner(path: string): readonly [number, number] {
  const { uid, gid } = lstatSync(overlay.path("upper", path));
  return [uid, gid];
}

function lowerFile(path: string, owner: number): void {
  overlay.file("lower1", path);
  overlay.run("chown", `${String(owner)}:${String(owner)}`, overlay.path("lower1", path));
}

/** The ids that the ACL of an inode names, in its order. */
function aclIds(inode: Inode): number[] {
  const buffer = Buffer.alloc(256);
  const length = overlay.engine.getxattr(inode, ACL, buffer);
  if (length < 0) throw new Error(errnoName(length));
  const ids = Array.from({ length: (length - 4) / 8 }, (_, i) => buffer.readUInt32LE(4 + i * 8 + 4));
  return ids.filter((id) => id !== 0xffff_ffff);
}

/** Disk 0..4999 is shown as 100000..104999, and disk 70000 as 0. */
const map = [{ onDisk: 0, shown: 100_000, count: 5000 }, { onDisk: 70_000, shown: 0, count: 1 }];
const mapped: PresentationOptions = { uidMapping: map, gidMapping: map };

describe.runIf(isRoot)("a map of ids", () => {
  test("shows owners of all layers, and those it does not know as the overflow id", () => {
    lowerFile("a", 7);
    lowerFile("b", 70_000);
    lowerFile("c", 5000);
    openWith(mapped);
    expect(["a", "b", "c"].map(shownOwner)).toEqual([[100_007, 100_007], [0, 0], [65534, 65534]]);
  });

  test("stores new owners the other way: of what is made, of a chown, and of what takes a whiteout's place", () => {
    lowerFile("a", 7);
    lowerFile("gone", 7);
    openWith(mapped);
    const { engine } = overlay;
    const caller = { uid: 100_042, gid: 0, umask: 0o022 };
    engine.create(engine.root, name("made"), 0o644, caller);
    expect(engine.unlink(engine.root, name("gone"))).toBe(0);
    engine.mkdir(engine.root, name("gone"), 0o755, caller);
    expect(engine.setattr(overlay.at("a"), { uid: 100_009 })).toBe(0);
    expect(["made", "gone", "a"].map(storedOwner)).toEqual([[42, 70_000], [42, 70_000], [9, 7]]);
    expect(["made", "gone", "a"].map(shownOwner)).toEqual([[100_042, 0], [100_042, 0], [100_009, 100_007]]);
    engine.create(engine.root, name("stranger"), 0o644, { uid: 1, gid: 1, umask: 0 });
    expect(storedOwner("stranger")).toEqual([65534, 65534]);
  });

  test("a file whose owner it does not know keeps that owner over a copy-up", () => {
    lowerFile("f", 5001);
    openWith(mapped);
    expect(overlay.engine.setattr(overlay.at("f"), { mode: 0o600 })).toBe(0);
    expect(storedOwner("f")).toEqual([5001, 5001]);
    expect(overlay.engine.setattr(overlay.at("f"), { uid: 100_000, gid: -1 })).toBe(0);
    expect(storedOwner("f")).toEqual([0, 5001]);
  });

  test("goes for the ids in ACLs too, both ways, and leaves what is handed in alone", () => {
    lowerFile("f", 0);
    overlay.run("setfacl", "-m", "u:3:r,g:4:r,u:9999:r", overlay.path("lower1", "f"));
    openWith(mapped);
    const f = overlay.at("f");
    expect(aclIds(f)).toEqual([100_003, 65534, 100_004]);
    const value = Buffer.alloc(4 + 8 * 5);
    value.writeUInt32LE(2, 0);
    const entries = [[0x01, 6, 0xffff_ffff], [0x02, 4, 100_008], [0x04, 4, 0xffff_ffff], [0x10, 4, 0xffff_ffff], [0x20, 4, 0xffff_ffff]] as const;
    for (const [i, [tag, permissions, id]] of entries.entries()) {
      value.writeUInt16LE(tag, 4 + i * 8);
      value.writeUInt16LE(permissions, 6 + i * 8);
      value.writeUInt32LE(id, 8 + i * 8);
    }
    const handedIn = Buffer.from(value);
    expect(overlay.engine.setxattr(f, ACL, handedIn, 0)).toBe(0);
    expect(handedIn).toEqual(value);
    expect(overlay.run("getfacl", "-nc", overlay.path("upper", "f"))).toMatch(/^user:8:r--$/m);
    expect(aclIds(f)).toEqual([100_008]);
  });
});

describe.runIf(isRoot)("squashed owners", () => {
  test("are those of all files, whoever makes them, and a chown is done and not seen", () => {
    lowerFile("f", 7);
    openWith({ squashUid: 5, squashGid: 6 });
    const { engine } = overlay;
    engine.create(engine.root, name("made"), 0o644, { uid: 9, gid: 9, umask: 0 });
    expect(engine.setattr(overlay.at("f"), { uid: 8 })).toBe(0);
    expect([shownOwner("f"), shownOwner("made"), shownOwner("")]).toEqual([[5, 6], [5, 6], [5, 6]]);
    expect([storedOwner("f"), storedOwner("made")]).toEqual([[8, 7], [9, 9]]);
  });
});

describe.runIf(isRoot)("what else is shown otherwise", () => {
  test("static_nlink: a directory of one layer has one link, a file has those that it has", () => {
    overlay.directory("lower1", "d/sub");
    overlay.file("lower1", "f");
    overlay.run("ln", overlay.path("lower1", "f"), overlay.path("lower1", "g"));
    openWith({});
    expect(overlay.stat(overlay.at("d")).nlink).toBe(3);
    overlay.reopenWith({ ...overlay.options, staticNlink: true });
    expect([overlay.stat(overlay.at("d")).nlink, overlay.stat(overlay.at("f")).nlink]).toEqual([1, 2]);
  });

  test("noacl: ACLs are not shown, listed or set", () => {
    overlay.file("lower1", "f");
    overlay.run("setfacl", "-m", "u:3:r", overlay.path("lower1", "f"));
    openWith({ noAcl: true });
    const f = overlay.at("f");
    expect(overlay.engine.getxattr(f, ACL, empty)).toBe(-E.EOPNOTSUPP);
    expect(overlay.engine.listxattr(f).toString()).toBe("");
    expect(overlay.engine.setxattr(f, ACL, Buffer.alloc(4), 0)).toBe(-E.EOPNOTSUPP);
  });

  test("ino32_t: numbers have 32 bits, those that fit stay, and each is always the same", () => {
    const one = new InodeNumbers([1], true);
    expect([one.on(1, 7n), one.on(1, 0xffff_ffffn)]).toEqual([7n, 0xffff_ffffn]);
    const several = [new InodeNumbers([1, 2], true), new InodeNumbers([1, 2], true)] as const;
    for (const ino of [1n, 0x1234_5678n, 0x1_0000_0000n, 0xffff_ffff_ffff_ffffn]) {
      for (const dev of [1, 2]) {
        const shown = several[0].on(dev, ino);
        expect(shown > 0n && shown < 0x1_0000_0000n, String(shown)).toBe(true);
        expect(several[1].on(dev, ino)).toBe(shown);
      }
      expect(several[0].on(1, ino)).not.toBe(several[0].on(2, ino));
      expect(one.on(1, ino) < 0x1_0000_0000n).toBe(true);
    }
  });
});
