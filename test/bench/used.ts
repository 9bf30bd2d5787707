/**
 * Uppers that a measurement is done with are put aside, and deleted only when the run is over with all that it made:
 * ext4 without a journal passes over inodes that were deleted in the last minutes whenever it makes one, which would
 * charge the deletions after one mounter to the creations of the next.
 * Source: recently_deleted in fs/ext4/ialloc.c.
 */
import { lstatSync, mkdirSync, readdirSync, renameSync, truncateSync } from "node:fs";
import { join } from "node:path";

/** From this size on, in bytes, a file would fill the disk: it keeps its inode and gives its blocks back. */
const LARGE = 1024 * 1024;

let count = 0;

/** Takes directories of `place` away from there. */
export function putAside(place: string, names: readonly string[]): void {
  const aside = join(place, "used");
  mkdirSync(aside, { recursive: true });
  for (const name of names) {
    const moved = join(aside, String(count++));
    renameSync(join(place, name), moved);
    shrinkLarge(moved);
  }
}

function shrinkLarge(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) shrinkLarge(path);
    else if (entry.isFile() && lstatSync(path).size >= LARGE) truncateSync(path);
  }
}
