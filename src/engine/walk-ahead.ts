/**
 * A client that walks a tree lists one directory after the other, in the order in which their parent lists them.
 * Where that is seen, the next ones are read ahead on another thread, so that their inodes (and, where the client
 * reads the files too, their data) are in the kernel's caches when it is asked for them. It is a guess that costs
 * nothing but the reading: nothing is kept here but the names of the directories that were listed last.
 */
import type { Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import type { DirectoryInode } from "./inode.js";
import { isSubdirectory, type Listing } from "./listing.js";
import { mayCopyLong } from "./long-copies.js";
import { onOwnDescriptor } from "./own-descriptor.js";

/** Directories that are read ahead at most, and so many at a time. */
const AHEAD = 16;
const BATCH = 8;
/** So many directories in a row, in the order of their parent, are a walk. */
const RUN = 2;
/** So many files read from their beginning since the directory before: the walk reads them. */
const READS = 4;
/** Parents whose directories may be under way. */
const MOST_LEVELS = 16;
/** Nanoseconds for an entry below which the caches had it already, and so many directories without a further try. */
const CACHED = 3000;
const REST = 64;

/** A directory whose children are being listed, or may be soon. */
interface Level {
  /** Its directories in the order of its listing. */
  readonly names: readonly Bytes[];
  /** Behind the one that was listed last. */
  position: number;
  /** How many were listed in a row. */
  run: number;
  /** What is before this has been read ahead. */
  ahead: number;
}

export class WalkAhead {
  readonly #levels = new Map<DirectoryInode, Level>();
  #reads = 0;
  #rest = 0;
  #isBusy = false;

  /** A file was read from its beginning. */
  read(): void {
    this.#reads++;
  }

  /** A directory was listed. */
  listed(directory: DirectoryInode, listing: Listing): void {
    const { parent, name } = directory;
    const level = parent && this.#levels.get(parent);
    if (level) this.#advance(parent, level, name);
    const names = listing.entries.filter(isSubdirectory).map((entry) => entry.name);
    if (names.length <= RUN) return;
    this.#levels.delete(directory);
    this.#levels.set(directory, { names, position: 0, run: 0, ahead: 0 });
    const [oldest] = this.#levels.keys();
    if (this.#levels.size > MOST_LEVELS && oldest) this.#levels.delete(oldest);
  }

  #advance(directory: DirectoryInode, level: Level, name: Bytes): void {
    const at = level.names.indexOf(name, level.position);
    level.run = at === level.position ? level.run + 1 : 0;
    level.position = at + 1;
    const withData = this.#reads >= READS;
    this.#reads = 0;
    this.#rest--;
    if (level.run < RUN || this.#isBusy || this.#rest > 0 || !mayCopyLong) return;
    const from = Math.max(level.ahead, level.position);
    const to = Math.min(level.position + AHEAD, level.names.length);
    if (from >= to || (to - from < BATCH && to < level.names.length)) return;
    level.ahead = to;
    void this.#readAhead(directory, level.names.slice(from, to), withData);
  }

  async #readAhead(directory: DirectoryInode, names: readonly Bytes[], withData: boolean): Promise<void> {
    this.#isBusy = true;
    const wanted = Buffer.from(`${names.join("\0")}\0`, "latin1");
    let slowest = 0;
    // One after the other: the threads of the pool are few, and others need them.
    for (const real of directory.reals) {
      slowest = Math.max(slowest, await onOwnDescriptor(real.fd(), (own) => native.warmAsync(own, wanted, withData)));
    }
    if (slowest < CACHED) this.#rest = REST;
    this.#isBusy = false;
  }
}
