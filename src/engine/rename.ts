/**
 * Renaming: the source is copied up, then one rename(2) in the upper moves it. Where a lower has something
 * under the old name a whiteout stays behind. A directory that has a part in a lower, and a metacopy, is given a
 * redirect to its old place; without redirect_dir=on that is EXDEV, upon which mv(1) copies.
 * Source: ovl_rename in fs/overlayfs/dir.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT } from "../sys/constants.js";
import { E, isErrno, type Errno } from "../sys/errno.js";
import { clearEmpty, removeMarked } from "./clear-empty.js";
import { copyUp } from "./copy-up.js";
import { checkEmpty, nameAdded, nameRemoved } from "./directory.js";
import { markImpure } from "./impure.js";
import { pathIn, type EventListener } from "./events.js";
import { isAncestor, type DirectoryInode, type Inode } from "./inode.js";
import { ensureName } from "./link-up.js";
import { findChild, isLowerPositive, requireChild } from "./lookup.js";
import type { Miss } from "./misses.js";
import { isMarkName } from "./oci.js";
import { dropMark, putMark } from "./oci-marks.js";
import { canClear, markOpaque } from "./opaque.js";
import type { OverlayFs } from "./overlay-fs.js";
import { mayAdd, mayRemove } from "./protection.js";
import { setRedirect } from "./redirect.js";
import { beforeRemoval, leave } from "./remove.js";
import { removeFile, rename as renameInUpper } from "./upper.js";

/** One end of a rename: a name and what it stands for. */
interface End<T> {
  readonly parent: DirectoryInode;
  readonly name: Bytes;
  readonly inode: T;
}

/** renameat2(2) with 0, RENAME_NOREPLACE or RENAME_EXCHANGE; 0 or an errno: EXDEV, ENOTEMPTY, EEXIST … */
export function rename(
  fs: OverlayFs, oldParent: DirectoryInode, oldName: Bytes, newParent: DirectoryInode, newName: Bytes, flags: number,
): number {
  if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags === (RENAME_NOREPLACE | RENAME_EXCHANGE)) return -E.EINVAL;
  if (!fs.work) return -E.EROFS;
  if (fs.hasOciMarks && isMarkName(newName)) return -E.EINVAL;
  const moved = requireChild(fs, oldParent, oldName);
  if (isErrno(moved)) return moved;
  const target = findChild(fs, newParent, newName);
  const error = isErrno(target)
    ? target
    : renameFound(fs, { parent: oldParent, name: oldName, inode: moved }, { parent: newParent, name: newName, inode: target }, flags);
  fs.inodes.forget(moved, 0);
  if (typeof target === "object") fs.inodes.forget(target, 0);
  return error;
}

function renameFound(fs: OverlayFs, from: End<Inode>, to: End<Inode | Miss>, flags: number): number {
  const target = to.inode;
  const allowed = mayMove(fs, from, to);
  if (typeof target === "string") {
    if (allowed < 0) return allowed;
    return flags & RENAME_EXCHANGE ? -E.ENOENT : replace(fs, from, { ...to, inode: null }, target);
  }
  if (flags & RENAME_NOREPLACE) return -E.EEXIST;
  if (target === from.inode) return 0;
  if (isAncestor(from.inode, to.parent)) return -E.EINVAL;
  if (allowed < 0) return allowed;
  if (flags & RENAME_EXCHANGE) return exchange(fs, from, { ...to, inode: target });
  if (isAncestor(target, from.parent)) return -E.ENOTEMPTY;
  if (target.isDirectory && !from.inode.isDirectory) return -E.EISDIR;
  if (!target.isDirectory && from.inode.isDirectory) return -E.ENOTDIR;
  return replace(fs, from, { ...to, inode: target }, "absent");
}

/** Whether immutable or append-only objects stand in the way; 0 or EPERM. */
function mayMove(fs: OverlayFs, from: End<Inode>, to: End<Inode | Miss>): number {
  const allowed = mayRemove(fs, from.parent, from.inode);
  if (allowed < 0) return allowed;
  return typeof to.inode === "string" ? mayAdd(fs, to.parent) : mayRemove(fs, to.parent, to.inode);
}

/** Whether it can be moved by one rename in the upper: a directory that has a part in a lower needs a redirect. */
function canMove(fs: OverlayFs, inode: Inode): boolean {
  return !inode.isDirectory || inode.lower.length === 0 || fs.config.redirectDir === "on";
}

/** The source and both directories stand in the upper, and are marked as the move demands; 0 or an errno. */
function prepare(fs: OverlayFs, from: End<Inode>, to: End<unknown>): number {
  let error = copyUp(fs, from.inode);
  if (error >= 0) error = copyUp(fs, from.parent);
  if (error >= 0 && !from.inode.isDirectory) error = ensureName(fs, from.inode, from.parent, from.name);
  if (error >= 0) error = copyUp(fs, to.parent);
  if (error >= 0 && from.parent !== to.parent && hasOrigin(from.inode)) error = markImpure(fs, to.parent);
  return error;
}

function hasOrigin(inode: Inode): boolean {
  return inode.isDirectory ? inode.lower.length > 0 : inode.hasOrigin;
}

/**
 * What stands in the lowers too says where, as its name no longer does; a directory of the upper alone must not
 * be merged with what its new place has in the lowers. 0 or an errno.
 */
function markMoved(fs: OverlayFs, from: End<Inode>, to: End<unknown>): number {
  const { inode } = from;
  if (inode.isDirectory ? inode.lower.length > 0 : inode.metacopy !== null) {
    return setRedirect(fs, from, from.parent === to.parent, to);
  }
  const newParent = to.parent;
  if (!inode.isDirectory || inode.opaque || newParent.lower.length === 0) return 0;
  const error = markOpaque(fs.work!, inode.upper!);
  if (error === -E.EIO) return -E.EXDEV;
  if (error >= 0) inode.opaque = true;
  inode.mayHoldWhiteouts ||= !canClear(fs);
  if (error >= 0) fs.onEvent?.({ kind: "opaque", path: pathIn(newParent, to.name) });
  return error;
}

/** Moves over nothing, a whiteout, or an object that goes. */
function replace(fs: OverlayFs, from: End<Inode>, to: End<Inode | null>, miss: Miss): number {
  if (!canMove(fs, from.inode)) return -E.EXDEV;
  if (isAncestor(from.inode, to.parent)) return -E.EINVAL;
  const whiteouts = emptied(fs, to.inode);
  if (isErrno(whiteouts)) return whiteouts;
  let error = prepare(fs, from, to);
  if (error < 0) return error;
  const oldUpper = from.parent.upper!;
  const newUpper = to.parent.upper!;
  const clears = whiteouts.length > 0 && canClear(fs);
  const swapsMarked = whiteouts.length > 0 && !clears;
  if (to.inode) error = beforeRemoval(fs, to.inode, to.parent, to.name);
  if (error >= 0 && clears) error = clearEmpty(fs, to.inode as DirectoryInode, newUpper, to.name, whiteouts);
  if (error >= 0) error = markMoved(fs, from, to);
  if (error < 0) return error;
  const leavesWhiteout = isLowerPositive(from.parent, from.name);
  // The whiteout that stands at the new name is moved to the old one, or taken away if none is needed there.
  const swaps = miss === "whiteout" && (leavesWhiteout || from.inode.isDirectory);
  const marks = leavesWhiteout && !swaps && !fs.work!.features.whiteouts;
  if (marks) error = putMark(oldUpper, from.name);
  const flags = swaps || swapsMarked ? RENAME_EXCHANGE : leavesWhiteout && !marks ? RENAME_WHITEOUT : 0;
  if (error >= 0) error = renameInUpper(oldUpper, from.name, newUpper, to.name, flags);
  if (error < 0) return error;
  if (leavesWhiteout) fs.counts.whiteouts++;
  if (fs.onEvent) tellRenamed(fs.onEvent, from, to, leavesWhiteout, false);
  if (swaps && !leavesWhiteout) removeSwapped(fs, from);
  if (swapsMarked) error = removeMarked(fs.work!, oldUpper, from.name, whiteouts);
  if (miss === "marked") dropMark(newUpper, to.name);
  if (to.inode) leave(fs, to.parent, to.name, to.inode);
  move(fs, from, to);
  return error;
}

/** The whiteouts in a directory that is about to be replaced; ENOTEMPTY if it shows anything. */
function emptied(fs: OverlayFs, target: Inode | null): readonly Bytes[] | Errno {
  return target?.isDirectory && !target.isPureUpper ? checkEmpty(fs, target) : [];
}

function removeSwapped(fs: OverlayFs, from: End<Inode>): void {
  const error = removeFile(from.parent.upper!, from.name);
  if (error < 0) fs.log.warn(`a whiteout was left behind by a rename (errno ${-error})`, "rename-whiteout");
}

/** RENAME_EXCHANGE: each takes the other's place. */
function exchange(fs: OverlayFs, from: End<Inode>, to: End<Inode>): number {
  if (!canMove(fs, from.inode) || !canMove(fs, to.inode)) return -E.EXDEV;
  if (isAncestor(to.inode, from.parent)) return -E.EINVAL;
  let error = prepare(fs, from, to);
  if (error >= 0) error = prepare(fs, to, from);
  if (error >= 0) error = markMoved(fs, from, to);
  if (error >= 0) error = markMoved(fs, to, from);
  if (error >= 0) error = renameInUpper(from.parent.upper!, from.name, to.parent.upper!, to.name, RENAME_EXCHANGE);
  if (error < 0) return error;
  if (fs.onEvent) tellRenamed(fs.onEvent, from, to, false, true);
  fs.inodes.detach(from.inode, from.parent, from.name);
  fs.inodes.detach(to.inode, to.parent, to.name);
  settle(fs, from.inode, from, to);
  settle(fs, to.inode, to, from);
  return 0;
}

function tellRenamed(tell: EventListener, from: End<unknown>, to: End<unknown>, leavesWhiteout: boolean, exchange: boolean): void {
  const path = pathIn(from.parent, from.name);
  if (leavesWhiteout) tell({ kind: "whiteout", path });
  tell({ kind: "rename", path, to: pathIn(to.parent, to.name), exchange });
}

/** The source has its new name and lost the old one. */
function move(fs: OverlayFs, from: End<Inode>, to: End<unknown>): void {
  fs.inodes.detach(from.inode, from.parent, from.name);
  nameRemoved(from.parent, from.name);
  from.parent.mayHoldWhiteouts ||= from.parent.lower.length > 0;
  settle(fs, from.inode, from, to);
}

/** Enters an inode at its new place and lets its real object follow. */
function settle(fs: OverlayFs, inode: Inode, from: End<unknown>, to: End<unknown>): void {
  fs.inodes.attach(inode, to.parent, to.name);
  nameAdded(fs, to.parent, to.name, inode);
  if (inode.isDirectory) {
    inode.listing = null;
    inode.upper!.move(to.parent.upper!, to.name);
  } else if (inode.upper!.isAt(from.parent.upper!, from.name)) {
    inode.upper!.move(to.parent.upper!, to.name);
  }
}
