/**
 * What all operations of the library face share: the engine, for whom files are made, and the way from a path
 * to an inode and back. Whatever an operation walked to is given back when the operation ends, however it ends.
 */
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";
import type { Caller } from "../engine/types.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { Stat } from "../sys/stat.js";
import { expect, OverlayError } from "./error.js";
import { toBytes, type OverlayPath } from "./path.js";
import { OverlayStats } from "./stats.js";
import { release, resolve, walk, type Place } from "./walk.js";

export class Context {
  #engine: Engine | null;
  readonly #stat = new Stat();

  constructor(engine: Engine, readonly caller: Caller) {
    this.#engine = engine;
  }

  /** The engine; EBADF once the overlay is closed. */
  get engine(): Engine {
    if (!this.#engine) throw new OverlayError(-E.EBADF, "overlay");
    return this.#engine;
  }

  get isOpen(): boolean {
    return this.#engine !== null;
  }

  close(): void {
    this.#engine?.close();
    this.#engine = null;
  }

  /** The attributes of an inode, in a new object. */
  stats(inode: Inode, syscall: string, path?: OverlayPath): OverlayStats {
    expect(this.engine.getattr(inode, this.#stat), syscall, path);
    return new OverlayStats(this.#stat);
  }

  /** Does `use` with the inode that `path` names; an errno it answers is thrown. */
  withInode<T>(syscall: string, path: OverlayPath, follow: boolean, use: (inode: Inode) => T | Errno): T {
    const inode = expect(walk(this.engine, toBytes(path), follow), syscall, path);
    try {
      return expect(use(inode), syscall, path);
    } finally {
      release(this.engine, inode);
    }
  }

  /** Does `use` with the place that `path` names, its last component not followed unless `follow`. */
  withPlace<T>(syscall: string, path: OverlayPath, follow: boolean, use: (place: Place) => T | Errno): T {
    const place = expect(resolve(this.engine, toBytes(path), follow), syscall, path);
    try {
      return expect(use(place), syscall, path);
    } finally {
      place.release();
    }
  }

  /** As withPlace, for an operation on two names. */
  withPlaces<T>(
    syscall: string, from: OverlayPath, to: OverlayPath, use: (source: Place, target: Place) => T | Errno,
  ): T {
    const source = expect(resolve(this.engine, toBytes(from), false), syscall, from, to);
    try {
      const target = expect(resolve(this.engine, toBytes(to), false), syscall, from, to);
      try {
        return expect(use(source, target), syscall, from, to);
      } finally {
        target.release();
      }
    } finally {
      source.release();
    }
  }

  /** As withPlace, for a name about to be made: EEXIST where something stands there. */
  withNewName<T>(syscall: string, path: OverlayPath, use: (place: Place) => T | Errno): T {
    return this.withPlace(syscall, path, false, (place) => (place.inode ? fail(E.EEXIST) : use(place)));
  }

  /** Gives back an inode that the engine answered and nobody needs; an errno passes through. */
  drop(answer: Inode | Errno): number {
    if (isErrno(answer)) return answer;
    this.engine.forget(answer, 1);
    return 0;
  }
}
