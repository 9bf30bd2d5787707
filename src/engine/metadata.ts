/**
 * Carrying an object's metadata over to its copy: owner, xattrs, origin, mode, times, in this order, because
 * chown(2) takes setuid bits and file capabilities away, and each of them touches the times.
 * Source: ovl_copy_up_metadata and ovl_copy_xattr in fs/overlayfs/copy_up.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { O_NOFOLLOW, O_RDONLY } from "../sys/constants.js";
import { E, isErrno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFDIR, S_IFLNK, S_IFREG, type Stat } from "../sys/stat.js";
import { copyFlags } from "./real-flags.js";
import type { OverlayFs } from "./overlay-fs.js";
import { copyOverride } from "./override-stat.js";
import { listXattrs, readXattr, splitNames } from "./real-xattr.js";
import type { Place } from "./real.js";
import { openFile, setMode, setOwner, setTimes, setXattr } from "./upper.js";
import { isVirtual, XATTR_ACL_ACCESS, XATTR_ACL_DEFAULT } from "./xattr-names.js";

export interface Metadata {
  /** Whose metadata it is. */
  readonly lower: Place;
  readonly stat: Stat;
  /** The value of the origin xattr; null where the copy is not to have one. */
  readonly origin: Buffer | null;
  /** The copy is to have an entry in the index. */
  readonly isIndexed: boolean;
}

/** Gives a new object of the upper (or work) the metadata of the lower one, which may be `opened` already; 0 or an errno. */
export function applyMetadata(fs: OverlayFs, target: Place, { lower, stat, origin }: Metadata, opened: number | null = null): number {
  const overridden = copyOverride(target, stat);
  let error = overridden ?? setOwner(target, stat.uid, stat.gid);
  if (error === -E.EPERM && !fs.credentials.canSwitch) error = 0;
  // The owner has no place in the user namespace; the kernel's overlay says so too.
  if (error === -E.EINVAL) error = fs.presentation?.isSquashed ? 0 : -E.EOVERFLOW;
  if (error >= 0) error = copyXattrs(fs, lower, target);
  if (error >= 0 && (stat.type === S_IFREG || stat.isDirectory)) error = copyFlags(fs, lower, target, opened);
  if (error >= 0 && origin && fs.work!.features.xattr) error = setOrigin(target, origin);
  if (error >= 0 && overridden === null && stat.type !== S_IFLNK) error = setMode(target, stat.mode & 0o7777);
  if (error >= 0) {
    error = setTimes(target, { sec: stat.atimeSec, nsec: stat.atimeNsec }, { sec: stat.mtimeSec, nsec: stat.mtimeNsec });
  }
  if (error >= 0 && fs.config.fsync === "strict") error = syncMetadata(target, stat.type);
  return error;
}

/** fsync=strict: attributes too are on the disk before the copy is published; 0 or an errno. */
function syncMetadata(target: Place, type: number): number {
  if (type !== S_IFREG && type !== S_IFDIR) return 0;
  const dirfd = target.dirfd();
  const fd = dirfd < 0 ? dirfd : native.openat(dirfd, target.name, target.name ? O_RDONLY | O_NOFOLLOW : O_RDONLY, 0);
  if (fd < 0) return fd;
  const error = openFile.fsync(fd);
  native.close(fd);
  return error;
}

/** Copies all xattrs but those of the overlay itself; 0 or an errno. */
export function copyXattrs(fs: OverlayFs, from: Place, to: Place): number {
  const list = listXattrs(from);
  if (isErrno(list)) return list;
  for (const name of splitNames(list)) {
    if (from.layer.xattrs.isPrivate(name) || isVirtual(name)) continue;
    const value = readXattr(from, name);
    if (value === -E.ENODATA) continue;
    if (isErrno(value)) return value;
    const error = setXattr(to, name, value, 0);
    if (error < 0 && !mayBeLost(fs, name, error)) return error;
  }
  return 0;
}

/** What the kernel lets go too, and what an unprivileged mounter may not set. */
function mayBeLost(fs: OverlayFs, name: Bytes, error: number): boolean {
  if (error === -E.EPERM && !fs.credentials.canSwitch) return !name.startsWith("user.");
  const mustBeCopied = name === XATTR_ACL_ACCESS || name === XATTR_ACL_DEFAULT || name.startsWith("security.");
  return error === -E.EOPNOTSUPP && !mustBeCopied;
}

function setOrigin(target: Place, origin: Buffer): number {
  const error = setXattr(target, target.layer.xattrs.origin, origin, 0);
  return error === -E.EPERM || error === -E.EOPNOTSUPP ? 0 : error;
}
