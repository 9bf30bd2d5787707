/**
 * A large file that is read from one end to the other is read ahead further than the file system below does by
 * itself: each request is answered before the next is looked at, so whatever the disk does meanwhile is won.
 */
import { POSIX_FADV_WILLNEED } from "../sys/constants.js";
import { native } from "../sys/native.js";
import { onOwnDescriptor } from "./own-descriptor.js";

/** One call reads no more than the largest request of the disk, so it is made for pieces of this size (bytes). */
const PIECE = 512 * 1024;
/** So far ahead of the reader. */
const AHEAD = 4 * 1024 * 1024;
/** Reads shorter than this come from a small file, or from who does not read in a row. */
export const SHORTEST_READ = 64 * 1024;

/**
 * A file system that reads ahead so many bytes by itself is left to do so: it takes large folios, where what is asked for
 * comes in single pages, and that costs more than reading further ahead gains (docs/performance.md).
 */
const ENOUGH_READAHEAD = 512 * 1024;

/** So much is read in a row before anybody goes ahead of it. */
const LONG_ROW = 1024 * 1024;
/** Bytes gone ahead at once, at least; whoever goes ahead is another thread. */
const TOUCHED_AT_ONCE = 2 * 1024 * 1024;
/** Bytes to go ahead at most. */
const MOST_AHEAD = 16 * 1024 * 1024;

/** What is read in a row from one open file. */
export interface SequentialReads {
  /** `length` bytes of `fd` are about to be read at `position`. */
  reads(fd: number, position: number, length: number): void;
}

/** For a file whose file system reads ahead `ownReadahead` bytes by itself. */
export function sequentialReads(ownReadahead: number): SequentialReads {
  return ownReadahead < ENOUGH_READAHEAD ? new AskedAhead() : new TouchedAhead(ownReadahead);
}

/** By posix_fadvise(2), POSIX_FADV_WILLNEED, which starts the reading and does not wait for it. */
class AskedAhead implements SequentialReads {
  #end = 0;
  #ahead = 0;

  reads(fd: number, position: number, length: number): void {
    const isInRow = position === this.#end && position > 0;
    this.#end = position + length;
    if (!isInRow) {
      this.#ahead = this.#end;
      return;
    }
    this.#ahead = Math.max(this.#ahead, this.#end);
    for (; this.#ahead < this.#end + AHEAD; this.#ahead += PIECE) {
      if (native.fadvise(fd, this.#ahead, PIECE, POSIX_FADV_WILLNEED) < 0) return;
    }
  }
}

/**
 * The file system reads ahead by itself, but of every other window the reader finds nothing there yet and waits for the disk.
 * Who reads a byte here and there well ahead of it is the one that waits.
 */
class TouchedAhead implements SequentialReads {
  #start = 0;
  #end = 0;
  #ahead = 0;
  #isBusy = false;
  readonly #distance: number;

  constructor(ownReadahead: number) {
    this.#distance = Math.min(2 * ownReadahead, MOST_AHEAD);
  }

  reads(fd: number, position: number, length: number): void {
    if (position !== this.#end) this.#start = this.#ahead = position;
    this.#end = position + length;
    if (this.#isBusy || position - this.#start < LONG_ROW) return;
    this.#ahead = Math.max(this.#ahead, this.#end);
    const missing = this.#end + this.#distance - this.#ahead;
    if (missing >= Math.min(TOUCHED_AT_ONCE, this.#distance)) this.#touch(fd, missing);
  }

  #touch(fd: number, length: number): void {
    const touched = onOwnDescriptor(fd, (own) => native.touchAsync(own, this.#ahead, length));
    if (typeof touched === "number") return;
    const row = this.#start;
    this.#ahead += length;
    this.#isBusy = true;
    void touched.then((done) => {
      this.#isBusy = false;
      // The file ends there: nothing is left to be gone ahead of in this row.
      if (done < length && this.#start === row) this.#ahead = Infinity;
    });
  }
}
