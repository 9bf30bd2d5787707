/**
 * Attributes of the merged tree: those of the topmost real object, but for the inode number, the link count
 * where it can't be the real one's, and the blocks of a metacopy, which are those of its data.
 */
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { applyOverride } from "./override-stat.js";
import type { FileInode, Inode, MetacopyData } from "./inode.js";
import { ITSELF } from "./real.js";

/** Fills `out` with what stat(2) answers for an inode; 0 or an errno. */
export function getAttributes(inode: Inode, out: Stat): number {
  const error = statReal(inode, out);
  if (error < 0) return error;
  present(inode, out);
  return 0;
}

/** Asks an open descriptor of the object itself, where there is one: that spares a walk to its name. */
function statReal(inode: Inode, out: Stat): number {
  const own = inode.isDirectory ? inode.real.openDescriptor : inode.data?.openDescriptorOf(inode.real) ?? -1;
  if (own >= 0) return native.statx(own, ITSELF, out.fields);
  const { real } = inode;
  const dirfd = real.dirfd();
  return dirfd < 0 ? dirfd : native.statx(dirfd, real.name, out.fields);
}

/** Makes the attributes of an inode's topmost real object those of the inode. */
export function present(inode: Inode, out: Stat): void {
  out.ino = inode.ino;
  if (inode.real.layer.statOverride !== null) applyOverride(inode.real, out);
  if (!inode.isDirectory) presentFile(inode, out);
  else if (inode.isMerged && !inode.removed) out.nlink = 1;
  else if (inode.removed) out.nlink = 0;
}

function presentFile(inode: FileInode, out: Stat): void {
  out.nlink = inode.indexed ? inode.indexed.nlink : Math.max(0, out.nlink - inode.lostLinks);
  if (inode.metacopy) out.blocks = blocksOf(inode.metacopy, out);
}

const dataStat = new Stat();

/** In 512 bytes; guessed from the size as long as nobody asked for the data. */
function blocksOf({ data }: MetacopyData, { size, blksize }: Stat): number {
  if (data && native.statx(data.dirfd(), data.name, dataStat.fields) >= 0) return dataStat.blocks;
  return Math.ceil(size / blksize) * (blksize / 512);
}
