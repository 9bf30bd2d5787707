/** Changing attributes of the merged tree: the copy-up first, then one call each in the upper. */
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFREG, S_ISGID, S_ISUID, Stat } from "../sys/stat.js";
import { copyUp } from "./copy-up.js";
import { DataFile } from "./data-file.js";
import { changeWords, pathOf } from "./events.js";
import type { Inode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { applyOverride, changeOverride } from "./override-stat.js";
import { maySetAttributes } from "./protection.js";
import type { Place } from "./real.js";
import type { AttrChange } from "./types.js";
import { openFile, removeXattr, setMode, setOwner, setTimes } from "./upper.js";
import { XATTR_CAPABILITY } from "./xattr-names.js";

const S_IXGRP = 0o010;

const stat = new Stat();

/** Changes attributes, the size first; 0 or an errno. */
export function setAttributes(fs: OverlayFs, inode: Inode, change: AttrChange): number {
  if (change.size !== undefined && inode.isDirectory) return -E.EISDIR;
  const data = change.size === undefined ? "untouched" : change.size === 0 ? "none" : "all";
  const error = maySetAttributes(fs, inode, change) || copyUp(fs, inode, data);
  if (error < 0) return error;
  const failed = apply(fs, inode, inode.upper!, change);
  if (failed >= 0 && fs.onEvent) {
    const changes = changeWords(change);
    if (changes.length > 0) fs.onEvent({ kind: "metadata", path: pathOf(inode), changes });
  }
  return failed;
}

function apply(fs: OverlayFs, inode: Inode, place: Place, change: AttrChange): number {
  return truncate(fs, inode, change.size)
    || killPrivileges(place, change)
    || changeOwnerAndMode(fs, place, change)
    || changeTimes(place, change);
}

function truncate(fs: OverlayFs, inode: Inode, size: number | undefined): number {
  if (size === undefined || inode.isDirectory) return 0;
  if (inode.type !== S_IFREG) return -E.EINVAL;
  const fd = DataFile.descriptor(fs, inode, true);
  return fd < 0 ? fd : openFile.ftruncate(fd, size);
}

function changeOwnerAndMode(fs: OverlayFs, place: Place, change: AttrChange): number {
  const { uid, gid, mode } = change;
  if (uid === undefined && gid === undefined && mode === undefined) return 0;
  return changeOverride(place, change)
    ?? (changeOwner(fs, place, change) || (mode === undefined ? 0 : setMode(place, mode & 0o7777)));
}

function changeOwner({ presentation }: OverlayFs, place: Place, { uid, gid }: AttrChange): number {
  if (uid === undefined && gid === undefined) return 0;
  const error = setOwner(place, uid ?? -1, gid ?? -1);
  return presentation?.isSquashed ? 0 : error;
}

function changeTimes(place: Place, { atime, mtime }: AttrChange): number {
  return atime || mtime ? setTimes(place, atime ?? null, mtime ?? null) : 0;
}

/**
 * Takes setuid, setgid (where the group may execute, or the caller is not in it) and file capabilities from a
 * file, as the kernel does when one without CAP_FSETID writes to it (setattr_should_drop_suidgid).
 */
function killPrivileges(place: Place, change: AttrChange): number {
  if (!change.killPrivileges) return 0;
  const found = native.statx(place.dirfd(), place.name, stat.fields);
  if (found < 0 || stat.isDirectory) return Math.min(found, 0);
  applyOverride(place, stat);
  removeXattr(place, XATTR_CAPABILITY);
  const drop = S_ISUID | (stat.mode & S_IXGRP || change.killSetgid ? S_ISGID : 0);
  const mode = stat.mode & 0o7777 & ~drop;
  return stat.mode & drop ? changeOverride(place, { mode }) ?? setMode(place, mode) : 0;
}
