/**
 * From the paths that libfuse 2 speaks to inodes and names, and from an operation's outcome to its callback:
 * what was walked to is given back, and an exception ends as EIO to the one caller that met it.
 */
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";
import type { Bytes } from "../sys/bytes.js";
import { E, isErrno, type Errno } from "../sys/errno.js";
import type { MountLog } from "../transport.js";
import { release, walk } from "../library/walk.js";
import { fromNative } from "./names.js";

/** Answers an operation: 0, a number of zero or more, or a negated errno. */
export type Done = (outcome: number) => void;

export class Paths {
  constructor(readonly engine: Engine, private readonly log: MountLog) {}

  /** The inode at a path, which the caller holds; symlinks are not followed. */
  hold(path: string): Inode | Errno {
    const named = fromNative(path);
    return isErrno(named) ? named : walk(this.engine, named, false);
  }

  give(inode: Inode): void {
    release(this.engine, inode);
  }

  /** Does `use` with the inode at a path. */
  at(path: string, use: (inode: Inode) => number): number {
    const inode = this.hold(path);
    if (isErrno(inode)) return inode;
    try {
      return use(inode);
    } finally {
      this.give(inode);
    }
  }

  /** Does `use` with the directory of a path and the last name. */
  under(path: string, use: (parent: Inode, name: Bytes) => number): number {
    const cut = path.lastIndexOf("/");
    const name = fromNative(path.slice(cut + 1));
    return isErrno(name) ? name : this.at(path.slice(0, cut) || "/", (parent) => use(parent, name));
  }

  /** Makes something under a path; the new inode is not kept. */
  make(path: string, create: (parent: Inode, name: Bytes) => Inode | Errno): number {
    return this.under(path, (parent, name) => {
      const inode = create(parent, name);
      if (isErrno(inode)) return inode;
      this.engine.forget(inode, 1);
      return 0;
    });
  }

  /** Runs an operation and answers it, whatever happens in it. */
  answer(operation: string, done: Done, perform: () => number): void {
    done(this.guard(operation, perform));
  }

  guard(operation: string, perform: () => number): number {
    try {
      return perform();
    } catch (fault) {
      const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
      this.log.warn(`${operation} failed: ${text}`, `${operation}: ${fault instanceof Error ? fault.message : text}`);
      return -E.EIO;
    }
  }
}
