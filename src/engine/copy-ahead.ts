/**
 * A client that changes one file of a lower after the other (chown -R, chmod of a pattern) waits for each copy to be made, and to be
 * on the disk. Where that is seen, the files that come next are copied ahead on another thread: several at a time, so that the disk
 * gets their inodes and data in few writes. A copy is complete but for its name, and waits in the work directory, nameless, for
 * the copy-up, which publishes it as any other; one that nobody asks for is gone after a moment. Lowers never change, so
 * a copy made ahead is the one that would be made later.
 */
import { Stat } from "../sys/stat.js";
import { CopyBatch } from "./copy-batch.js";
import type { FileInode } from "./inode.js";
import { mayCopyLong } from "./long-copies.js";
import { findChildWithAttributes } from "./lookup.js";
import { NextFiles, type Row } from "./next-files.js";
import type { OverlayFs } from "./overlay-fs.js";
import { hasPlenty } from "./plenty.js";
import { dropStaged } from "./staging.js";
import type { NamedFile } from "./tree-run.js";

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

/** A file that is copied ahead. */
interface Held {
  /** In milliseconds of performance.now(). */
  readonly since: number;
  readonly row: Row;
}

export class CopyAhead {
  readonly #next = new NextFiles();
  /** The inodes that are copied ahead, each referenced. */
  readonly #held = new Map<FileInode, Held>();
  /** Not begun; the last one takes more. */
  readonly #batches: CopyBatch[] = [];
  /** Who copies one batch after the other, until there are none. */
  readonly #making = new Set<Promise<void>>();
  /** There was no room once: nobody's is to be taken for copies that may not be needed. */
  #isOver = false;
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
    const row = this.#held.get(inode)?.row ?? null;
    this.#release(fs, inode);
    const { parent, name } = inode;
    if (!parent || !this.#isOf(fs)) return;
    this.#next.after(fs, { directory: parent, name }, row, () => this.#room(fs), (next, of) => this.#want(fs, next, of));
    if (this.#batches.length === 0) return;
    if (this.#timer === undefined) {
      fs.onCopyingAhead?.();
      this.#timer = setInterval(() => this.#review(fs), PATIENCE).unref();
    }
    while (this.#making.size < MOST_BATCHES && this.#batches.length > 0) {
      const making = this.#makeAll(fs).finally(() => this.#making.delete(making));
      this.#making.add(making);
    }
  }

  /** Somebody has found no room, or is at the end of a quota: gives back what copies hold, if there are any, and no more are made. */
  async giveBack(fs: OverlayFs): Promise<boolean> {
    this.#isOver = true;
    const isMore = this.#held.size > 0;
    for (const batch of this.#batches.splice(0)) batch.abandon();
    for (const inode of this.#held.keys()) this.#release(fs, inode);
    this.#next.end();
    await Promise.all(this.#making);
    return isMore;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const batch of this.#batches.splice(0)) batch.abandon();
    this.#held.clear();
    this.#next.end();
    this.#copied = null;
  }

  /** Whether copies are made ahead in this overlay. */
  #isOf({ work, config, index, upper }: OverlayFs): boolean {
    return mayCopyLong && !this.#isOver && this.#vainBatches < VAIN_BATCHES && work !== null && work.features.tmpfile && work.features.xattr
      && config.fsync !== "strict" && !config.metacopy && !index?.all && upper?.statOverride === null;
  }

  /** How many copies more may be waited for. */
  #room({ work, descriptors }: OverlayFs): number {
    if (!hasPlenty(work!.directory.fd())) return 0;
    return Math.max(0, Math.floor(Math.min(MOST_COPIES, descriptors.capacity / SHARE_OF_DESCRIPTORS) - this.#held.size));
  }

  /** Has a file copied; false where it is not one that is copied ahead, or is already. */
  #want(fs: OverlayFs, { directory, name }: NamedFile, row: Row): boolean {
    const inode = findChildWithAttributes(fs, directory, name, stat);
    if (typeof inode !== "object" || (!inode.isDirectory && this.#held.has(inode))) return false;
    if (inode.isDirectory || !this.#batchWithRoom().add(fs, inode, stat)) {
      fs.inodes.forget(inode, 0);
      return false;
    }
    inode.references++;
    this.#held.set(inode, { since: performance.now(), row });
    return true;
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
    for (let batch = this.#batches.shift(); batch; batch = this.#batches.shift()) {
      const made = await batch.make(fs);
      if (made !== 0) this.#vainBatches = made > 0 ? 0 : this.#vainBatches + 1;
    }
  }

  /** Lets go what nobody has asked for. */
  #review(fs: OverlayFs): void {
    const now = performance.now();
    for (const [inode, { since, row }] of this.#held) {
      if (now - since < PATIENCE) continue;
      this.#next.lost(row);
      this.#release(fs, inode);
    }
    if (this.#held.size > 0) return;
    this.#next.end();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #release(fs: OverlayFs, inode: FileInode): void {
    if (!this.#held.delete(inode)) return;
    if (inode.staged?.metadata) dropStaged(fs, inode, null);
    fs.inodes.forget(inode, 1);
  }
}
