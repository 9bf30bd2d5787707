/**
 * Names of an indexed file in the upper: a name that only a lower has gets a link there before it is changed.
 * Source: ovl_link_up in fs/overlayfs/copy_up.c; ovl_nlink_start in util.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { markImpure } from "./impure.js";
import type { DirectoryInode, FileInode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { keepTimes } from "./parent-times.js";
import { linkFile } from "./upper.js";
import { storeNlink, storeNlinkOfLower } from "./union-nlink.js";

const stat = new Stat();

/** Links an indexed file at one of its names, whose directory stands in the upper; 0 or an errno. */
export function linkUp(fs: OverlayFs, inode: FileInode, parent: DirectoryInode, name: Bytes): number {
  const directory = parent.upper!;
  let error = markImpure(fs, parent);
  if (error >= 0) error = storeNlinkOfLower(inode);
  if (error >= 0) error = keepTimes(directory, () => linkFile(inode.upper!, directory, name));
  return error < 0 ? error : storeNlink(inode);
}

/** Makes sure that an indexed file has this name in the upper, whose directory stands there; 0 or an errno. */
export function ensureName(fs: OverlayFs, inode: FileInode, parent: DirectoryInode, name: Bytes): number {
  if (!inode.indexed || native.statx(parent.upper!.fd(), name, stat.fields) >= 0) return 0;
  return linkUp(fs, inode, parent, name);
}
