/** Open files by number: each entry holds one reference to its inode until it is released. */
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";
import { E, fail, type Errno } from "../sys/errno.js";
import { release } from "../library/walk.js";

export class Handles {
  /** Numbers start at 1: libfuse's zero is "no handle". */
  readonly #inodes: (Inode | null)[] = [null];
  readonly #free: number[] = [];

  constructor(private readonly engine: Engine) {}

  /** Takes over one reference; the number of the new handle. */
  open(inode: Inode): number {
    const handle = this.#free.pop() ?? this.#inodes.length;
    this.#inodes[handle] = inode;
    return handle;
  }

  get(handle: number): Inode | Errno {
    return this.#inodes[handle] ?? fail(E.EBADF);
  }

  /** Gives the reference back. */
  close(handle: number): number {
    const inode = this.#inodes[handle];
    if (!inode) return -E.EBADF;
    release(this.engine, inode);
    this.#inodes[handle] = null;
    this.#free.push(handle);
    return 0;
  }

  closeAll(): void {
    for (let handle = 1; handle < this.#inodes.length; handle++) {
      if (this.#inodes[handle]) this.close(handle);
    }
  }
}
