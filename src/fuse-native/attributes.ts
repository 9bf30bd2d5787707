/**
 * Attributes in the form fuse-native takes them: its C half carries 32-bit numbers and milliseconds. What does
 * not fit is narrowed here and nowhere else; `limits.ts` says what that costs.
 */
import { encodeDevice } from "../sys/device.js";
import type { Stat } from "../sys/stat.js";
import type { Time } from "../engine/types.js";
import type { InodeNumbers } from "./inode-numbers.js";

/** The stat object of fuse-native; times are milliseconds since 1970. */
export interface NativeStat {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nlink: number;
  readonly ino: number;
  readonly rdev: number;
  readonly blksize: number;
  readonly blocks: number;
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
}

/** The statfs object of fuse-native. */
export interface NativeStatFs {
  readonly bsize: number;
  readonly frsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
  readonly favail: number;
  readonly namemax: number;
}

const UINT32_MAX = 0xffff_ffff;

/** A time before 1970 does not pass the unsigned milliseconds of fuse-native: it is shown as 1970. */
function toMilliseconds(sec: number, nsec: number): number {
  return Math.max(sec * 1000 + Math.floor(nsec / 1e6), 0);
}

export function fromMilliseconds(milliseconds: number): Time {
  const sec = Math.floor(milliseconds / 1000);
  return { sec, nsec: (milliseconds - sec * 1000) * 1e6 };
}

export function toNativeStat(stat: Stat, numbers: InodeNumbers): NativeStat {
  return {
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    size: stat.size,
    nlink: stat.nlink,
    ino: numbers.narrow(stat.ino),
    rdev: encodeDevice(stat.rdevMajor, stat.rdevMinor),
    blksize: stat.blksize,
    blocks: stat.blocks,
    atime: toMilliseconds(stat.atimeSec, stat.atimeNsec),
    mtime: toMilliseconds(stat.mtimeSec, stat.mtimeNsec),
    ctime: toMilliseconds(stat.ctimeSec, stat.ctimeNsec),
  };
}

/** From the doubles of `Engine.statfs`. Blocks are counted in larger units where their number exceeds 32 bits. */
export function toNativeStatFs(fields: Float64Array): NativeStatFs {
  const [, bsize = 0, blocks = 0, bfree = 0, bavail = 0, files = 0, ffree = 0, namelen = 0, frsize = 0] = fields;
  let unit = 1;
  while (blocks / unit > UINT32_MAX) unit *= 2;
  const inUnits = (count: number): number => Math.floor(count / unit);
  return {
    bsize: Math.max(bsize, frsize * unit),
    frsize: frsize * unit,
    blocks: inUnits(blocks),
    bfree: inUnits(bfree),
    bavail: inUnits(bavail),
    files: Math.min(files, UINT32_MAX),
    ffree: Math.min(ffree, UINT32_MAX),
    favail: Math.min(ffree, UINT32_MAX),
    namemax: namelen,
  };
}
