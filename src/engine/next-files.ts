/**
 * Which files a client will change next that changes one after the other: those of one directory in a row (name-run.ts), or of a
 * whole tree (tree-run.ts), once they came as its listing has them.
 */
import type { Bytes } from "../sys/bytes.js";
import { isErrno } from "../sys/errno.js";
import { isAncestor, type DirectoryInode } from "./inode.js";
import { learnLowerNames, releaseLowerNames } from "./known-names.js";
import { isDue, NameRun, windowAfter } from "./name-run.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readEntries, type RealEntry } from "./real-entries.js";
import { TreeRun, type NamedFile } from "./tree-run.js";
import { DT_REG, DT_UNKNOWN } from "./types.js";

/** Directories in which files may be changed in a row at the same time. */
const MOST_RUNS = 128;
/** Directories with more names are not worth their memory. */
const MOST_NAMES = 10_000;
/** After so many walks in a row that did not go on as they should there are no more. */
const VAIN_WALKS = 3;
/** Files that are looked at in a row, while the requests of clients wait: most of them may need no copy-up. */
const MOST_TRIES = 128;

/** Takes a file, of a walk if it is of one; false where it makes no use of it. */
export type Take = (file: NamedFile, walk: TreeRun | null) => boolean;

export class NextFiles {
  readonly #runs = new Map<DirectoryInode, NameRun>();
  /** The one client that is seen walking. */
  #walk: TreeRun | null = null;
  /** Of those given out for the walk: not asked for yet, and asked for. */
  #waiting = 0;
  #asked = 0;
  /** All below a directory in this was walked: who comes to the next one there walks this. */
  #walkedIn: DirectoryInode | null = null;
  #vainWalks = 0;

  /** `file` was changed, which was given out for `walk` if for one; has those taken that come next, `room()` at most. */
  after(fs: OverlayFs, file: NamedFile, walk: TreeRun | null, room: () => number, take: Take): void {
    if (walk && walk === this.#walk) {
      this.#waiting--;
      this.#asked++;
    } else {
      this.#afterName(fs, file, room, take);
    }
    if (this.#walk) this.#goOn(this.#walk, room, take);
  }

  /** What was given out for a walk was not asked for in time. */
  lost(walk: TreeRun): void {
    if (walk !== this.#walk) return;
    this.#vainWalks = this.#asked < this.#waiting ? this.#vainWalks + 1 : 0;
    this.#endWalk(walk);
  }

  /** Nothing is waited for any more. */
  end(): void {
    if (this.#walk) this.#endWalk(this.#walk);
    for (const directory of this.#runs.keys()) this.#endRun(directory);
  }

  #afterName(fs: OverlayFs, { directory, name }: NamedFile, room: () => number, take: Take): void {
    const run = this.#runs.get(directory);
    if (!run) {
      this.#begin(directory, name);
      return;
    }
    const isNext = run.follow(name, () => namesOf(directory), (passed) => isPassed(directory, passed));
    if (isNext && run.isListed && this.#beginWalk(fs, { directory, name })) {
      this.#runs.delete(directory);
      return;
    }
    for (const next of isNext && run.isDue ? run.next(room()) : []) take({ directory, name: next }, null);
    if (run.isOver) this.#endRun(directory);
    else if (run.isVain) releaseLowerNames(directory);
  }

  #begin(directory: DirectoryInode, name: Bytes): void {
    this.#runs.set(directory, new NameRun(name));
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > MOST_RUNS && oldest) this.#endRun(oldest);
  }

  #endRun(directory: DirectoryInode): void {
    this.#runs.delete(directory);
    releaseLowerNames(directory);
  }

  #beginWalk(fs: OverlayFs, file: NamedFile): boolean {
    if (this.#walk || this.#vainWalks >= VAIN_WALKS) return false;
    const top = this.#walkedIn && isAncestor(this.#walkedIn, file.directory) ? this.#walkedIn : file.directory;
    this.#walk = new TreeRun(fs, file, top);
    this.#waiting = this.#asked = 0;
    return true;
  }

  /** A walk ends where nothing that comes next needs a copy. */
  #goOn(walk: TreeRun, room: () => number, take: Take): void {
    const window = windowAfter(this.#asked);
    if (isDue(this.#waiting, window)) {
      const most = Math.min(window, this.#waiting + room());
      for (let tries = 0; tries < MOST_TRIES && this.#waiting < most; tries++) {
        const next = walk.next();
        if (!next) break;
        if (take(next, walk)) this.#waiting++;
      }
    }
    if (this.#waiting > 0) return;
    if (walk.isOver) this.#walkedIn = walk.top.parent;
    this.#endWalk(walk);
  }

  #endWalk(walk: TreeRun): void {
    walk.end();
    this.#walk = null;
  }
}

/** The names of regular files that the lowers of a directory have, none where they are too many. */
function namesOf(directory: DirectoryInode): Bytes[] {
  const names = new Set<Bytes>();
  const read: RealEntry[][] = [];
  for (const real of directory.lower) {
    const entries = readEntries(real);
    if (isErrno(entries) || names.size + entries.length > MOST_NAMES) return [];
    read.push(entries);
    for (const { name, type } of entries) {
      if (type === DT_REG || type === DT_UNKNOWN) names.add(name);
    }
  }
  // Each of them is looked up next.
  learnLowerNames(directory, read);
  return [...names];
}

/** A change of it needs no copy-up. */
function isPassed({ children }: DirectoryInode, name: Bytes): boolean {
  const inode = children?.get(name);
  return inode !== undefined && inode.upper !== null;
}
