/**
 * From the paths that libfuse 2 speaks to inodes and names, and from an operation's outcome to its callback:
 * what was walked to is given back, and an exception ends as EIO to the one caller that met it.
 */
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";
import type { AttrChange } from "../engine/types.js";
import type { Bytes } from "../sys/bytes.js";
import { E, isErrno, type Errno } from "../sys/errno.js";
import type { Log } from "../engine/types.js";
import { logFault } from "../transport.js";
import { release } from "../library/walk.js";
import { fromNative, toNative } from "./names.js";
import { refuse, REFUSED, type Refused } from "./refusals.js";

/** Answers an operation: 0, a number of zero or more, or a negated errno. */
export type Done = (outcome: number) => void;

export class Paths {
  constructor(readonly engine: Engine, private readonly log: Log) {}

  /**
   * The inode at a path, which the caller holds. The kernel has resolved symlinks and dots and made sure that
   * each directory on the way is one; the path may be longer than a caller could have written it.
   */
  hold(path: string): Inode | Errno {
    const named = this.bytes(path);
    if (isErrno(named)) return named;
    let inode: Inode = this.engine.root;
    for (const name of named.split("/") as Bytes[]) {
      if (name === "") continue;
      const child = this.engine.lookup(inode, name);
      this.give(inode);
      if (isErrno(child)) return child;
      inode = child;
    }
    return inode;
  }

  give(inode: Inode): void {
    release(this.engine, inode);
  }

  /** What libfuse speaks as the bytes it was; refused where they got lost on the way. */
  bytes(text: string): Bytes | Errno {
    const name = fromNative(text);
    return isErrno(name) ? this.refuse(REFUSED.rawNames, name) : name;
  }

  /** Bytes as libfuse speaks them; refused where they are not UTF-8. */
  text(name: Bytes): string | Errno {
    const text = toNative(name);
    return isErrno(text) ? this.refuse(REFUSED.rawNames, text) : text;
  }

  refuse(refused: Refused, error: Errno): Errno {
    return refuse(this.log, refused, error);
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
    const name = this.bytes(path.slice(cut + 1));
    return isErrno(name) ? name : this.at(path.slice(0, cut), (parent) => use(parent, name));
  }

  /** Makes something under a path; the new inode is not kept. */
  make(path: string, create: (parent: Inode, name: Bytes) => Inode | Errno): number {
    return this.under(path, (parent, name) => {
      const inode = create(parent, name);
      if (isErrno(inode)) return inode;
      this.give(inode);
      return 0;
    });
  }

  /** Runs an operation and answers it, whatever happens in it. */
  answer(operation: string, done: Done, perform: () => number): void {
    done(this.guard(operation, perform));
  }

  /**
   * As `answer`, for a change to the inode at a path: one whose data takes long to copy up is copied first,
   * while other requests are answered.
   */
  change(operation: string, path: string, change: AttrChange | undefined, done: Done, perform: (inode: Inode) => number): void {
    let held: Inode | Errno = -E.EIO as Errno;
    const error = this.guard(operation, () => (isErrno(held = this.hold(path)) ? held : 0));
    if (error < 0 || isErrno(held)) {
      done(error);
      return;
    }
    const inode = held;
    this.changeHeld(operation, inode, change, (outcome) => {
      this.give(inode);
      done(outcome);
    }, () => perform(inode));
  }

  /** The same for an inode that is held by somebody. */
  changeHeld(operation: string, inode: Inode, change: AttrChange | undefined, done: Done, perform: () => number): void {
    const staging = this.#stage(inode, change);
    if (staging === null) this.answer(operation, done, perform);
    else void staging.then(() => this.answer(operation, done, perform));
  }

  /** Null too where staging fails: the change itself then says why. */
  #stage(inode: Inode, change: AttrChange | undefined): Promise<void> | null {
    let staging: Promise<void> | null = null;
    this.guard("stage", () => {
      staging = this.engine.stage(inode, change);
      return 0;
    });
    return staging;
  }

  guard(operation: string, perform: () => number): number {
    try {
      return perform();
    } catch (fault) {
      logFault(this.log, operation, fault);
      return -E.EIO;
    }
  }
}
