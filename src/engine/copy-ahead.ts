/**
 * A client that changes one file of a lower after the other (chown -R, chmod of a pattern) waits for each copy to be on the
 * disk. Where that is seen, the files that come next are copied ahead on another thread: several at a time, so that the disk
 * gets their inodes and data in few writes. A copy is complete but for its name, and waits in the work directory, nameless, for
 * the copy-up, which publishes it as any other; one that nobody asks for is gone after a moment. Lowers never change, so
 * a copy made ahead is the one that would be made later.
 */
import type { Bytes } from "../sys/bytes.js";
import { isErrno } from "../sys/errno.js";
import { Stat } from "../sys/stat.js";
import { CopyBatch } from "./copy-batch.js";
import type { DirectoryInode, FileInode } from "./inode.js";
import { learnLowerNames, releaseLowerNames } from "./known-names.js";
import { mayCopyLong } from "./long-copies.js";
import { findChildWithAttributes } from "./lookup.js";
import { NameRun } from "./name-run.js";
import type { OverlayFs } from "./overlay-fs.js";
import { hasPlenty } from "./plenty.js";
import { readEntries, type RealEntry } from "./real-entries.js";
import { dropStaged } from "./staging.js";
import { DT_REG, DT_UNKNOWN } from "./types.js";

/** Directories in which files may be copied up in a row at the same time. */
const MOST_RUNS = 128;
/** Directories with more names are not worth their memory. */
const MOST_NAMES = 10_000;
/** Copies that wait, or are being made. */
const MOST_COPIES = 1024;
/** Of the descriptors that the engine keeps open it is this part at most. */
const SHARE_OF_DESCRIPTORS = 4;
/** Batches made at the same time: while one waits for the disk, the other has a processor. */
const MOST_BATCHES = 2;
/** Milliseconds in which a copy is asked for or goes. */
const PATIENCE = 2000;
/** After so many batches in a row without a copy (all files have xattrs, nobody may chown) no more are tried. */
const VAIN_BATCHES = 3;

const stat = new Stat();

export class CopyAhead {
  readonly #runs = new Map<DirectoryInode, NameRun>();
  /** The inodes that are copied ahead, each referenced, and since when. */
  readonly #held = new Map<FileInode, number>();
  /** Not begun; the last one takes more. */
  readonly #batches: CopyBatch[] = [];
  #busy = 0;
  #copied: FileInode | null = null;
  #vainBatches = 0;
  #timer: NodeJS.Timeout | undefined;

  /** A file was copied up, with its data. */
  copied(inode: FileInode): void {
    this.#copied = inode;
  }

  /** Whether `goOn` has something to do. */
  get hasCopied(): boolean { return this.#copied !== null; }

  /** To be called when the request that has copied up is answered. */
  goOn(fs: OverlayFs): void {
    const inode = this.#copied!;
    this.#copied = null;
    this.#release(fs, inode);
    const { parent } = inode;
    if (!parent || !this.#isOf(fs)) return;
    const run = this.#runs.get(parent);
    if (run) this.#follow(fs, run, parent, inode.name);
    else this.#begin(parent, inode.name);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const batch of this.#batches.splice(0)) batch.abandon();
    this.#held.clear();
    this.#runs.clear();
    this.#copied = null;
  }

  /** Whether copies are made ahead in this overlay: those whose data has to be on the disk before they are seen. */
  #isOf({ work, config, index, upper }: OverlayFs): boolean {
    return mayCopyLong && this.#vainBatches < VAIN_BATCHES && work !== null && work.features.tmpfile && work.features.xattr
      && config.fsync === "auto" && !config.metacopy && !index?.all && upper?.statOverride === null;
  }

  #begin(directory: DirectoryInode, name: Bytes): void {
    this.#runs.set(directory, new NameRun(name));
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > MOST_RUNS && oldest) this.#end(oldest);
  }

  #end(directory: DirectoryInode): void {
    this.#runs.delete(directory);
    releaseLowerNames(directory);
  }

  #follow(fs: OverlayFs, run: NameRun, directory: DirectoryInode, name: Bytes): void {
    const isNext = run.follow(name, () => namesOf(directory), (passed) => isPassed(directory, passed));
    const room = Math.min(MOST_COPIES, fs.descriptors.capacity / SHARE_OF_DESCRIPTORS) - this.#held.size;
    const names = isNext && room >= 1 ? run.next(room) : [];
    if (names.length > 0 && hasPlenty(fs.work!.directory.fd())) this.#want(fs, directory, names);
    if (run.isOver) this.#end(directory);
    else if (run.isVain) releaseLowerNames(directory);
  }

  #want(fs: OverlayFs, directory: DirectoryInode, names: readonly Bytes[]): void {
    for (const name of names) {
      const inode = findChildWithAttributes(fs, directory, name, stat);
      if (typeof inode !== "object" || (!inode.isDirectory && this.#held.has(inode))) continue;
      if (inode.isDirectory || !this.#batchWithRoom().add(fs, inode, stat)) {
        fs.inodes.forget(inode, 0);
        continue;
      }
      inode.references++;
      this.#held.set(inode, performance.now());
    }
    this.#timer ??= setInterval(() => this.#review(fs), PATIENCE).unref();
    while (this.#busy < MOST_BATCHES && this.#batches.length > 0) void this.#makeAll(fs);
  }

  #batchWithRoom(): CopyBatch {
    const last = this.#batches.at(-1);
    if (last?.hasRoom) return last;
    const batch = new CopyBatch();
    this.#batches.push(batch);
    return batch;
  }

  /** Makes what is wanted, and what comes to be wanted meanwhile: together that is fewer writes than one by one. */
  async #makeAll(fs: OverlayFs): Promise<void> {
    this.#busy++;
    for (let batch = this.#batches.shift(); batch; batch = this.#batches.shift()) {
      const made = await batch.make(fs);
      if (made !== 0) this.#vainBatches = made > 0 ? 0 : this.#vainBatches + 1;
    }
    this.#busy--;
  }

  /** Lets go what nobody has asked for. */
  #review(fs: OverlayFs): void {
    const now = performance.now();
    for (const [inode, since] of this.#held) {
      if (now - since >= PATIENCE) this.#release(fs, inode);
    }
    if (this.#held.size > 0) return;
    for (const directory of this.#runs.keys()) this.#end(directory);
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #release(fs: OverlayFs, inode: FileInode): void {
    if (!this.#held.delete(inode)) return;
    if (inode.staged?.metadata) dropStaged(fs, inode, null);
    fs.inodes.forget(inode, 1);
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
