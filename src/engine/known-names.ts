/**
 * Names that are known, so that a lookup which would find nothing costs no system call, however many layers there
 * are. Lowers never change: which of them hold a name is read once. The upper is changed by this process alone, and
 * upper.ts keeps its names up to date. They are read where that pays: the lowers' along with a listing, whose names
 * are looked up next, and all when lookups have met as many directories without a name as reading them would cost.
 */
import type { Bytes } from "../sys/bytes.js";
import { isErrno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import type { DirectoryInode } from "./inode.js";
import { markOf } from "./oci.js";
import { readEntries, type RealEntry } from "./real-entries.js";
import type { RealDirectory } from "./real.js";

/** Opening, reading and closing a real directory, in lookups of one name. */
const READING_COST = 4;
/** Directories of few layers: their size counts for more than their number. */
const LEAST_COST = 64;
/** Where there are more names than this the memory is worth more than the calls. */
const MOST_NAMES = 50_000;

const stat = new Stat();

export class LowerNames {
  /** Positions in `DirectoryInode.lower`, ascending; a number where there is one, as nearly always. */
  readonly #positions = new Map<Bytes, number | number[]>();

  get size(): number {
    return this.#positions.size;
  }

  /** The lower at `position` has a name; to be told in ascending order. */
  add(name: Bytes, position: number): void {
    const known = this.#positions.get(name);
    if (known === undefined) this.#positions.set(name, position);
    else if (typeof known === "number") this.#positions.set(name, [known, position]);
    else known.push(position);
  }

  /** The first position from `from` on whose lower has the name; Infinity where none has. */
  next(name: Bytes, from: number): number {
    const known = this.#positions.get(name);
    if (known === undefined) return Infinity;
    if (typeof known === "number") return known >= from ? known : Infinity;
    return known.find((position) => position >= from) ?? Infinity;
  }
}

/** Lookups have asked so many real directories of a directory in vain; reads their names once that has cost enough. */
export function noteMisses(directory: DirectoryInode, count: number): void {
  directory.misses += count;
  if (directory.misses < worthReading(directory)) return;
  const { upper } = directory;
  directory.lowerNames ??= readLowerNames(directory);
  if (upper) upper.names ??= readUpperNames(upper);
  // Where it failed it is not to be tried again with each miss.
  if (!directory.lowerNames || upper?.names === null) directory.misses = -Infinity;
}

function worthReading({ lower, upper }: DirectoryInode): number {
  return Math.max((lower.length + (upper ? 1 : 0)) * READING_COST, LEAST_COST);
}

/** Whether a name is known not to be in a real directory of the upper. */
export function isKnownMissing({ names, layer }: RealDirectory, name: Bytes): boolean {
  return names !== null && !names.has(name) && !(layer.hasOciMarks && names.has(markOf(name)));
}

/** The position, from `from` on, of the next lower that may have a name or the mark that hides it. */
export function nextWithName({ lower, lowerNames }: DirectoryInode, name: Bytes, from: number): number {
  if (!lowerNames) return from;
  const next = lowerNames.next(name, from);
  return lower[from]?.layer.hasOciMarks ? Math.min(next, lowerNames.next(markOf(name), from)) : next;
}

/** A name has come to a real directory of the upper. One that is moved away stays among those known, which costs a lookup at most. */
export function nameCame(upper: RealDirectory, name: Bytes): void {
  if (upper.names && upper.names.add(name).size > MOST_NAMES) upper.names = null;
}

/** A real directory of the upper was just made: it has no names yet. */
export function knowEmpty(upper: RealDirectory): void {
  if (!upper.layer.foldsCase) upper.names = new Set();
}

function readUpperNames(upper: RealDirectory): Set<Bytes> | null {
  const entries = readEntries(upper);
  if (isErrno(entries) || entries.length > MOST_NAMES || foldsCase(upper, entries)) return null;
  return new Set(entries.map(({ name }) => name));
}

/** A listing read them along; they are kept where lookups alone would have read them. */
export function releaseLowerNames(directory: DirectoryInode): void {
  if (directory.misses < worthReading(directory)) directory.lowerNames = null;
}

function readLowerNames(directory: DirectoryInode): LowerNames | null {
  const read: RealEntry[][] = [];
  for (const real of directory.lower) {
    const entries = readEntries(real);
    if (isErrno(entries)) return null;
    read.push(entries);
  }
  return namesOf(directory, read);
}

/** The lowers of a directory were read for a listing: `read` are their entries, in their order. */
export function learnLowerNames(directory: DirectoryInode, read: readonly RealEntry[][]): void {
  if (read.length > 1) directory.lowerNames ??= namesOf(directory, read);
}

function namesOf({ lower }: DirectoryInode, read: readonly RealEntry[][]): LowerNames | null {
  const names = new LowerNames();
  for (const [position, entries] of read.entries()) {
    if (names.size + entries.length > MOST_NAMES || foldsCase(lower[position]!, entries)) return null;
    for (const { name } of entries) names.add(name, position);
  }
  return names;
}

/**
 * Whether a layer finds names that it does not list, as a file system does that takes upper and lower case for
 * the same (vfat); asked once for each layer, by a name with its case changed.
 */
function foldsCase(directory: RealDirectory, entries: readonly RealEntry[]): boolean {
  const { layer } = directory;
  if (layer.foldsCase !== null) return layer.foldsCase;
  const listed = new Set(entries.map(({ name }) => name));
  for (const name of listed) {
    const swapped = swapCase(name);
    if (listed.has(swapped)) continue;
    layer.foldsCase = native.statx(directory.fd(), swapped, stat.fields) >= 0;
    return layer.foldsCase;
  }
  return false;
}

/** A name with the case of its ASCII letters changed: itself where it has none. */
function swapCase(name: Bytes): Bytes {
  return name.replace(/[A-Za-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) ^ 0x20)) as Bytes;
}
