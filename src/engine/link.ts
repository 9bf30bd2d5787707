/**
 * Hard links: the file is copied up, then gets its second name in the upper. Names that a lower shared with it
 * stay what they are, unless an index joins them.
 * Source: ovl_link in fs/overlayfs/dir.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { copyUp } from "./copy-up.js";
import { claimName } from "./create.js";
import { nameAdded } from "./directory.js";
import { pathIn, pathOf } from "./events.js";
import { markImpure } from "./impure.js";
import type { DirectoryInode, FileInode, Inode } from "./inode.js";
import { dropMark } from "./oci-marks.js";
import type { OverlayFs } from "./overlay-fs.js";
import { mayChange } from "./protection.js";
import type { RealDirectory } from "./real.js";
import { setRedirect } from "./redirect.js";
import { storeNlink } from "./union-nlink.js";
import { linkFile, rename } from "./upper.js";
import type { Work } from "./work.js";

const stat = new Stat();

/** link(2); the inode, or an errno: EPERM for a directory, EEXIST, EMLINK … */
export function link(fs: OverlayFs, inode: Inode, parent: DirectoryInode, name: Bytes): Inode | Errno {
  if (inode.isDirectory) return fail(E.EPERM);
  if (mayChange(fs, inode) < 0) return fail(E.EPERM);
  const miss = claimName(fs, parent, name);
  if (isErrno(miss)) return miss;
  let error = copyUp(fs, inode);
  if (error >= 0) error = storeNlink(inode);
  if (error >= 0 && inode.metacopy) error = redirectMetacopy(fs, inode);
  if (error >= 0 && inode.hasOrigin) error = markImpure(fs, parent);
  if (error >= 0) {
    error = miss === "whiteout"
      ? linkOverWhiteout(fs.work!, inode, parent.upper!, name)
      : linkFile(inode.upper!, parent.upper!, name);
  }
  if (error < 0) return fail(-error);
  if (miss === "marked") dropMark(parent.upper!, name);
  fs.onEvent?.({ kind: "link", path: pathOf(inode), to: pathIn(parent, name) });
  remember(fs, inode, parent, name);
  return inode;
}

/** A metacopy's data is found by its name, which is not the only one from now on; 0 or an errno. */
function redirectMetacopy(fs: OverlayFs, inode: FileInode): number {
  const { parent, name } = inode;
  const named = parent && { parent, name, inode };
  return named ? setRedirect(fs, named, false, named) : 0;
}

function linkOverWhiteout(work: Work, inode: FileInode, directory: RealDirectory, name: Bytes): number {
  const temporary = work.temporaryName();
  let error = linkFile(inode.upper!, work.directory, temporary);
  if (error < 0) return error;
  error = rename(work.directory, temporary, directory, name, 0);
  if (error < 0) work.discard(temporary);
  return error;
}

function remember(fs: OverlayFs, inode: FileInode, parent: DirectoryInode, name: Bytes): void {
  // A file that had no name (O_TMPFILE, or unlinked while open) stands here now.
  if (inode.indexed) inode.indexed.nlink++;
  else if (!inode.parent) inode.upper!.move(parent.upper!, name);
  fs.inodes.attach(inode, parent, name);
  nameAdded(fs, parent, name, inode);
  if (inode.linkKey === null && native.statx(inode.upper!.dirfd(), inode.upper!.name, stat.fields) >= 0) {
    fs.inodes.setLinkKey(inode, stat.ino);
  }
}
