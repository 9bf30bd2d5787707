/**
 * Requests that wait while the data of a large file is copied up off the thread. Those for one inode stay in
 * the order in which they came and are served again when the copy is there; all other requests go on.
 *
 * READ, LSEEK and what asks for attributes do not wait: the change they overtake has not been answered, so
 * nobody can rely on it yet, and the kernel itself never has a page written and read at the same time (it
 * waits for the write before it reads the page, and before it sends SETATTR of a size, FSYNC or FALLOCATE).
 */
import type { Inode } from "../engine/inode.js";
import type { Unique } from "./ids.js";
import type { Request } from "./request.js";

/** So many are served in one go, each a MiB of data at most; then others have their turn. */
const SLICE = 16;

export class Parking {
  readonly #queues = new Map<number, Request[]>();
  readonly #repeat: (request: Request) => void;

  constructor(repeat: (request: Request) => void) {
    this.#repeat = repeat;
  }

  /** Whether requests wait for this inode. */
  isOpen(inode: Inode): boolean {
    return this.#queues.size > 0 && this.#queues.has(inode.id);
  }

  /** Parks the first request for an inode until `staging` settles. */
  open(inode: Inode, staging: Promise<void>, request: Request): void {
    const id = inode.id;
    this.#queues.set(id, []);
    this.join(inode, request);
    const settled = (): void => this.#settled(id);
    staging.then(settled, settled);
  }

  /** Parks a request behind those that wait already. */
  join(inode: Inode, request: Request): void {
    const kept = request.keep();
    kept.waitedFor.push(inode.id);
    this.#queues.get(inode.id)!.push(kept);
  }

  /** A request that waits here. */
  find(unique: Unique): Request | undefined {
    return this.#queueOf(unique)?.find((request) => request.unique === unique);
  }

  /** Takes a request out, if it waits here. */
  remove(unique: Unique): void {
    const queue = this.#queueOf(unique);
    queue?.splice(queue.findIndex((request) => request.unique === unique), 1);
  }

  #queueOf(unique: Unique): Request[] | undefined {
    for (const queue of this.#queues.values()) {
      if (queue.some((request) => request.unique === unique)) return queue;
    }
    return undefined;
  }

  /** Serves those who waited. The queue stays open until the last, so that nobody who comes meanwhile overtakes. */
  #settled(id: number): void {
    const queue = this.#queues.get(id)!;
    for (const request of queue.splice(0, SLICE)) this.#repeat(request);
    if (queue.length === 0) this.#queues.delete(id);
    else setImmediate(() => this.#settled(id));
  }
}
