/**
 * What the kernel is told to drop before an answer goes out, off the thread: listings that are stale, and data that could
 * not be written.
 */
import { setTimeout } from "node:timers/promises";
import type { Inode } from "../engine/inode.js";
import type { Notifier } from "./notify.js";

/** Milliseconds that an answer waits: a drop may wait for a reader, whom in turn nothing here may keep waiting. */
const LONGEST = 1000;

export class Drops {
  /** What the answer to the request being served waits for. */
  readonly #awaited: Promise<void>[] = [];
  /** The last drop of what could not be written, while it is under way; one comes after the other. */
  #failed: Promise<void> | null = null;

  constructor(private readonly notifier: Notifier) {}

  /** A listing that the kernel may have is stale: it is dropped before the request that made it so is answered. */
  listingChanged(directory: Inode): void {
    this.#awaited.push(this.notifier.dropListing(directory));
  }

  /**
   * What the kernel holds of a file from `offset` on could not be written; it would go on showing it, and the size that it keeps
   * itself. It takes no other from us (fuse_change_attributes in fs/fuse/inode.c) but for an inode that it looks up anew. Nobody waits for that.
   */
  writeFailed(inode: Inode, offset: number): void {
    const dropped = this.notifier.dropData(inode, offset).then(() => {
      if (this.#failed === dropped) this.#failed = null;
    });
    this.#failed = dropped;
    if (inode.isDirectory) return;
    for (const { parent, name } of inode.links) void this.notifier.dropName(parent, name);
  }

  /**
   * The request being served may take a file's last name. Where data of one is being dropped, that holds the inode, and so
   * the space that the caller counts on.
   */
  nameRemoved(): void {
    if (this.#failed) this.#awaited.push(this.#failed);
  }

  /** Settles when the answer to the request being served may go out; null where it may at once. */
  awaited(): Promise<unknown> | null {
    if (this.#awaited.length === 0) return null;
    return Promise.race([Promise.all(this.#awaited.splice(0)), setTimeout(LONGEST, undefined, { ref: false })]);
  }
}
