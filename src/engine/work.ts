/**
 * The work directory: where everything is built before one rename or link publishes it in the upper, and
 * where what a killed daemon left is swept away. Names in it are `#` and a number, as the kernel has them.
 */
import { bytes, type Bytes } from "../sys/bytes.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { readEntries, type RealEntry } from "./real-entries.js";
import { RealFile, type RealDirectory } from "./real.js";
import { DT_CHR, type Log } from "./types.js";
import { linkFile, makeDirectory, makeWhiteout, removeDirectory, removeFile, setMode } from "./upper.js";

/** What the file system of the upper can do. */
export interface UpperFeatures {
  /** O_TMPFILE. */
  readonly tmpfile: boolean;
  /** trusted.overlay.* xattrs. */
  readonly xattr: boolean;
  /** Whiteouts as devices; else, with whiteouts=oci, files mark what is deleted (oci-marks.ts). */
  readonly whiteouts: boolean;
}

const WORK = bytes("work");

/** The whiteout that others are links of: it stands in the work directory, so its inode number is nobody else's. */
interface SharedWhiteout {
  readonly file: RealFile;
  /** Null where that could not be found out. */
  readonly ino: bigint | null;
}

export class Work {
  #counter = 0;
  #shared: SharedWhiteout | null = null;
  #sharesWhiteouts = true;

  constructor(
    /** The directory that the user named; its descriptor holds the lock. */
    readonly base: RealDirectory,
    /** Where it was found, absolute, symlinks resolved. */
    readonly path: Bytes,
    /** `work/work`. */
    readonly directory: RealDirectory,
    readonly features: UpperFeatures,
    private readonly log: Log,
  ) {}

  /** A name that is not in use in the work directory. */
  temporaryName(): Bytes {
    this.#counter = (this.#counter + 1) >>> 0;
    return bytes(`#${this.#counter.toString(16)}`);
  }

  /** A new whiteout in the work directory; all share one inode where links are allowed. Its name, or an errno. */
  whiteout(): Bytes | number {
    const shared = this.#whiteoutToShare();
    if (typeof shared === "number") return shared;
    if (this.#sharesWhiteouts) {
      const name = this.temporaryName();
      const linked = linkFile(shared, this.directory, name);
      if (linked >= 0) return name;
      if (linked !== -E.EMLINK) this.#sharesWhiteouts = false;
    }
    this.#shared = null;
    return shared.name;
  }

  /** Puts a whiteout at a free name of the upper, where that takes one link; 0 or an errno, upon which `whiteout` may still serve. */
  putWhiteout(directory: RealDirectory, name: Bytes): number {
    if (!this.#sharesWhiteouts) return -E.EMLINK;
    const shared = this.#whiteoutToShare();
    return typeof shared === "number" ? shared : linkFile(shared, directory, name);
  }

  /**
   * Whether an entry of a directory of the upper is one of these links, so that it need not be asked what it is. Other
   * whiteouts, of an earlier mount for instance, are not.
   */
  isSharedWhiteout(directory: RealDirectory, { type, ino }: RealEntry): boolean {
    return type === DT_CHR && directory.layer.isUpper && ino === this.#shared?.ino;
  }

  #whiteoutToShare(): RealFile | number {
    if (this.#shared) return this.#shared.file;
    const name = this.temporaryName();
    const made = makeWhiteout(this.directory, name);
    if (made < 0) return made;
    const file = new RealFile(this.directory, name);
    const found = native.statx(file.dirfd(), name, stat.fields);
    this.#shared = { file, ino: found < 0 ? null : stat.ino };
    return file;
  }

  /**
   * Removes what was built and not published, or was exchanged out of the upper: a file or an empty directory.
   * What is neither stays until the next mount sweeps, and is logged.
   */
  discard(name: Bytes): void {
    let error = removeFile(this.directory, name);
    if (error === -E.EISDIR) error = removeDirectory(this.directory, name);
    if (error < 0 && error !== -E.ENOENT) {
      this.log.warn(`could not remove ${name} from the work directory (errno ${-error})`, "work-discard");
    }
  }

  /** Takes away the whiteout that is kept for sharing, and lets another mount have the directory. */
  close(): void {
    if (this.#shared) removeFile(this.directory, this.#shared.file.name);
    this.#shared = null;
    this.base.close();
  }
}

/** Nobody is to look in, as with the kernel; but who is not root could not either. */
const PRIVATE_MODE = process.geteuid!() === 0 ? 0 : 0o700;

/** Makes `work/work` afresh, sweeping away what an earlier mount left; the directory, or an errno. */
export function prepareWork(base: RealDirectory): RealDirectory | number {
  const swept = removeTree(base, WORK);
  if (swept < 0 && swept !== -E.ENOENT) return swept;
  const made = makeDirectory(base, WORK, PRIVATE_MODE);
  if (made < 0) return made;
  const work = base.child(WORK);
  setMode(work, PRIVATE_MODE);
  return work;
}

const stat = new Stat();

/** Removes a file, or a directory with all that is in it; 0 or an errno. */
export function removeTree(directory: RealDirectory, name: Bytes): number {
  const dirfd = directory.fd();
  if (dirfd < 0) return dirfd;
  const found = native.statx(dirfd, name, stat.fields);
  if (found < 0) return found;
  if (!stat.isDirectory) return removeFile(directory, name);
  const child = directory.child(name);
  const entries = readEntries(child);
  if (typeof entries === "number") return entries;
  for (const entry of entries) {
    const error = removeTree(child, entry.name);
    if (error < 0) return error;
  }
  child.close();
  return removeDirectory(directory, name);
}

