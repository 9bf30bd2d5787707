/**
 * Clearing a directory that shows nothing but holds whiteouts: it is exchanged for an empty opaque copy, so
 * that at no moment what the whiteouts hide is seen, and the old one is removed in the work directory.
 * Source: ovl_clear_empty in fs/overlayfs/dir.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { RENAME_EXCHANGE } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { ITSELF, type RealDirectory } from "./real.js";
import { Stat } from "../sys/stat.js";
import type { DirectoryInode } from "./inode.js";
import { applyMetadata } from "./metadata.js";
import type { OverlayFs } from "./overlay-fs.js";
import { applyOverride } from "./override-stat.js";
import { markOpaque } from "./opaque.js";
import { makeDirectory, removeFile, rename } from "./upper.js";
import type { Work } from "./work.js";

const stat = new Stat();

/** Empties the upper of a directory that stands at `name` in `parent`; 0 or an errno. */
export function clearEmpty(
  fs: OverlayFs, inode: DirectoryInode, parent: RealDirectory, name: Bytes, whiteouts: readonly Bytes[],
): number {
  const work = fs.work!;
  const upper = inode.upper!;
  const found = native.statx(upper.fd(), ITSELF, stat.fields);
  if (found < 0) return found;
  applyOverride(upper, stat);
  const temporary = work.temporaryName();
  const made = makeDirectory(work.directory, temporary, 0o700);
  if (made < 0) return made;
  const copy = work.directory.child(temporary);
  let error = markOpaque(work, copy);
  if (error >= 0) error = applyMetadata(fs, copy, { lower: upper, stat, origin: null, isIndexed: false });
  if (error >= 0) error = rename(work.directory, temporary, parent, name, RENAME_EXCHANGE);
  if (error < 0) {
    work.discard(temporary);
    return error;
  }
  discardEmptied(work, temporary, whiteouts);
  copy.close();
  return 0;
}

/** Removes a directory that shows nothing but holds marks; 0 or an errno. */
export function removeMarked(work: Work, directory: RealDirectory, name: Bytes, marks: readonly Bytes[]): number {
  const temporary = work.temporaryName();
  const error = rename(directory, name, work.directory, temporary, 0);
  if (error >= 0) discardEmptied(work, temporary, marks);
  return error;
}

/** Removes a directory that was exchanged into the work directory: the whiteouts in it by name, then itself. */
export function discardEmptied(work: Work, temporary: Bytes, whiteouts: readonly Bytes[]): void {
  const old = work.directory.child(temporary);
  for (const whiteout of whiteouts) removeFile(old, whiteout);
  old.close();
  work.discard(temporary);
}
