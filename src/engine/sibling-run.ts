/**
 * Files of one name, in one directory beside the other: what a client changes that follows a pattern (`chmod +x tests/?/run`), in the
 * order of the directories' names or of their listing. Which file comes next is known then before its directory was met.
 */
import type { Bytes } from "../sys/bytes.js";
import type { DirectoryInode } from "./inode.js";
import { findChild } from "./lookup.js";
import { NameRun } from "./name-run.js";
import { namesOfType } from "./names-of-type.js";
import type { OverlayFs } from "./overlay-fs.js";
import type { NamedFile } from "./tree-run.js";
import { DT_DIR } from "./types.js";

export class SiblingRun {
  readonly #directories: NameRun;

  /** Begins at the file `name` of the directory `first` in `parent`. */
  constructor(private readonly fs: OverlayFs, readonly parent: DirectoryInode, first: Bytes, private name: Bytes) {
    this.#directories = new NameRun(first);
  }

  /** How many came one after the other. */
  get inARow(): number { return this.#directories.inARow; }

  /** `file` was asked for; false where it is none of this row, which goes on with another name where it began. */
  includes({ directory, name }: NamedFile): boolean {
    if (directory.parent !== this.parent) return false;
    if (name !== this.name && !this.#directories.isBegin(directory.name)) return false;
    this.name = name;
    return true;
  }

  /** The file of a directory was asked for; has those taken that come next, `room()` at most. */
  after(directory: DirectoryInode, room: () => number, take: (file: NamedFile) => boolean): void {
    const run = this.#directories;
    run.follow(directory.name, () => namesOfType(this.parent, DT_DIR), (passed) => this.#isPassed(passed));
    for (const next of run.isDue ? run.next(room()) : []) {
      const sibling = this.#directory(next);
      if (!sibling) continue;
      take({ directory: sibling, name: this.name });
      this.fs.inodes.forget(sibling, 0);
    }
  }

  #directory(name: Bytes): DirectoryInode | null {
    const child = findChild(this.fs, this.parent, name);
    if (typeof child !== "object") return null;
    if (child.isDirectory) return child;
    this.fs.inodes.forget(child, 0);
    return null;
  }

  /** A directory that has no such file, or one that needs no copy-up. */
  #isPassed(directoryName: Bytes): boolean {
    const directory = this.#directory(directoryName);
    if (!directory) return true;
    const file = findChild(this.fs, directory, this.name);
    const isFound = typeof file === "object";
    const isPassed = !isFound || file.upper !== null;
    this.fs.inodes.forget(isFound ? file : directory, 0);
    return isPassed;
  }
}
