/**
 * Removing names. What the upper alone has is removed there; where a lower has something under the name a
 * whiteout takes its place, in one rename. A directory must show nothing first; whiteouts that its upper
 * holds go with it.
 * Source: ovl_do_remove in fs/overlayfs/dir.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { RENAME_EXCHANGE } from "../sys/constants.js";
import { E, isErrno } from "../sys/errno.js";
import { typeOf } from "../sys/object-type.js";
import { clearEmpty, discardEmptied, removeMarked } from "./clear-empty.js";
import { copyUp } from "./copy-up.js";
import { checkEmpty, nameRemoved } from "./directory.js";
import { pathIn } from "./events.js";
import { removeEntry } from "./index-directory.js";
import type { DirectoryInode, FileInode, Indexed, Inode } from "./inode.js";
import { ensureName } from "./link-up.js";
import { isLowerPositive, requireChild } from "./lookup.js";
import { putMark } from "./oci-marks.js";
import { canClear } from "./opaque.js";
import type { OverlayFs } from "./overlay-fs.js";
import { mayRemove } from "./protection.js";
import type { RealDirectory } from "./real.js";
import { removeDirectory, removeFile, rename } from "./upper.js";
import { storeNlink } from "./union-nlink.js";
import type { Work } from "./work.js";

/** unlink(2); 0 or an errno: ENOENT, EISDIR, EROFS … */
export function unlink(fs: OverlayFs, parent: DirectoryInode, name: Bytes): number {
  const inode = requireChild(fs, parent, name);
  if (isErrno(inode)) return inode;
  const error = mayRemove(fs, parent, inode)
    || (inode.isDirectory ? -E.EISDIR : removeName(fs, parent, name, inode, coversLower(parent, name, inode), []));
  fs.inodes.forget(inode, 0);
  return error;
}

/** rmdir(2); 0 or an errno: ENOTEMPTY, ENOTDIR, EROFS … */
export function rmdir(fs: OverlayFs, parent: DirectoryInode, name: Bytes): number {
  const inode = requireChild(fs, parent, name);
  if (isErrno(inode)) return inode;
  const error = mayRemove(fs, parent, inode)
    || (inode.isDirectory ? removeDirectoryName(fs, parent, name, inode) : -E.ENOTDIR);
  fs.inodes.forget(inode, 0);
  return error;
}

function removeDirectoryName(fs: OverlayFs, parent: DirectoryInode, name: Bytes, inode: DirectoryInode): number {
  if (!fs.work) return -E.EROFS;
  const needsWhiteout = coversLower(parent, name, inode);
  // rmdir(2) itself finds out about a directory of the upper alone, but not where a whiteout takes its place.
  const whiteouts = inode.isPureUpper && !needsWhiteout ? [] : checkEmpty(fs, inode);
  return isErrno(whiteouts) ? whiteouts : removeName(fs, parent, name, inode, needsWhiteout, whiteouts);
}

/** Whether a lower would show something under the name once the inode is gone from it. */
function coversLower(parent: DirectoryInode, name: Bytes, inode: Inode): boolean {
  return inode.upper ? isLowerPositive(parent, name) : true;
}

function removeName(
  fs: OverlayFs, parent: DirectoryInode, name: Bytes, inode: Inode, needsWhiteout: boolean, whiteouts: readonly Bytes[],
): number {
  if (!fs.work) return -E.EROFS;
  const copied = copyUp(fs, parent);
  if (copied < 0) return copied;
  const held = beforeRemoval(fs, inode, parent, name);
  if (held < 0) return held;
  const error = needsWhiteout
    ? hideLower(fs, fs.work, parent.upper!, name, inode, whiteouts)
    : removeFromUpper(fs, parent.upper!, name, inode, whiteouts);
  if (error < 0) return error;
  if (fs.onEvent) {
    const path = pathIn(parent, name);
    if (needsWhiteout) fs.onEvent({ kind: "whiteout", path });
    fs.onEvent({ kind: "remove", path, type: typeOf(inode.type) });
  }
  leave(fs, parent, name, inode);
  return error;
}

/** Readies an object for losing a name: what counts its names is copied up and written first; 0 or an errno. */
export function beforeRemoval(fs: OverlayFs, inode: Inode, parent: DirectoryInode, name: Bytes): number {
  let error = countsNames(fs, inode) ? copyUp(fs, inode) : 0;
  if (error >= 0 && !inode.isDirectory && inode.indexed) {
    error = ensureName(fs, inode, parent, name);
    if (error >= 0) error = storeNlink(inode);
  }
  return error < 0 ? error : hold(inode, parent.upper!, name);
}

/** Whether a lower object that is about to lose a name has, or will have, an index entry. */
function countsNames(fs: OverlayFs, inode: Inode): boolean {
  if (!fs.index || inode.upper) return false;
  return fs.index.all || (!inode.isDirectory && inode.lowerKey !== null);
}

/** An object that may still be in use is held by a descriptor before its name goes; 0 or an errno. */
export function hold(inode: Inode, directory: RealDirectory, name: Bytes): number {
  if (!inode.upper || inode.references === 0) return 0;
  if (inode.isDirectory) return inode.upper.pin();
  if (!inode.upper.isAt(directory, name) || inode.data?.holds(inode.upper)) return 0;
  return inode.upper.pin();
}

/** Removes what no lower would show again; 0 or an errno. */
function removeFromUpper(
  fs: OverlayFs, directory: RealDirectory, name: Bytes, inode: Inode, whiteouts: readonly Bytes[],
): number {
  if (!inode.isDirectory) return removeFile(directory, name);
  if (whiteouts.length > 0 && !canClear(fs)) return removeMarked(fs.work!, directory, name, whiteouts);
  const error = whiteouts.length > 0 ? clearEmpty(fs, inode, directory, name, whiteouts) : 0;
  return error < 0 ? error : removeDirectory(directory, name);
}

/** Puts what hides the lowers' in the place of a name of the upper, or of nothing; 0 or an errno. */
function hideLower(
  fs: OverlayFs, work: Work, directory: RealDirectory, name: Bytes, inode: Inode, whiteouts: readonly Bytes[],
): number {
  if (work.features.whiteouts) return replaceByWhiteout(fs, work, directory, name, inode, whiteouts);
  const error = putMark(directory, name);
  if (error >= 0) fs.counts.whiteouts++;
  if (error < 0 || !inode.upper) return error;
  return inode.isDirectory ? removeMarked(work, directory, name, whiteouts) : removeFile(directory, name);
}

/**
 * Puts a whiteout in the place of a name of the upper, or of nothing; 0 or an errno. Where nothing is, one link does it.
 * One exchange hides a directory at once, so that the whiteouts in it can be removed in the work directory afterwards.
 */
function replaceByWhiteout(
  fs: OverlayFs, work: Work, directory: RealDirectory, name: Bytes, inode: Inode, whiteouts: readonly Bytes[],
): number {
  if (!inode.upper && work.putWhiteout(directory, name) >= 0) {
    fs.counts.whiteouts++;
    return 0;
  }
  const whiteout = work.whiteout();
  if (typeof whiteout === "number") return whiteout;
  const isExchange = inode.isDirectory && inode.upper !== null;
  const error = rename(work.directory, whiteout, directory, name, isExchange ? RENAME_EXCHANGE : 0);
  if (error < 0) work.discard(whiteout);
  else fs.counts.whiteouts++;
  if (error >= 0 && isExchange) discardEmptied(work, whiteout, whiteouts);
  return error;
}

/** The inode has lost this name for good. */
export function leave(fs: OverlayFs, parent: DirectoryInode, name: Bytes, inode: Inode): void {
  nameRemoved(parent, name);
  parent.mayHoldWhiteouts ||= parent.lower.length > 0;
  fs.inodes.detach(inode, parent, name);
  if (inode.isDirectory) {
    inode.removed = true;
    inode.listing = null;
    if (inode.indexName) removeEntry(fs, fs.index!, inode.indexName, true);
  } else if (inode.indexed) {
    leaveIndexed(fs, inode, inode.indexed);
  } else {
    leaveFile(inode);
  }
}

/** The entry stands for all names of the file, and goes with the last. */
function leaveIndexed(fs: OverlayFs, inode: FileInode, indexed: Indexed): void {
  indexed.nlink--;
  if (indexed.nlink > 0) return;
  if (inode.references > 0) inode.upper!.pin();
  removeEntry(fs, fs.index!, indexed.name, false);
}

function leaveFile(inode: FileInode): void {
  if (!inode.upper) {
    inode.lostLinks++;
    return;
  }
  // Another name that we know serves better than a descriptor kept open.
  if (inode.parent) inode.upper.move(inode.parent.upper!, inode.name);
}
