/**
 * Attributes and entries in the kernel's form. Each function writes one whole structure at an offset of the
 * reply, padding included, and leaves the rest alone.
 */
import { encodeDevice } from "../sys/device.js";
import { native } from "../sys/native.js";
import type { Stat } from "../sys/stat.js";
import { StatfsField } from "../sys/statfs.js";
import { STATX_BASIC_STATS, STATX_BTIME } from "./protocol.js";
import type { Reply } from "./reply.js";
import {
  fuse_attr, fuse_attr_out, fuse_dirent, fuse_entry_out, fuse_kstatfs, fuse_statx, fuse_statx_out, fuse_sx_time,
} from "./structs.js";
import type { Bytes } from "../sys/bytes.js";

/**
 * How long the kernel may keep what it is told, in seconds: longer than it runs. Only this daemon changes the
 * overlay, and it takes back what it changes itself (notify.ts).
 */
export const FOREVER = 0x7fff_ffff;

const NANOSECONDS = 1e9;

/** A lifetime in seconds as the kernel has it: those that are whole, and behind them nanoseconds. */
function encodeLifetime(reply: Reply, seconds: number, nanoseconds: number, lifetime: number): void {
  const whole = Math.floor(lifetime);
  reply.setU64(seconds, whole);
  if (whole !== lifetime) reply.setU32(nanoseconds, Math.floor((lifetime - whole) * NANOSECONDS));
}

/**
 * Says of each file handle which daemon gave it out: nodeids are counted from 1 in each. A handle of a former
 * mount is ESTALE then, and not another file.
 */
const GENERATION = randomGeneration();

/** From 1 to 2 ** 31. */
function randomGeneration(): number {
  const random = new Uint32Array(1);
  native.getrandom(new Uint8Array(random.buffer));
  return (random[0]! >>> 1) + 1;
}

function encodeAttr(reply: Reply, at: number, stat: Stat): void {
  reply.clear(at, fuse_attr.sizeof);
  reply.setBig(at + fuse_attr.ino, stat.ino);
  reply.setU64(at + fuse_attr.size, stat.size);
  reply.setU64(at + fuse_attr.blocks, stat.blocks);
  reply.setU64(at + fuse_attr.atime, stat.atimeSec);
  reply.setU64(at + fuse_attr.mtime, stat.mtimeSec);
  reply.setU64(at + fuse_attr.ctime, stat.ctimeSec);
  reply.setU32(at + fuse_attr.atimensec, stat.atimeNsec);
  reply.setU32(at + fuse_attr.mtimensec, stat.mtimeNsec);
  reply.setU32(at + fuse_attr.ctimensec, stat.ctimeNsec);
  reply.setU32(at + fuse_attr.mode, stat.mode);
  reply.setU32(at + fuse_attr.nlink, stat.nlink);
  reply.setU32(at + fuse_attr.uid, stat.uid);
  reply.setU32(at + fuse_attr.gid, stat.gid);
  reply.setU32(at + fuse_attr.rdev, encodeDevice(stat.rdevMajor, stat.rdevMinor));
  reply.setU32(at + fuse_attr.blksize, stat.blksize);
}

/** fuse_attr_out, to be kept for `lifetime` seconds; its size. */
export function encodeAttrOut(reply: Reply, stat: Stat, lifetime: number): number {
  reply.clear(0, fuse_attr_out.attr);
  encodeLifetime(reply, fuse_attr_out.attr_valid, fuse_attr_out.attr_valid_nsec, lifetime);
  encodeAttr(reply, fuse_attr_out.attr, stat);
  return fuse_attr_out.sizeof;
}

/** fuse_entry_out at `at`; the id is counted as one lookup by the kernel. */
export function encodeEntry(reply: Reply, at: number, id: number, stat: Stat, nameLifetime: number, lifetime: number): number {
  reply.clear(at, fuse_entry_out.attr);
  reply.setU64(at + fuse_entry_out.nodeid, id);
  reply.setU64(at + fuse_entry_out.generation, GENERATION);
  encodeLifetime(reply, at + fuse_entry_out.entry_valid, at + fuse_entry_out.entry_valid_nsec, nameLifetime);
  encodeLifetime(reply, at + fuse_entry_out.attr_valid, at + fuse_entry_out.attr_valid_nsec, lifetime);
  encodeAttr(reply, at + fuse_entry_out.attr, stat);
  return fuse_entry_out.sizeof;
}

/** An entry that says: there is no such name, and that may be kept. */
export function encodeNegativeEntry(reply: Reply, lifetime: number): number {
  reply.clear(0, fuse_entry_out.sizeof);
  encodeLifetime(reply, fuse_entry_out.entry_valid, fuse_entry_out.entry_valid_nsec, lifetime);
  return fuse_entry_out.sizeof;
}

function encodeTime(reply: Reply, at: number, seconds: number, nanoseconds: number): void {
  reply.setU64(at + fuse_sx_time.tv_sec, seconds);
  reply.setU32(at + fuse_sx_time.tv_nsec, nanoseconds);
}

/** fuse_statx_out, to be kept for `lifetime` seconds; its size. */
export function encodeStatx(reply: Reply, stat: Stat, lifetime: number): number {
  const at = fuse_statx_out.stat;
  reply.clear(0, fuse_statx_out.sizeof);
  encodeLifetime(reply, fuse_statx_out.attr_valid, fuse_statx_out.attr_valid_nsec, lifetime);
  reply.setU32(at + fuse_statx.mask, STATX_BASIC_STATS | (stat.mask & STATX_BTIME));
  reply.setU32(at + fuse_statx.blksize, stat.blksize);
  reply.setU32(at + fuse_statx.nlink, stat.nlink);
  reply.setU32(at + fuse_statx.uid, stat.uid);
  reply.setU32(at + fuse_statx.gid, stat.gid);
  reply.setU16(at + fuse_statx.mode, stat.mode);
  reply.setBig(at + fuse_statx.ino, stat.ino);
  reply.setU64(at + fuse_statx.size, stat.size);
  reply.setU64(at + fuse_statx.blocks, stat.blocks);
  encodeTime(reply, at + fuse_statx.atime, stat.atimeSec, stat.atimeNsec);
  encodeTime(reply, at + fuse_statx.btime, stat.btimeSec, stat.btimeNsec);
  encodeTime(reply, at + fuse_statx.ctime, stat.ctimeSec, stat.ctimeNsec);
  encodeTime(reply, at + fuse_statx.mtime, stat.mtimeSec, stat.mtimeNsec);
  reply.setU32(at + fuse_statx.rdev_major, stat.rdevMajor);
  reply.setU32(at + fuse_statx.rdev_minor, stat.rdevMinor);
  return fuse_statx_out.sizeof;
}

/** fuse_statfs_out from the numbers of Engine.statfs; its size. */
export function encodeStatfs(reply: Reply, numbers: Float64Array): number {
  reply.clear(0, fuse_kstatfs.sizeof);
  reply.setU64(fuse_kstatfs.blocks, numbers[StatfsField.Blocks]!);
  reply.setU64(fuse_kstatfs.bfree, numbers[StatfsField.Bfree]!);
  reply.setU64(fuse_kstatfs.bavail, numbers[StatfsField.Bavail]!);
  reply.setU64(fuse_kstatfs.files, numbers[StatfsField.Files]!);
  reply.setU64(fuse_kstatfs.ffree, numbers[StatfsField.Ffree]!);
  reply.setU32(fuse_kstatfs.bsize, numbers[StatfsField.Bsize]!);
  reply.setU32(fuse_kstatfs.namelen, numbers[StatfsField.Namelen]!);
  reply.setU32(fuse_kstatfs.frsize, numbers[StatfsField.Frsize]!);
  return fuse_kstatfs.sizeof;
}

/** The bytes that a fuse_dirent with a name takes, padded to 8 as FUSE_DIRENT_SIZE. */
export function direntSize(name: Bytes): number {
  return (fuse_dirent.sizeof + name.length + 7) & ~7;
}

/** fuse_dirent at `at`, its name and the padding behind; `offset` is where the next read goes on. */
export function encodeDirent(reply: Reply, at: number, ino: bigint, offset: number, type: number, name: Bytes): void {
  reply.clear(at + direntSize(name) - 8, 8);
  reply.setBig(at + fuse_dirent.ino, ino);
  reply.setU64(at + fuse_dirent.off, offset);
  reply.setU32(at + fuse_dirent.namelen, name.length);
  reply.setU32(at + fuse_dirent.type, type);
  reply.setBytes(at + fuse_dirent.sizeof, name);
}
