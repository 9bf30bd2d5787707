/**
 * Gives memory back after the kernel has forgotten most inodes. V8 collects when it is asked for more memory, which
 * a daemon that has just lost its work may not do for long: until then hundreds of megabytes of garbage stay. So
 * once the daemon is idle with a small part of the inodes that it had, collections are run. They take the time of
 * what lives, not of what is dead, and that is little then; under load none is forced. The C library then gives back
 * what V8 had from it for collecting and compiling.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Engine } from "../engine/engine.js";
import { native } from "../sys/native.js";

/** Milliseconds between two looks at the daemon. */
const INTERVAL = 3000;

/** Milliseconds that an idle daemon may have worked meanwhile. */
const IDLE_WORK = 60;

/** So many inodes are gone (some 250 bytes each) where it is worth while, and at most this part is left. */
const MANY = 20_000;
const LEFT_AT_MOST = 1 / 4;

/** The first frees the objects, the next their pages; the young generation shrinks when little was allocated between two. */
const COLLECTIONS = 4;

/** Decides when a collection is due. */
export class MassForget {
  #most = 0;
  #due = 0;

  /** What a look found: the inodes that live, and the milliseconds worked since the look before. Whether to collect now. */
  isDue(count: number, worked: number): boolean {
    this.#most = Math.max(this.#most, count);
    if (worked > IDLE_WORK) return false;
    if (this.#most - count >= MANY && count <= this.#most * LEFT_AT_MOST) {
      this.#most = count;
      this.#due = COLLECTIONS;
    }
    if (this.#due === 0) return false;
    this.#due--;
    return true;
  }
}

/** Looks after the memory of this process from now on. */
export function spareMemory(engine: Engine): void {
  const forgotten = new MassForget();
  let collectGarbage: (() => void) | null = null;
  let before = process.cpuUsage();
  const look = (): void => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    if (!forgotten.isDue(engine.inodeCount, (user + system) / 1000)) return;
    collectGarbage ??= exposedCollector();
    collectGarbage();
    native.mallocTrim();
  };
  setInterval(look, INTERVAL).unref();
}

/**
 * Only a context that is made after the flag is set has the function. Without options it gives pages back in Node.js 20 (V8 11),
 * with these in newer ones; the other of the two finds next to nothing to do.
 */
function exposedCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options?: object) => void;
  return () => {
    collect();
    collect({ type: "major", execution: "sync", flavor: "last-resort" });
  };
}
