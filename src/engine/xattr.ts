/**
 * Xattrs of the merged tree: those of the topmost real object, without the overlay's own, which can be
 * neither seen nor set from inside: what looks like one there belongs to an overlay stored in this one and is
 * escaped on the way.
 */
import { concat, bytes, type Bytes } from "../sys/bytes.js";
import { E, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { copyUp } from "./copy-up.js";
import { pathOf } from "./events.js";
import type { Inode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { mayChange } from "./protection.js";
import { listXattrs, splitNames } from "./real-xattr.js";
import { removeXattr, setXattr } from "./upper.js";
import { isVirtual, XATTR_ACL_ACCESS, XATTR_ACL_DEFAULT } from "./xattr-names.js";

const empty = Buffer.alloc(0);
const NUL = bytes("\0");

/** The value's length, in `buffer` unless that is empty; or ENODATA, ERANGE … */
export function getXattr(fs: OverlayFs, inode: Inode, name: Bytes, buffer: Uint8Array): number {
  const { real } = inode;
  if (isVirtual(name)) return -E.ENODATA;
  if (isWithoutAcl(fs, name)) return -E.EOPNOTSUPP;
  const inLayer = real.layer.xattrs.toLayer(name);
  if (inLayer === null) return -E.EOPNOTSUPP;
  const dirfd = real.dirfd();
  const length = dirfd < 0 ? dirfd : native.getxattrat(dirfd, real.name, inLayer, buffer);
  if (length > 0 && fs.presentation && isAcl(inLayer)) fs.presentation.showAcl(buffer.subarray(0, length));
  return length === -E.EOPNOTSUPP && isAcl(inLayer) ? -E.ENODATA : length;
}

/**
 * An object of a layer without ACLs (squashfs) has none, as with the kernel (do_ovl_get_acl): another answer
 * would fail each permission check of who is not its owner.
 */
function isAcl(name: Bytes): boolean { return name === XATTR_ACL_ACCESS || name === XATTR_ACL_DEFAULT; }

/** Whether it is an ACL, where the overlay is to have none. */
function isWithoutAcl({ hasAcls }: OverlayFs, name: Bytes): boolean { return !hasAcls && isAcl(name); }

/** The names, each ended by NUL. */
export function listMergedXattrs(fs: OverlayFs, inode: Inode): Buffer | Errno {
  const list = listXattrs(inode.real);
  if (isErrno(list)) return list;
  const merged = splitNames(list)
    .map((name) => isVirtual(name) || isWithoutAcl(fs, name) ? null : inode.real.layer.xattrs.toMerged(name))
    .filter((name) => name !== null);
  return Buffer.from(merged.map((name) => concat(name, NUL)).join(""), "latin1");
}

/** Sets an xattr, after a copy-up; 0 or an errno. */
export function changeXattr(fs: OverlayFs, inode: Inode, name: Bytes, value: Uint8Array, flags: number): number {
  const inLayer = isVirtual(name) ? null : inode.real.layer.xattrs.toLayer(name);
  if (inLayer === null || isWithoutAcl(fs, name)) return -E.EOPNOTSUPP;
  const error = mayChange(fs, inode) || copyUp(fs, inode);
  const stored = fs.presentation && isAcl(name) ? fs.presentation.storedAcl(value) : value;
  return error < 0 ? error : tellChanged(fs, inode, "xattr", name, setXattr(inode.upper!, inLayer, stored, flags));
}

/** Answers with the result of the change. */
function tellChanged(fs: OverlayFs, inode: Inode, word: "xattr" | "no xattr", name: Bytes, result: number): number {
  if (result >= 0) fs.onEvent?.({ kind: "metadata", path: pathOf(inode), changes: [`${word} ${name}` as Bytes] });
  return result;
}

/** Removes an xattr; where it is not there nothing is copied up. */
export function dropXattr(fs: OverlayFs, inode: Inode, name: Bytes): number {
  const inLayer = isVirtual(name) ? null : inode.real.layer.xattrs.toLayer(name);
  if (inLayer === null) return -E.EOPNOTSUPP;
  const allowed = mayChange(fs, inode);
  if (allowed < 0) return allowed;
  if (!inode.upper) {
    const found = getXattr(fs, inode, name, empty);
    if (found < 0) return found;
  }
  const error = copyUp(fs, inode);
  return error < 0 ? error : tellChanged(fs, inode, "no xattr", name, removeXattr(inode.upper!, inLayer));
}
