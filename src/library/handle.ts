/**
 * Open files of the library face. A handle belongs to the inode, not to the name it was opened by: it stays
 * usable after rename and unlink, and what it reads follows a copy-up. It holds one reference until `close`.
 */
import { constants } from "node:fs";
import type { Inode } from "../engine/inode.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../sys/stat.js";
import type { Context } from "./context.js";
import { expect, OverlayError } from "./error.js";
import type { OverlayPath } from "./path.js";
import type { OverlayStats } from "./stats.js";
import { release, type Place } from "./walk.js";

const { O_ACCMODE, O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW } = {
  ...constants, O_ACCMODE: 3,
};

/** Which bytes of the buffer, and where in the file. */
export interface TransferOptions {
  /** First byte of the buffer; 0. */
  readonly offset?: number;
  /** Bytes; to the end of the buffer. */
  readonly length?: number;
  /** Byte of the file; left out, the handle's own position is used and moved. */
  readonly position?: number;
}

/** An open file or directory. Every method throws OverlayError; EBADF after `close`. */
export class OverlayFile implements Disposable {
  readonly #context: Context;
  #inode: Inode | null;
  readonly #flags: number;
  #position = 0;

  /** Made by `Overlay.open`; takes over the reference to the inode. */
  constructor(context: Context, inode: Inode, flags: number, readonly path: OverlayPath) {
    this.#context = context;
    this.#inode = inode;
    this.#flags = flags;
  }

  /** Reads up to the length asked; fewer bytes mean the end of the file. EISDIR, EBADF (opened for writing only). */
  read(buffer: Uint8Array, options: TransferOptions = {}): number {
    const inode = this.#readable();
    const { offset, length } = range(buffer, options);
    const position = options.position ?? this.#position;
    const count = expect(this.#context.engine.read(inode, buffer, offset, length, position), "read", this.path);
    if (options.position === undefined) this.#position += count;
    return count;
  }

  /** Reads from the handle's position to the end of the file. */
  readToEnd(): Buffer {
    const chunks: Buffer[] = [];
    let size = Math.max(this.stat().size - this.#position, 0) + 1;
    for (;;) {
      const chunk = Buffer.allocUnsafe(size);
      const count = this.read(chunk);
      chunks.push(chunk.subarray(0, count));
      if (count < size) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      size = 64 * 1024;
    }
  }

  /** Writes all; the file is copied up first if it must. A handle opened for appending writes at the end. ENOSPC … */
  write(data: Uint8Array | string, options: TransferOptions = {}): number {
    const inode = this.#writable("write");
    const buffer = typeof data === "string" ? Buffer.from(data, "utf8") : data;
    const { offset, length } = range(buffer, options);
    const appends = (this.#flags & O_APPEND) !== 0;
    const position = appends ? this.stat().size : options.position ?? this.#position;
    let done = 0;
    while (done < length) {
      const answer = this.#context.engine.write(inode, buffer, offset + done, length - done, position + done);
      done += expect(answer, "write", this.path);
    }
    if (options.position === undefined) this.#position = position + done;
    return done;
  }

  /** Sets the size, in bytes; what is added reads as zeros. */
  truncate(size = 0): void {
    const inode = this.#writable("ftruncate");
    expect(this.#context.engine.setattr(inode, { size }), "ftruncate", this.path);
  }

  stat(): OverlayStats {
    return this.#context.stats(this.#opened("fstat"), "fstat", this.path);
  }

  /** fsync(2): data and attributes are on the disk once it returns. */
  sync(): void {
    expect(this.#context.engine.fsyncSync(this.#opened("fsync"), false), "fsync", this.path);
  }

  /** fdatasync(2). */
  datasync(): void {
    expect(this.#context.engine.fsyncSync(this.#opened("fdatasync"), true), "fdatasync", this.path);
  }

  /** Closing twice is no error. */
  close(): void {
    if (this.#inode && this.#context.isOpen) release(this.#context.engine, this.#inode);
    this.#inode = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal What `copyFile` copies from and to. */
  get inode(): Inode {
    return this.#opened("read");
  }

  #opened(syscall: string): Inode {
    if (!this.#inode) throw new OverlayError(-E.EBADF, syscall, this.path);
    return this.#inode;
  }

  #readable(): Inode {
    const inode = this.#opened("read");
    if ((this.#flags & O_ACCMODE) === O_WRONLY) throw new OverlayError(-E.EBADF, "read", this.path);
    if (inode.isDirectory) throw new OverlayError(-E.EISDIR, "read", this.path);
    return inode;
  }

  #writable(syscall: string): Inode {
    const inode = this.#opened(syscall);
    if ((this.#flags & O_ACCMODE) === O_RDONLY) throw new OverlayError(-E.EBADF, syscall, this.path);
    return inode;
  }
}

function range(buffer: Uint8Array, options: TransferOptions): { offset: number; length: number } {
  const offset = options.offset ?? 0;
  const length = options.length ?? buffer.length - offset;
  if (!(offset >= 0 && length >= 0 && offset + length <= buffer.length)) {
    throw new RangeError(`offset ${offset} and length ${length} do not lie in a buffer of ${buffer.length} bytes`);
  }
  return { offset, length };
}

/** open(2) of what is there: by its type, and by what the flags ask. */
function openExisting(context: Context, inode: Inode, flags: number): number {
  const writes = (flags & O_ACCMODE) !== O_RDONLY;
  switch (inode.type) {
    case S_IFLNK:
      return -E.ELOOP;
    case S_IFDIR:
      return writes || (flags & O_CREAT) !== 0 ? -E.EISDIR : 0;
    case S_IFREG:
      if ((flags & O_DIRECTORY) !== 0) return -E.ENOTDIR;
      if ((writes || (flags & O_TRUNC) !== 0) && context.engine.readOnly) return -E.EROFS;
      return (flags & O_TRUNC) === 0 ? 0 : context.engine.setattr(inode, { size: 0 });
    default:
      return -E.ENXIO;
  }
}

/** The inode to open at a place, with a reference of its own; made where the flags ask for it. */
function openPlace(context: Context, place: Place, flags: number, mode: number): Inode | Errno {
  const { engine } = context;
  if (place.inode === null) {
    if ((flags & O_CREAT) === 0) return fail(E.ENOENT);
    if (place.slash) return fail(E.EISDIR);
    return engine.create(place.parent, place.name, mode, context.caller);
  }
  if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) return fail(E.EEXIST);
  const inode = place.existing;
  if (isErrno(inode)) return inode;
  const refused = openExisting(context, inode, flags);
  return refused < 0 ? (refused as Errno) : inode;
}

/** open(2) of a path. A FIFO, socket or device cannot be opened without a mount: ENXIO. */
export function openFile(context: Context, place: Place, flags: number, mode: number): Inode | Errno {
  const inode = openPlace(context, place, flags, mode);
  if (inode === place.inode) place.keepInode();
  else place.release();
  return inode;
}

/** Whether open(2) follows a symlink in the last component. */
export function opensThroughLinks(flags: number): boolean {
  return (flags & O_NOFOLLOW) === 0 && (flags & (O_CREAT | O_EXCL)) !== (O_CREAT | O_EXCL);
}
