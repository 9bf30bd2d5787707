/**
 * The files of a tree in the order in which a client comes to them that walks it (chown -R, find -exec): the entries of a
 * directory as they are listed, and what a subdirectory holds where that stands among them.
 */
import type { Bytes } from "../sys/bytes.js";
import { isErrno } from "../sys/errno.js";
import { listDirectory, releaseListing } from "./directory.js";
import type { DirectoryInode } from "./inode.js";
import { isSubdirectory } from "./listing.js";
import { findChild } from "./lookup.js";
import type { OverlayFs } from "./overlay-fs.js";
import { DT_REG, type DirectoryEntry } from "./types.js";

/** Deeper trees are walked as if they ended there. */
const MOST_LEVELS = 64;
/** Entries that are looked at in a row, while the requests of clients wait. */
const MOST_STEPS = 64;

/** A directory on the way down. */
interface Level {
  readonly directory: DirectoryInode;
  readonly entries: readonly DirectoryEntry[];
  at: number;
}

export interface NamedFile {
  readonly directory: DirectoryInode;
  readonly name: Bytes;
}

export class TreeRun {
  /** From the directory that was reached last upwards; each is referenced. */
  readonly #levels: Level[] = [];

  /** Begins behind a file of `directory`, and ends with all that is below `top`. */
  constructor(private readonly fs: OverlayFs, { directory, name }: NamedFile, readonly top: DirectoryInode) {
    this.#enter(directory, name);
  }

  get isOver(): boolean { return this.#levels.length === 0; }

  /** The next file, or null where there is none among the next entries. */
  next(): NamedFile | null {
    for (let step = 0; step < MOST_STEPS; step++) {
      const level = this.#levels.at(-1);
      if (!level) return null;
      const { directory, entries } = level;
      const entry = entries[level.at++];
      if (!entry) this.#leave(level);
      else if (entry.type === DT_REG) return { directory, name: entry.name };
      else if (isSubdirectory(entry)) this.#descend(directory, entry.name);
    }
    return null;
  }

  /** Gives all back that it holds. */
  end(): void {
    for (const { directory } of this.#levels.splice(0)) {
      releaseListing(directory);
      this.fs.inodes.forget(directory, 1);
    }
  }

  #descend(parent: DirectoryInode, name: Bytes): void {
    if (this.#levels.length >= MOST_LEVELS) return;
    const child = findChild(this.fs, parent, name);
    if (typeof child !== "object") return;
    if (child.isDirectory) this.#enter(child, null);
    else this.fs.inodes.forget(child, 0);
  }

  /** To go on behind an entry that the client has come to, or from the beginning. */
  #enter(directory: DirectoryInode, behind: Bytes | null): void {
    directory.references++;
    const isRead = directory.listing !== null;
    const listing = listDirectory(this.fs, directory);
    const entries = isErrno(listing) ? [] : [...listing.entries];
    this.#levels.push({ directory, entries, at: behind === null ? 0 : placeBehind(entries, behind) });
    // Who begins with a directory will ask for the same listing; who is in it has read it.
    if (behind !== null && !isRead) releaseListing(directory);
  }

  /** All of a directory was met: what comes behind it is the parent's, within `top`. */
  #leave({ directory }: Level): void {
    const { parent, name } = directory;
    this.#levels.pop();
    if (this.#levels.length === 0 && parent && directory !== this.top && !directory.removed) this.#enter(parent, name);
    this.fs.inodes.forget(directory, 1);
  }
}

function placeBehind(entries: readonly DirectoryEntry[], name: Bytes): number {
  const at = entries.findIndex((entry) => entry.name === name);
  return at < 0 ? entries.length : at + 1;
}
