/**
 * A large file that is written from one end to the other goes on its way to the disk while more of it comes in, so
 * that the fsync which mostly follows has little left to do. Without that the kernel would hand over all of its
 * cache first and the disk would begin only then.
 * Source: sync_file_range(2), SYNC_FILE_RANGE_WRITE, which starts and does not wait; it promises nothing, and
 * nothing here relies on it.
 */
import { onOwnDescriptor } from "./own-descriptor.js";
import { hasPlenty } from "./plenty.js";
import { openFile } from "./upper.js";

/** Bytes written in a row before the disk is told of them. */
const STEP = 8 * 1024 * 1024;
/** Writes shorter than this are no stream. */
export const SHORTEST_WRITE = 64 * 1024;

/** What has come in a row to one open file. */
export class Stream {
  #start = 0;
  #end = 0;
  #isBusy = false;

  /** `length` bytes were written at `position` of `fd`. */
  wrote(fd: number, position: number, length: number): void {
    if (position !== this.#end) this.#start = position;
    this.#end = position + length;
    if (this.#isBusy || this.#end - this.#start < STEP) return;
    // The descriptor that is used meanwhile would keep the space of a file that is deleted.
    if (hasPlenty(fd)) this.#startWriteback(fd);
    this.#start = this.#end;
  }

  #startWriteback(fd: number): void {
    const started = onOwnDescriptor(fd, (own) => openFile.startWritebackAsync(own, this.#start, this.#end - this.#start));
    if (typeof started === "number") return;
    this.#isBusy = true;
    void started.then(() => { this.#isBusy = false; });
  }
}
