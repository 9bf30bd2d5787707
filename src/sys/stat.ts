/**
 * The answer of statx(2) in a reusable object: the native side fills a block of 64-bit fields, so that no
 * object is made per call. All fields are doubles but for the inode number, which needs its 64 bits.
 */

const FIELDS = 24;

/** Order of the 64-bit fields; `native-bindings/stat.c` fills them in this order. */
const enum Field {
  Mode, Nlink, Uid, Gid, Ino, Size, Blocks, Blksize,
  AtimeSec, AtimeNsec, MtimeSec, MtimeNsec, CtimeSec, CtimeNsec, BtimeSec, BtimeNsec,
  RdevMajor, RdevMinor, DevMajor, DevMinor, MountId, Mask, Attributes,
}

/** From linux/stat.h. */
const STATX_ATTR_IMMUTABLE = 0x10;
const STATX_ATTR_APPEND = 0x20;

/** File types of `mode`, from inode(7). */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;

/** One file's attributes. Times are seconds and nanoseconds; `blocks` counts 512 bytes. */
export class Stat {
  /** The block that native calls fill. */
  readonly fields = new Float64Array(FIELDS);
  readonly #wide = new BigUint64Array(this.fields.buffer);

  get mode(): number { return this.fields[Field.Mode]!; }
  set mode(v: number) { this.fields[Field.Mode] = v; }
  get nlink(): number { return this.fields[Field.Nlink]!; }
  set nlink(v: number) { this.fields[Field.Nlink] = v; }
  get uid(): number { return this.fields[Field.Uid]!; }
  set uid(v: number) { this.fields[Field.Uid] = v; }
  get gid(): number { return this.fields[Field.Gid]!; }
  set gid(v: number) { this.fields[Field.Gid] = v; }
  get ino(): bigint { return this.#wide[Field.Ino]!; }
  set ino(v: bigint) { this.#wide[Field.Ino] = v; }
  get size(): number { return this.fields[Field.Size]!; }
  set size(v: number) { this.fields[Field.Size] = v; }
  get blocks(): number { return this.fields[Field.Blocks]!; }
  set blocks(v: number) { this.fields[Field.Blocks] = v; }
  get blksize(): number { return this.fields[Field.Blksize]!; }
  get atimeSec(): number { return this.fields[Field.AtimeSec]!; }
  get atimeNsec(): number { return this.fields[Field.AtimeNsec]!; }
  get mtimeSec(): number { return this.fields[Field.MtimeSec]!; }
  get mtimeNsec(): number { return this.fields[Field.MtimeNsec]!; }
  get ctimeSec(): number { return this.fields[Field.CtimeSec]!; }
  get ctimeNsec(): number { return this.fields[Field.CtimeNsec]!; }
  get btimeSec(): number { return this.fields[Field.BtimeSec]!; }
  get btimeNsec(): number { return this.fields[Field.BtimeNsec]!; }
  get rdevMajor(): number { return this.fields[Field.RdevMajor]!; }
  get rdevMinor(): number { return this.fields[Field.RdevMinor]!; }
  get devMajor(): number { return this.fields[Field.DevMajor]!; }
  get devMinor(): number { return this.fields[Field.DevMinor]!; }
  /** STATX_MNT_ID, or 0 where the kernel has none (before 5.8). */
  get mountId(): number { return this.fields[Field.MountId]!; }
  /** `stx_mask`: which fields the file system filled. */
  get mask(): number { return this.fields[Field.Mask]!; }

  /** `stx_attributes`, as statx(2) says it. */
  get isImmutable(): boolean { return (this.fields[Field.Attributes]! & STATX_ATTR_IMMUTABLE) !== 0; }
  get isAppendOnly(): boolean { return (this.fields[Field.Attributes]! & STATX_ATTR_APPEND) !== 0; }

  /** The file type bits of `mode`. */
  get type(): number { return this.mode & S_IFMT; }
  get isDirectory(): boolean { return this.type === S_IFDIR; }

  /** A device number as one comparable value. */
  get dev(): number { return this.devMajor * 0x100000 + this.devMinor; }
}
