/** What crosses the engine's border: who asks, what is to change, what a directory lists. */
import type { Bytes } from "../sys/bytes.js";

/** Who asks for something to be made: its owner and the umask that applies. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly umask: number;
}

/** A point in time; `nsec` may be UTIME_NOW. */
export interface Time {
  readonly sec: number;
  readonly nsec: number;
}

/** The attributes to set, as in setattr; what is absent stays. */
export interface AttrChange {
  /** Permission bits, setuid, setgid and sticky (07777). */
  readonly mode?: number;
  /** -1 leaves it as it is; of both ids that is a chown(2) all the same, which sets the ctime. */
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly atime?: Time;
  readonly mtime?: Time;
  /** Clear setuid and setgid, as a write or a chown by another than root does (FUSE_HANDLE_KILLPRIV_V2). */
  readonly killPrivileges?: boolean;
  /** With it, setgid goes too where the group may not execute: who asks is not in the file's group. */
  readonly killSetgid?: boolean;
  /** The mtime is that of data that was accepted before, and is owed even to a file that may not be changed any more. */
  readonly isOwed?: boolean;
}

/** A change that leaves the data alone: of names, xattrs and the like. */
export const NO_DATA: AttrChange = {};

/** One name of a merged directory. */
export interface DirectoryEntry {
  readonly name: Bytes;
  /** DT_* of readdir(3). */
  readonly type: number;
  /** What stat(2) answers as st_ino; never 0. */
  readonly ino: bigint;
  /** Its position: the next read starts behind it. Grows along a listing, is below 2^53, and belongs to the name. */
  readonly cookie: number;
}

/** Types of directory entries that the engine asks about; `<dirent.h>`. */
export const DT_UNKNOWN = 0;
export const DT_CHR = 2;
export const DT_DIR = 4;
export const DT_REG = 8;

/** DT_* of readdir(3), as in `<dirent.h>`: the type bits of a mode, shifted right by 12. */
export function direntType(mode: number): number {
  return (mode >> 12) & 0o17;
}

/** Where the engine reports what no caller can be told. */
export interface Log {
  /** Something is wrong with a layer, or a clean-up failed. `cause` groups repeats: each is logged once. */
  warn(message: string, cause?: string): void;
}
