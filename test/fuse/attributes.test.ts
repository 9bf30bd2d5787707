import { expect, test } from "vitest";
import type { Inode } from "../../src/engine/inode.js";
import type { AttrChange } from "../../src/engine/types.js";
import {
  FATTR_ATIME, FATTR_ATIME_NOW, FATTR_CTIME, FATTR_FH, FATTR_GID, FATTR_KILL_SUIDGID, FATTR_MODE, FATTR_MTIME,
  FATTR_MTIME_NOW, FATTR_SIZE, FATTR_UID, Opcode, STATX_BASIC_STATS, STATX_BTIME,
} from "../../src/fuse/protocol.js";
import { fuse_attr, fuse_attr_out, fuse_kstatfs, fuse_setattr_in, fuse_statx, fuse_statx_in, fuse_statx_out, fuse_sx_time } from "../../src/fuse/structs.js";
import { bytes } from "../../src/sys/bytes.js";
import { FS_IMMUTABLE_FL, UTIME_NOW } from "../../src/sys/constants.js";
import { S_IFREG, type Stat } from "../../src/sys/stat.js";
import { encode, file, fill, serve, settle } from "./fixture.js";

const getattr = (_: Inode, stat: Stat): number => fill(stat, 42n, { Mode: S_IFREG | 0o600, Nlink: 2, Uid: 5, Size: 3, MtimeSec: 100, MtimeNsec: 7, BtimeSec: 50, Mask: 0xfff });

/** Serves SETATTR; the change that the engine was asked for, or null. */
function setattr(members: Partial<Record<keyof typeof fuse_setattr_in, number>>): AttrChange | null {
  let asked: AttrChange | null = null;
  const served = serve({ getattr, setattr: (_, change) => { asked = change; return 0; } });
  const answer = served.send(Opcode.SETATTR, { nodeid: 7 }, encode(fuse_setattr_in, members))!;
  expect([answer.error, answer.body.length]).toEqual([0, fuse_attr_out.sizeof]);
  expect(answer.u64(fuse_attr_out.attr + fuse_attr.ino)).toBe(42n);
  return asked;
}

test("GETATTR answers the attributes for good", () => {
  const answer = serve({ getattr }).send(Opcode.GETATTR, { nodeid: 7 }, Buffer.alloc(16))!;
  expect(answer.body).toHaveLength(fuse_attr_out.sizeof);
  expect(answer.u64(fuse_attr_out.attr_valid)).toBeGreaterThan(1_000_000_000n);
  expect(answer.u32(fuse_attr_out.attr + fuse_attr.nlink)).toBe(2);
  expect(answer.u32(fuse_attr_out.attr + fuse_attr.uid)).toBe(5);
});

test("the attributes of a protected file are not kept, so that the kernel asks before each open", () => {
  const answer = serve({ getattr, protection: () => FS_IMMUTABLE_FL }).send(Opcode.GETATTR, { nodeid: 7 }, Buffer.alloc(16))!;
  expect(answer.u64(fuse_attr_out.attr_valid)).toBe(0n);
});

test("STATX answers the birth time too", () => {
  const answer = serve({ getattr }).send(Opcode.STATX, { nodeid: 7 }, encode(fuse_statx_in, { sx_mask: 0xfff }))!;
  const at = fuse_statx_out.stat;
  expect(answer.body).toHaveLength(fuse_statx_out.sizeof);
  expect(answer.u32(at + fuse_statx.mask)).toBe(STATX_BASIC_STATS | STATX_BTIME);
  expect(answer.u16(at + fuse_statx.mode)).toBe(S_IFREG | 0o600);
  expect(answer.u64(at + fuse_statx.btime + fuse_sx_time.tv_sec)).toBe(50n);
  expect(answer.u64(at + fuse_statx.mtime + fuse_sx_time.tv_sec)).toBe(100n);
});

test("SETATTR: each bit of FATTR_ on its own", () => {
  expect(setattr({ valid: FATTR_MODE, mode: S_IFREG | 0o4711, uid: 9, size: 9 })).toEqual({ mode: 0o4711 });
  expect(setattr({ valid: FATTR_UID, uid: 9 })).toEqual({ uid: 9 });
  expect(setattr({ valid: FATTR_GID, gid: 9 })).toEqual({ gid: 9 });
  expect(setattr({ valid: FATTR_SIZE, size: 6_000_000_000 })).toEqual({ size: 6_000_000_000 });
  expect(setattr({ valid: FATTR_ATIME, atime: 3, atimensec: 4 })).toEqual({ atime: { sec: 3, nsec: 4 } });
  expect(setattr({ valid: FATTR_ATIME | FATTR_ATIME_NOW, atime: 3 })).toEqual({ atime: { sec: 0, nsec: UTIME_NOW } });
  expect(setattr({ valid: FATTR_MTIME, mtime: -3, mtimensec: 4 })).toEqual({ mtime: { sec: -3, nsec: 4 } });
  expect(setattr({ valid: FATTR_MTIME | FATTR_MTIME_NOW })).toEqual({ mtime: { sec: 0, nsec: UTIME_NOW } });
  expect(setattr({ valid: FATTR_UID | FATTR_KILL_SUIDGID, uid: 1 })).toEqual({ uid: 1, killPrivileges: true });
  // chown(2) of neither id, with the kernel's ctime where that keeps it.
  expect([0, FATTR_CTIME, FATTR_FH | FATTR_CTIME].map((valid) => setattr({ valid, ctime: 9 }))).toEqual(Array(3).fill({ uid: -1, gid: -1 }));
});

test("the kernel writing back times that are there already changes nothing, so a lower file is not copied up", () => {
  const valid = FATTR_MTIME | FATTR_CTIME | FATTR_FH;
  expect(setattr({ valid, mtime: 100, mtimensec: 7, ctime: 200 })).toBeNull();
  expect(setattr({ valid, mtime: 100, mtimensec: 8, ctime: 200 })).toEqual({ mtime: { sec: 100, nsec: 8 } });
  expect(setattr({ valid: valid | FATTR_MODE, mtime: 100, mtimensec: 7 })).not.toBeNull();
});

test("READLINK answers the bytes of the target", () => {
  const answer = serve({ readlink: () => bytes("../ü") }).send(Opcode.READLINK, { nodeid: 7 })!;
  expect(answer.body.toString()).toBe("../ü");
});

test("STATFS passes on the numbers of the upper", async () => {
  const served = serve({ statfs: (out) => { out.set([0, 4096, 100, 50, 40, 30, 20, 255, 1024, 0]); return 0; } });
  served.send(Opcode.STATFS, { nodeid: file.id });
  await settle();
  const answer = served.device.messages[0]!;
  expect(answer.body).toHaveLength(fuse_kstatfs.sizeof);
  expect([fuse_kstatfs.blocks, fuse_kstatfs.bfree, fuse_kstatfs.bavail, fuse_kstatfs.files, fuse_kstatfs.ffree].map((at) => Number(answer.u64(at))))
    .toEqual([100, 50, 40, 30, 20]);
  expect([fuse_kstatfs.bsize, fuse_kstatfs.namelen, fuse_kstatfs.frsize].map((at) => answer.u32(at))).toEqual([4096, 255, 1024]);
});
