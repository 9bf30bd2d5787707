/**
 * Attributes as callers see them: the merged view of one object at one moment, never changed afterwards.
 * Inode numbers and times are bigints, because 64 bits and nanoseconds do not fit into a number.
 */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, type Stat } from "../sys/stat.js";
import { StatfsField } from "../sys/statfs.js";
import { toNanoseconds } from "./times.js";

/** The questions about a file type that node:fs answers in Stats and Dirent. */
export abstract class FileType {
  /** The S_IFMT bits of a mode. */
  abstract readonly type: number;

  isFile(): boolean { return this.type === S_IFREG; }
  isDirectory(): boolean { return this.type === S_IFDIR; }
  isSymbolicLink(): boolean { return this.type === S_IFLNK; }
  isCharacterDevice(): boolean { return this.type === S_IFCHR; }
  isBlockDevice(): boolean { return this.type === S_IFBLK; }
  isFIFO(): boolean { return this.type === S_IFIFO; }
  isSocket(): boolean { return this.type === S_IFSOCK; }
}

function toDate(nanoseconds: bigint): Date {
  return new Date(Number(nanoseconds / 1_000_000n));
}

/** What stat(2) tells of a file in the merged tree. */
export class OverlayStats extends FileType {
  /** File type and permission bits. */
  readonly mode: number;
  readonly size: number;
  readonly ino: bigint;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** The device that a device node stands for; 0 for all else. */
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  /** Preferred size of a read or write, in bytes. */
  readonly blksize: number;
  /** Space used, in units of 512 bytes. */
  readonly blocks: number;
  /** Nanoseconds since 1970. */
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** 0 where the file system keeps no birth time. */
  readonly birthtimeNs: bigint;

  constructor(stat: Stat) {
    super();
    this.mode = stat.mode;
    this.size = stat.size;
    this.ino = stat.ino;
    this.nlink = stat.nlink;
    this.uid = stat.uid;
    this.gid = stat.gid;
    this.rdevMajor = stat.rdevMajor;
    this.rdevMinor = stat.rdevMinor;
    this.blksize = stat.blksize;
    this.blocks = stat.blocks;
    this.atimeNs = toNanoseconds(stat.atimeSec, stat.atimeNsec);
    this.mtimeNs = toNanoseconds(stat.mtimeSec, stat.mtimeNsec);
    this.ctimeNs = toNanoseconds(stat.ctimeSec, stat.ctimeNsec);
    this.birthtimeNs = toNanoseconds(stat.btimeSec, stat.btimeNsec);
  }

  get type(): number { return this.mode & S_IFMT; }
  get atime(): Date { return toDate(this.atimeNs); }
  get mtime(): Date { return toDate(this.mtimeNs); }
  get ctime(): Date { return toDate(this.ctimeNs); }
  get birthtime(): Date { return toDate(this.birthtimeNs); }
}

/** One name of a directory listing. */
export class OverlayEntry<Name extends string | Buffer = string> extends FileType {
  constructor(
    readonly name: Name,
    readonly ino: bigint,
    /** The S_IFMT bits of its mode. */
    readonly type: number,
  ) {
    super();
  }
}

/** Space and names of the file system that takes the changes; statfs(2). */
export interface OverlayStatFs {
  readonly type: number;
  /** Bytes in one of the units that `blocks`, `bfree` and `bavail` count. */
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
  /** Longest name, in bytes. */
  readonly namelen: number;
}

/** From the doubles that `Engine.statfs` fills. */
export function toStatFs(fields: Float64Array): OverlayStatFs {
  const of = (field: StatfsField): number => fields[field]!;
  return {
    type: of(StatfsField.Type), bsize: of(StatfsField.Frsize), blocks: of(StatfsField.Blocks), bfree: of(StatfsField.Bfree),
    bavail: of(StatfsField.Bavail), files: of(StatfsField.Files), ffree: of(StatfsField.Ffree), namelen: of(StatfsField.Namelen),
  };
}
