/**
 * The data of a metacopy follows: it is copied into the upper file, which stays a metacopy until all of it is
 * there and on the disk; taking the mark away publishes it.
 * Source: ovl_copy_up_meta_inode_data in fs/overlayfs/copy_up.c.
 */
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { copyAll } from "./data-copy.js";
import { closeData } from "./data-file.js";
import type { FileInode } from "./inode.js";
import { dataOf } from "./lower-data.js";
import { unmarkMetacopy } from "./metacopy.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readXattr } from "./real-xattr.js";
import type { RealFile } from "./real.js";
import { openFile, openForWriting, setTimes, setXattr } from "./upper.js";
import { XATTR_CAPABILITY } from "./xattr-names.js";

const stat = new Stat();

/** Gives a metacopy of the upper its data, or none if it is about to be emptied; 0 or an errno. */
export function copyUpData(fs: OverlayFs, inode: FileInode, isNeeded: boolean): number {
  const source = dataOf(fs, inode);
  if (typeof source === "number") return source;
  const upper = inode.upper!;
  const found = native.statx(upper.dirfd(), upper.name, stat.fields);
  if (found < 0) return found;
  let error = isNeeded && stat.size > 0 ? fill(fs, upper, source) : 0;
  if (error >= 0) error = unmarkMetacopy(upper);
  if (error < 0) return error;
  inode.metacopy = null;
  closeData(inode);
  return 0;
}

function fill(fs: OverlayFs, upper: RealFile, source: RealFile): number {
  // Writing takes file capabilities away, which this is no reason for.
  const capability = readXattr(upper, XATTR_CAPABILITY);
  const kept = typeof capability === "number" ? null : Buffer.from(capability);
  const target = openForWriting(upper);
  if (target < 0) return target;
  let error = copyAll(source, target, stat.size);
  if (error >= 0 && fs.config.fsync !== "volatile") error = openFile.fsync(target);
  native.close(target);
  if (error >= 0 && kept) error = setXattr(upper, XATTR_CAPABILITY, kept, 0);
  if (error >= 0) setTimes(upper, { sec: stat.atimeSec, nsec: stat.atimeNsec }, { sec: stat.mtimeSec, nsec: stat.mtimeNsec });
  return error;
}
