/**
 * Which files a client will change next that changes one after the other: those of one directory in a row (name-run.ts), of one
 * name in directories beside one another (sibling-run.ts), or of a whole tree (tree-run.ts), once they came as its listing has them.
 */
import type { Bytes } from "../sys/bytes.js";
import { isAncestor, type DirectoryInode } from "./inode.js";
import { releaseLowerNames } from "./known-names.js";
import { isDue, NameRun, windowAfter } from "./name-run.js";
import { namesOfType } from "./names-of-type.js";
import type { OverlayFs } from "./overlay-fs.js";
import { SiblingRun } from "./sibling-run.js";
import { TreeRun, type NamedFile } from "./tree-run.js";
import { DT_REG } from "./types.js";

/** Directories in which files may be changed in a row at the same time. */
const MOST_RUNS = 128;
/** After so many walks in a row that did not go on as they should there are no more. */
const VAIN_WALKS = 3;
/** After so many pairs of files of one name that few followed none are looked for. */
const VAIN_PAIRS = 8;
const FEW = 4;
/** Files that are looked at in a row, while the requests of clients wait: most of them may need no copy-up. */
const MOST_TRIES = 128;

/** What a file was given out for; null for the names of its directory. */
export type Row = TreeRun | SiblingRun | null;

/** Takes a file; false where it makes no use of it. */
export type Take = (file: NamedFile, row: Row) => boolean;

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
  #siblings: SiblingRun | null = null;
  #vainPairs = 0;
  /** The file before, but for those of a walk. */
  #last: NamedFile | null = null;

  /** `file` was changed, which was given out for `row`; has those taken that come next, `room()` at most. */
  after(fs: OverlayFs, file: NamedFile, row: Row, room: () => number, take: Take): void {
    if (row && row === this.#walk) {
      this.#waiting--;
      this.#asked++;
    } else {
      this.#afterSibling(fs, file, room, take);
      if (!row || row !== this.#siblings) this.#afterName(fs, file, room, take);
    }
    if (this.#walk) this.#goOn(this.#walk, room, take);
  }

  /** What was given out for a row was not asked for in time. */
  lost(row: Row): void {
    if (!row || row !== this.#walk) return;
    this.#vainWalks = this.#asked < this.#waiting ? this.#vainWalks + 1 : 0;
    this.#endWalk(row);
  }

  /** Nothing is waited for any more. */
  end(): void {
    if (this.#walk) this.#endWalk(this.#walk);
    if (this.#siblings) this.#endSiblings(this.#siblings);
    this.#last = null;
    for (const directory of this.#runs.keys()) this.#endRun(directory);
  }

  #afterSibling(fs: OverlayFs, file: NamedFile, room: () => number, take: Take): void {
    const last = this.#last;
    this.#last = file;
    if (this.#siblings && !this.#siblings.includes(file)) this.#endSiblings(this.#siblings);
    const run = this.#siblings ??= last && this.#beginSiblings(fs, last, file);
    run?.after(file.directory, room, (next) => take(next, run));
  }

  #beginSiblings(fs: OverlayFs, last: NamedFile, { directory, name }: NamedFile): SiblingRun | null {
    const { parent } = directory;
    const isPair = parent !== null && last.name === name && last.directory !== directory && last.directory.parent === parent;
    return isPair && this.#vainPairs < VAIN_PAIRS ? new SiblingRun(fs, parent, last.directory.name, name) : null;
  }

  #endSiblings({ parent, inARow }: SiblingRun): void {
    this.#vainPairs = inARow < FEW ? this.#vainPairs + 1 : 0;
    this.#siblings = null;
    releaseLowerNames(parent);
  }

  #afterName(fs: OverlayFs, { directory, name }: NamedFile, room: () => number, take: Take): void {
    const run = this.#runs.get(directory);
    if (!run) {
      this.#begin(directory, name);
      return;
    }
    const isNext = run.follow(name, () => namesOfType(directory, DT_REG), (passed) => isPassed(directory, passed));
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

/** A change of it needs no copy-up. */
function isPassed({ children }: DirectoryInode, name: Bytes): boolean {
  const inode = children?.get(name);
  return inode !== undefined && inode.upper !== null;
}
