/** What statx says of a file, in values that read well in a failed comparison: times are "seconds.nanoseconds". */
import { raw, check } from "./syscalls.js";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK, Stat } from "../../src/sys/stat.js";
import { native } from "../../src/sys/native.js";

const typeNames = new Map([
  [S_IFREG, "file"], [S_IFDIR, "directory"], [S_IFLNK, "symlink"], [S_IFIFO, "fifo"],
  [S_IFSOCK, "socket"], [S_IFCHR, "character device"], [S_IFBLK, "block device"],
]);

const stat = new Stat();

export interface Attributes {
  readonly type: string;
  /** Permission bits, setuid, setgid and sticky, in octal. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nlink: number;
  readonly atime: string;
  readonly mtime: string;
  /** "major,minor" of a device; "0,0" of all else. */
  readonly device: string;
  readonly ino: bigint;
  /** 512-byte blocks in use. */
  readonly blocks: number;
  /** "major,minor" of the file system that holds it. */
  readonly dev: string;
}

/** A point in time as tests write it. */
export function timeText(seconds: number, nanoseconds: number): string {
  return `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
}

/** The attributes of `path` relative to `dirfd`, symlinks not followed; the empty path is `dirfd` itself. */
export function attributesAt(dirfd: number, path: string): Attributes {
  check(native.statx(dirfd, raw(path), stat.fields), `statx ${path}`);
  return {
    type: typeNames.get(stat.type) ?? "unknown",
    mode: (stat.mode & 0o7777).toString(8),
    uid: stat.uid,
    gid: stat.gid,
    size: stat.size,
    nlink: stat.nlink,
    atime: timeText(stat.atimeSec, stat.atimeNsec),
    mtime: timeText(stat.mtimeSec, stat.mtimeNsec),
    device: `${stat.rdevMajor},${stat.rdevMinor}`,
    ino: stat.ino,
    blocks: stat.blocks,
    dev: `${stat.devMajor},${stat.devMinor}`,
  };
}
