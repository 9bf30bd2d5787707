/**
 * The open file that serves an inode's data: opened on demand, for reading or for both, closed when others
 * are used more. Data belongs to the inode and not to an open, so after a copy-up every reader and writer is
 * served from the upper at once.
 */
import { Descriptor, type DescriptorCache } from "./descriptors.js";
import type { FileInode } from "./inode.js";
import { SHORTEST_READ, sequentialReads, type SequentialReads } from "./sequential-reads.js";
import { SHORTEST_WRITE, Stream } from "./early-writeback.js";
import { dataOf } from "./lower-data.js";
import type { OverlayFs } from "./overlay-fs.js";
import type { RealFile } from "./real.js";
import { openForWriting } from "./upper.js";

export class DataFile extends Descriptor {
  /** What was written to it in a row, and what was read; null while neither has been seen. */
  #stream: Stream | null = null;
  #reads: SequentialReads | null = null;

  private constructor(cache: DescriptorCache, private readonly file: RealFile, readonly isWritable: boolean) {
    super(cache);
  }

  /** A data file that is open already; takes over the descriptor. */
  static adopt(cache: DescriptorCache, file: RealFile, fd: number): DataFile {
    const data = new DataFile(cache, file, true);
    data.keep(fd);
    return data;
  }

  /** A descriptor for the inode's data where it stands now, open for writing too if asked; or a negated errno. */
  static descriptor(fs: OverlayFs, inode: FileInode, forWriting: boolean): number {
    const file = dataOf(fs, inode);
    if (typeof file === "number") return file;
    let data = inode.data;
    if (data && (data.file !== file || (forWriting && !data.isWritable))) {
      data.close();
      data = null;
    }
    data ??= new DataFile(fs.descriptors, file, forWriting);
    inode.data = data;
    return data.fd();
  }

  /** The descriptor, if it is that of `file` and open; else -1. */
  openDescriptorOf(file: RealFile): number {
    return this.file === file ? this.opened : -1;
  }

  /** Has `file` held by this descriptor for as long as both are used; whether it is one for that. */
  holds(file: RealFile): boolean {
    // One that is only for reading gives way to another when the file is written.
    if (this.openDescriptorOf(file) < 0 || !this.isWritable) return false;
    this.pinDescriptor();
    file.pinBy(this);
    return true;
  }

  /** `length` bytes are about to be read at `position`. */
  reads(position: number, length: number): void {
    if (length < SHORTEST_READ) return;
    this.#reads ??= sequentialReads(this.file.layer.ownReadahead);
    this.#reads.reads(this.opened, position, length);
  }

  /** `length` bytes were written at `position`. */
  wrote(position: number, length: number): void {
    if (length < SHORTEST_WRITE) return;
    this.#stream ??= new Stream();
    this.#stream.wrote(this.opened, position, length);
  }

  protected open(): number {
    return this.isWritable ? openForWriting(this.file) : this.file.openForReading();
  }
}

/** Closes the inode's data file, for example because the inode is dropped. */
export function closeData(inode: FileInode): void {
  inode.data?.close();
  inode.data = null;
}
