/**
 * The listing of a merged directory. Each name's position (cookie) is a hash of the name, as ext4 does it, and
 * the listing is in the order of the cookies. So a position means the same in every listing of a directory:
 * a reader can go on after names came and went, each name that was there all the time is read exactly once,
 * and a listing can be dropped and built again in between.
 */
import { bytes, type Bytes } from "../sys/bytes.js";
import { DT_DIR, type DirectoryEntry } from "./types.js";

export const DOT = bytes(".");
export const DOT_DOT = bytes("..");
const DOT_COOKIE = 1;
const DOT_DOT_COOKIE = 2;
const FIRST_COOKIE = 16;
const PUSHED_AT_MOST = 64;
const HIGH_BITS = 0x1f_ffff;
const LOW_RANGE = 0x1_0000_0000;

/** Whether an entry is a directory in the listed one. */
export function isSubdirectory({ type, name }: DirectoryEntry): boolean {
  return type === DT_DIR && name !== DOT && name !== DOT_DOT;
}

/** A name without its position yet. */
export type UnplacedEntry = Omit<DirectoryEntry, "cookie">;

export class Listing {
  readonly #entries: DirectoryEntry[];

  /** Takes the entries in any order, with `.` and `..` among them. */
  constructor(entries: readonly UnplacedEntry[]) {
    this.#entries = place(entries);
  }

  /** All names, in the order of their positions. */
  get entries(): readonly DirectoryEntry[] {
    return this.#entries;
  }

  /** A name has come, or stands for something else now. */
  add(entry: UnplacedEntry): void {
    this.remove(entry.name);
    let cookie = cookieOf(entry.name);
    let index = this.indexAfter(cookie - 1);
    while (this.#entries[index]?.cookie === cookie) {
      cookie++;
      index++;
    }
    this.#entries.splice(index, 0, { ...entry, cookie });
  }

  /** A name has gone; the positions of the others stay. */
  remove(name: Bytes): void {
    const cookie = cookieOf(name);
    // A name that had to move up stands behind those that pushed it, which may have gone since.
    const end = this.indexAfter(cookie + PUSHED_AT_MOST);
    for (let i = this.indexAfter(cookie - 1); i < end; i++) {
      if (this.#entries[i]!.name !== name) continue;
      this.#entries.splice(i, 1);
      return;
    }
  }

  /** The index of the first entry behind a position; 0 is the beginning. */
  indexAfter(cookie: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle]!.cookie <= cookie) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function place(entries: readonly UnplacedEntry[]): DirectoryEntry[] {
  const placed: (UnplacedEntry & { cookie: number })[] = [];
  // What `map` answers is an array of another kind once V8 has optimized it, and all code for the former is then thrown away.
  for (const { name, type, ino } of entries) placed.push({ name, type, ino, cookie: cookieOf(name) });
  placed.sort((a, b) => a.cookie - b.cookie || (a.name < b.name ? -1 : 1));
  // Two names of one hash: the later one moves up, so that a reader can stop between them.
  for (let i = 1; i < placed.length; i++) {
    const previous = placed[i - 1]!.cookie;
    if (placed[i]!.cookie <= previous) placed[i]!.cookie = previous + 1;
  }
  return placed;
}

/** The position of a name: 53 bits, from two multiplicative hashes of its bytes. */
function cookieOf(name: Bytes): number {
  if (name === DOT) return DOT_COOKIE;
  if (name === DOT_DOT) return DOT_DOT_COOKIE;
  let high = 0x811c9dc5;
  let low = 0x9747b28c;
  for (let i = 0; i < name.length; i++) {
    const byte = name.charCodeAt(i);
    high = Math.imul(high ^ byte, 0x01000193);
    low = Math.imul(low ^ byte, 0x5bd1e995);
    low ^= low >>> 15;
  }
  high ^= high >>> 13;
  return Math.max((high & HIGH_BITS) * LOW_RANGE + (low >>> 0), FIRST_COOKIE);
}
