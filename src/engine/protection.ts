/**
 * Immutable and append-only objects (chattr +i, +a): what the kernel's VFS refuses for them with EPERM. It
 * does not know of them on a FUSE mount, so the engine refuses here, before anything is copied up or changed.
 * In the upper they are never real flags, which would stand in the way of a copy-up, but an xattr.
 * Source: OVL_PROT_I_FLAGS_MASK and ovl_check_protattr in fs/overlayfs; may_setattr in fs/attr.c, may_delete
 * and may_open in fs/namei.c, xattr_permission in fs/xattr.c, vfs_fallocate in fs/open.c.
 */
import { FALLOC_FL_KEEP_SIZE, FS_APPEND_FL, FS_IMMUTABLE_FL, O_NOFOLLOW, O_RDONLY, UTIME_NOW } from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFDIR, S_IFREG, Stat } from "../sys/stat.js";
import type { Inode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import type { Place } from "./real.js";
import type { AttrChange } from "./types.js";

/** FS_IMMUTABLE_FL, FS_APPEND_FL, or both; 0 for nearly all that there is. */
export type Protection = number;

export const PROTECTING = FS_IMMUTABLE_FL | FS_APPEND_FL;

const stat = new Stat();

/** How an inode is protected; found out once, and kept over a copy-up. */
export function protectionOf(fs: OverlayFs, inode: Inode): Protection {
  return inode.protection ?? (inode.protection = findProtection(fs, inode));
}

function findProtection(fs: OverlayFs, inode: Inode): Protection {
  if (inode.type !== S_IFREG && inode.type !== S_IFDIR) return 0;
  const real = realProtection(inode.real);
  return inode.upper ? real | protattr(fs, inode.upper) : real;
}

/** The flags of a real object. Some file systems (erofs) call all files immutable and have no such flag. */
export function realProtection(place: Place): Protection {
  const dirfd = place.dirfd();
  if (dirfd < 0 || native.statx(dirfd, place.name, stat.fields) < 0) return 0;
  if (!stat.isImmutable && !stat.isAppendOnly) return 0;
  const fd = place.layer.openQuietly(dirfd, place.name, O_RDONLY | O_NOFOLLOW);
  if (fd < 0) return 0;
  const flags = native.getFileFlags(fd);
  native.close(fd);
  return flags < 0 ? 0 : flags & PROTECTING;
}

const IMMUTABLE_LETTER = 0x69;
const APPEND_LETTER = 0x61;

/** The protection that an object of the upper carries as an xattr: the letters `a` and `i`. */
function protattr(fs: OverlayFs, upper: Place): Protection {
  const value = readXattr(upper, upper.layer.xattrs.protattr);
  if (typeof value === "number") return 0;
  let protection = 0;
  for (const letter of value) {
    if (letter === APPEND_LETTER) protection |= FS_APPEND_FL;
    else if (letter === IMMUTABLE_LETTER) protection |= FS_IMMUTABLE_FL;
    else return unreadable(fs);
  }
  return value.length === 0 ? unreadable(fs) : protection;
}

function unreadable(fs: OverlayFs): Protection {
  fs.log.warn("an overlay.protattr xattr is not understood and is ignored", "protattr");
  return 0;
}

/** The value of that xattr; empty where there is nothing to keep. */
export function encodeProtattr(protection: Protection): Buffer {
  return Buffer.from(`${protection & FS_APPEND_FL ? "a" : ""}${protection & FS_IMMUTABLE_FL ? "i" : ""}`);
}

/** May names be added to a directory; 0 or EPERM. */
export function mayAdd(fs: OverlayFs, directory: Inode): number {
  return protectionOf(fs, directory) & FS_IMMUTABLE_FL ? -E.EPERM : 0;
}

/** May this object's name be taken from its directory; 0 or EPERM. */
export function mayRemove(fs: OverlayFs, directory: Inode, inode: Inode): number {
  return protectionOf(fs, directory) || protectionOf(fs, inode) ? -E.EPERM : 0;
}

/** May it be linked, and may its xattrs be changed; 0 or EPERM. */
export function mayChange(fs: OverlayFs, inode: Inode): number {
  return protectionOf(fs, inode) ? -E.EPERM : 0;
}

/** May attributes be changed; 0 or EPERM. Of an append-only file the times may be set to the present. */
export function maySetAttributes(fs: OverlayFs, inode: Inode, change: AttrChange): number {
  const protection = protectionOf(fs, inode);
  if (!protection || change.isOwed) return 0;
  if (protection & FS_IMMUTABLE_FL) return -E.EPERM;
  const { mode, uid, gid, size, atime, mtime } = change;
  const isSet = mode !== undefined || uid !== undefined || gid !== undefined || size !== undefined;
  // A cache that keeps the mtime says it in numbers where the caller said "now"; then the atime tells.
  const time = atime ?? mtime;
  return isSet || (time && time.nsec !== UTIME_NOW) ? -E.EPERM : 0;
}

/** May data be changed through an open file; 0 or EPERM. What is appended is told apart by `mayOverwrite`. */
export function mayChangeData(fs: OverlayFs, inode: Inode): number {
  return protectionOf(fs, inode) & FS_IMMUTABLE_FL ? -E.EPERM : 0;
}

/** May fallocate(2) change a file in this way; 0 or EPERM. */
export function mayAllocate(fs: OverlayFs, inode: Inode, mode: number): number {
  const protection = protectionOf(fs, inode);
  if (!protection) return 0;
  return protection & FS_IMMUTABLE_FL || mode & ~FALLOC_FL_KEEP_SIZE ? -E.EPERM : 0;
}

/**
 * May these bytes be written to an open file; 0 or EPERM. Who opened it is not known here, so what is asked of
 * an append-only file is that bytes it has stay what they are: a cache writes whole pages, old bytes with new.
 */
export function mayWrite(
  fs: OverlayFs, inode: Inode, fd: number, buffer: Uint8Array, offset: number, length: number, position: number,
): number {
  if (!(protectionOf(fs, inode) & FS_APPEND_FL)) return 0;
  const standing = Buffer.allocUnsafe(length);
  const read = native.pread(fd, standing, 0, length, position);
  if (read < 0) return read;
  return standing.compare(buffer, offset, offset + read, 0, read) === 0 ? 0 : -E.EPERM;
}
