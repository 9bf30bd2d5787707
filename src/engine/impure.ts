/**
 * The impure mark: a directory of the upper that may hold copied-up objects says so, so that a listing asks
 * for the inode numbers of their origins, and that of any other directory need not.
 */
import { E } from "../sys/errno.js";
import type { DirectoryInode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { setXattr } from "./upper.js";

const YES = Buffer.from("y");

/** Marks a directory that stands in the upper; 0 or an errno. */
export function markImpure(fs: OverlayFs, directory: DirectoryInode): number {
  if (directory.impure || !directory.upper || !fs.work?.features.xattr) return 0;
  const error = setXattr(directory.upper, directory.upper.layer.xattrs.impure, YES, 0);
  if (error < 0 && error !== -E.EOPNOTSUPP) return error;
  directory.impure = true;
  return 0;
}
