/**
 * Lookup: what a name of a merged directory is. The layers are asked from the top; the first file ends the
 * search (unless it is a metacopy, whose data is below), directories of one name are merged until one is
 * opaque, a whiteout ends it with nothing.
 * Source: Documentation/filesystems/overlayfs.rst, "Upper and Lower"; ovl_lookup in fs/overlayfs/namei.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { NAME_MAX } from "../sys/limits.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { followsRedirects } from "./config.js";
import { enterDirectory, enterFile, type FileStack } from "./enter.js";
import { getAttributes, present } from "./merged-stat.js";
import type { DirectoryInode, Inode } from "./inode.js";
import { isKnownMissing, nextWithName, noteMisses } from "./known-names.js";
import type { Miss } from "./misses.js";
import { compareOrigin, fixOrigin } from "./verify-origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { isMarked, isMarkName } from "./oci.js";
import { RealFile, type Place, type RealDirectory } from "./real.js";
import { found, isLowest, Walk } from "./walk.js";
import { isWhiteout } from "./whiteout.js";

/** The attributes of the topmost real object of what was looked up last. */
const topmost = new Stat();

/** The inode of a name, or why there is none, or an errno. Adds no reference. */
export function findChild(fs: OverlayFs, parent: DirectoryInode, name: Bytes): Inode | Miss | Errno {
  const known = parent.children?.get(name);
  if (known) return known;
  if (parent.removed) return fail(E.ENOENT);
  if (name.length > NAME_MAX) return fail(E.ENAMETOOLONG);
  if ((fs.hasOciMarks && isMarkName(name)) || isKnownAbsent(parent, name)) return "absent";
  return new Search(fs, parent, name).run();
}

/** Whether all layers are known not to have a name, so that none needs to be asked. */
function isKnownAbsent(parent: DirectoryInode, name: Bytes): boolean {
  if (parent.upper && !isKnownMissing(parent.upper, name)) return false;
  return parent.lower.length === 0 || nextWithName(parent, name, 0) === Infinity;
}

/** As findChild, and fills `out` with what stat(2) answers for the inode, where possible from the same call. */
export function findChildWithAttributes(fs: OverlayFs, parent: DirectoryInode, name: Bytes, out: Stat): Inode | Miss | Errno {
  const known = parent.children?.get(name);
  const inode = known ?? findChild(fs, parent, name);
  if (typeof inode !== "object") return inode;
  if (known || (!inode.isDirectory && (inode.metacopy || inode.indexed))) {
    const error = getAttributes(inode, out);
    return error < 0 ? fail(-error) : inode;
  }
  out.fields.set(topmost.fields);
  present(inode, out);
  return inode;
}

/** As findChild, for those to whom a missing name is ENOENT. */
export function requireChild(fs: OverlayFs, parent: DirectoryInode, name: Bytes): Inode | Errno {
  const answer = findChild(fs, parent, name);
  return typeof answer === "string" ? fail(E.ENOENT) : answer;
}

/** One lookup: the walk down the layers and what it gathers. */
class Search {
  readonly #walk: Walk;
  #upper: Place | null = null;
  #upperIsDirectory = false;
  #upperIsMetacopy = false;
  #upperIsOpaque = false;
  #upperRedirect: Bytes | null = null;
  readonly #directories: RealDirectory[] = [];
  readonly #files: RealFile[] = [];
  /** The number in the merged tree of the topmost lower directory. */
  #lowerIno: bigint | null = null;

  constructor(private readonly fs: OverlayFs, private readonly parent: DirectoryInode, private readonly name: Bytes) {
    this.#walk = new Walk(name);
  }

  run(): Inode | Miss | Errno {
    const walk = this.#walk;
    if (this.parent.upper) {
      const error = this.#askUpper(this.parent.upper);
      if (error < 0) return fail(-error);
      if (!this.#upper && walk.stop) return walk.isMarked ? "marked" : "whiteout";
    }
    const error = walk.stop ? 0 : this.#askLowers();
    if (error < 0) return fail(-error);
    if (this.#upper ? this.#upperIsDirectory : this.#directories.length > 0) return this.#directory();
    return this.#upper || this.#files.length > 0 ? this.#file() : "absent";
  }

  #askUpper(directory: RealDirectory): number {
    const { fs } = this;
    const walk = this.#walk;
    if (isKnownMissing(directory, this.name)) return 0;
    walk.last = !this.#readsRedirects() && this.parent.lower.length === 0;
    const kind = walk.ask(fs, directory);
    if (isErrno(kind)) return kind;
    if (kind === "nothing") {
      if (!walk.stop) noteMisses(this.parent, 1);
      return 0;
    }
    topmost.fields.set(found.fields);
    this.#upperIsDirectory = kind === "directory";
    this.#upper = this.#upperIsDirectory ? directory.child(this.name) : new RealFile(directory, this.name);
    this.#upperIsMetacopy = walk.metacopy > 0;
    this.#upperIsOpaque = walk.opaque;
    this.#upperRedirect = walk.redirect;
    return 0;
  }

  #askLowers(): number {
    const { fs } = this;
    const walk = this.#walk;
    const roots = fs.rootLowers;
    let bases = walk.path ? roots : this.parent.lower;
    let misses = 0;
    for (let i = this.#next(0); !walk.stop && i < bases.length; i = this.#next(i + 1)) {
      const base = bases[i]!;
      const refused = this.#refuses(walk.redirect !== null, walk.metacopy > 0);
      if (refused < 0) return refused;
      walk.last = this.#isLast(bases, i);
      const kind = walk.ask(fs, base);
      if (isErrno(kind)) return kind;
      if (kind === "nothing") {
        misses++;
        continue;
      }
      const kept = this.#keep(kind);
      if (kept < 0) return kept;
      if (kept > 0) break;
      if (walk.path && bases !== roots) {
        bases = roots;
        // Layers above this one have nothing to say of a path that it names.
        i = base.layer.index - 1;
      }
    }
    if (misses > 0) noteMisses(this.parent, misses);
    return 0;
  }

  /** The position of the next lower to ask, from `position` on. */
  #next(position: number): number {
    const { path, name } = this.#walk;
    return path ? position : nextWithName(this.parent, name, position);
  }

  /** A redirect of the lowest lower to the data-only layers is followed whatever the options say. */
  #readsRedirects(): boolean {
    return followsRedirects(this.fs.config) || this.fs.dataLayers.length > 0;
  }

  #isLast(bases: readonly RealDirectory[], i: number): boolean {
    const { fs } = this;
    if (!this.#readsRedirects()) return i === bases.length - 1;
    return (this.#walk.isDirectory || fs.dataLayers.length === 0) && isLowest(fs, bases[i]!.layer);
  }

  /** What an untrusted layer might lead to is not followed where it was not asked for; 0 or EPERM. */
  #refuses(isRedirected: boolean, isBelowMetacopy: boolean): number {
    const { fs } = this;
    if (isBelowMetacopy && !fs.config.metacopy) {
      fs.log.warn("refusing to follow metacopy: the file's data is in another layer, which needs metacopy=on", "metacopy");
      return -E.EPERM;
    }
    if (isRedirected && !followsRedirects(fs.config)) {
      fs.log.warn("refusing to follow a redirect, which needs redirect_dir=follow", "redirect-refused");
      return -E.EPERM;
    }
    return 0;
  }

  /** Takes what the layer asked last has into the stack; above 0: it is not to be merged, and nothing below it; or an errno. */
  #keep(kind: "directory" | "file"): number {
    const { fs } = this;
    const walk = this.#walk;
    const isFirst = this.#directories.length + this.#files.length === 0;
    if (isFirst && !this.#upper) topmost.fields.set(found.fields);
    const directory = walk.directory!;
    if (kind === "file") return this.#keepFile(new RealFile(directory, walk.foundName), isFirst);
    const child = directory.child(walk.foundName);
    child.xwhiteouts = walk.xwhiteouts;
    child.device = found.dev;
    if (isFirst && this.#upper) {
      const fixed = fixOrigin(fs, this.parent, this.#upper, child);
      if (fixed < 0) return fixed;
      if (fixed > 0) native.statx(this.#upper.dirfd(), this.#upper.name, topmost.fields);
      if (fs.index?.all && compareOrigin(fs, this.#upper, child) !== "same") return 1;
    }
    this.#lowerIno ??= fs.numbers.of(found);
    this.#directories.push(child);
    return 0;
  }

  #keepFile(file: RealFile, isFirst: boolean): number {
    const { fs } = this;
    if (isFirst && this.#upper && fs.index && compareOrigin(fs, this.#upper, file) === "other") return -E.ESTALE;
    // Of a chain of metacopies the topmost counts for its attributes, the last for its data.
    if (isFirst || this.#walk.metacopy === 0) this.#files.push(file);
    return 0;
  }

  #directory(): Inode | Errno {
    const refused = this.#refuses(this.#walk.redirect !== null, false);
    if (refused < 0) return fail(-refused);
    return enterDirectory(this.fs, this.parent, this.name, {
      upper: this.#upper as RealDirectory | null, lower: this.#directories, ino: this.#lowerIno ?? this.fs.numbers.of(topmost),
      isOpaque: this.#upperIsOpaque, redirect: this.#upperRedirect,
    });
  }

  #file(): Inode | Errno {
    const walk = this.#walk;
    const files = this.#files;
    const hasLazyData = walk.metacopy > 0 && files.length > 0 && this.fs.dataLayers.length > 0 && walk.absolute;
    const refused = hasLazyData ? 0 : this.#refuses(walk.redirect !== null, walk.metacopy > 0);
    if (refused < 0) return fail(-refused);
    if (!hasLazyData && (walk.metacopy > 0 || (this.#upperIsMetacopy && files.length === 0))) return this.#withoutData();
    const isMetacopy = this.#upper ? this.#upperIsMetacopy : files.length > 1 || hasLazyData;
    const stack: FileStack = {
      upper: this.#upper as RealFile | null, lower: files[0] ?? null, attributes: topmost, redirect: this.#upperRedirect,
      metacopy: isMetacopy ? { data: hasLazyData ? null : files.at(-1)!, path: walk.path ?? [], isVerified: false } : null,
    };
    return enterFile(this.fs, this.parent, this.name, stack);
  }

  /** A metacopy and nothing below it. */
  #withoutData(): Errno {
    this.fs.log.warn("a metacopy has no data in any lower layer", "metacopy-no-data");
    return fail(E.EIO);
  }
}

/** Whether a lower layer shows something under a name, so that removing it takes a whiteout. */
export function isLowerPositive(parent: DirectoryInode, name: Bytes): boolean {
  const { lower } = parent;
  let misses = 0;
  for (let i = nextWithName(parent, name, 0); i < lower.length; i = nextWithName(parent, name, i + 1)) {
    const directory = lower[i]!;
    const dirfd = directory.fd();
    const error = dirfd < 0 ? dirfd : native.statx(dirfd, name, found.fields);
    if (error === -E.ENOENT || error === -E.ENAMETOOLONG) {
      if (isMarked(directory, name)) return false;
      misses++;
      continue;
    }
    // Where a layer can't be read something may be there.
    return error < 0 || !isWhiteout(directory, name, found);
  }
  if (misses > 0) noteMisses(parent, misses);
  return false;
}
