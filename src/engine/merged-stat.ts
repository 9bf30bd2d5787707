/**
 * Attributes of the merged tree: those of the topmost real object, but for the inode number and, where they
 * can't be the real one's, the link count.
 */
import { native } from "../sys/native.js";
import type { Stat } from "../sys/stat.js";
import type { Inode } from "./inode.js";

/** Fills `out` with what stat(2) answers for an inode; 0 or an errno. */
export function getAttributes(inode: Inode, out: Stat): number {
  const { real } = inode;
  const dirfd = real.dirfd();
  if (dirfd < 0) return dirfd;
  const error = native.statx(dirfd, real.name, out.fields);
  if (error < 0) return error;
  present(inode, out);
  return 0;
}

/** Makes the attributes of an inode's topmost real object those of the inode. */
export function present(inode: Inode, out: Stat): void {
  out.ino = inode.ino;
  if (!inode.isDirectory) out.nlink = Math.max(0, out.nlink - inode.lostLinks);
  else if (inode.isMerged && !inode.removed) out.nlink = 1;
  else if (inode.removed) out.nlink = 0;
}
