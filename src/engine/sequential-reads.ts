/**
 * A large file that is read from one end to the other is read ahead further than the file system below does by
 * itself: each request is answered before the next is looked at, so whatever the disk does meanwhile is won.
 * Source: posix_fadvise(2), POSIX_FADV_WILLNEED, which starts the reading and does not wait for it.
 */
import { POSIX_FADV_WILLNEED } from "../sys/constants.js";
import { native } from "../sys/native.js";

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
export const ENOUGH_READAHEAD = 512 * 1024;

/** What is read in a row from one open file. */
export class SequentialReads {
  #end = 0;
  #ahead = 0;

  /** `length` bytes of `fd` are being read at `position`. */
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
