/** The names that the lowers of a directory have, before any is looked up. */
import type { Bytes } from "../sys/bytes.js";
import { isErrno } from "../sys/errno.js";
import type { DirectoryInode } from "./inode.js";
import { learnLowerNames } from "./known-names.js";
import { readEntries, type RealEntry } from "./real-entries.js";
import { DT_UNKNOWN } from "./types.js";

/** Directories with more names are not worth their memory. */
const MOST_NAMES = 10_000;

/** The names of one type (DT_*) in the lowers of a directory, none where they are too many. */
export function namesOfType(directory: DirectoryInode, wanted: number): Bytes[] {
  const names = new Set<Bytes>();
  const read: RealEntry[][] = [];
  for (const real of directory.lower) {
    const entries = readEntries(real);
    if (isErrno(entries) || names.size + entries.length > MOST_NAMES) return [];
    read.push(entries);
    for (const { name, type } of entries) {
      if (type === wanted || type === DT_UNKNOWN) names.add(name);
    }
  }
  // Each of them is looked up next.
  learnLowerNames(directory, read);
  return [...names];
}
