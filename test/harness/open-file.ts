/** An open descriptor in a test: reads, writes and asks by position. Closing twice is harmless. */
import { attributesAt, type Attributes } from "./attributes.js";
import { check, raw } from "./syscalls.js";
import { native } from "../../src/sys/native.js";

const PIECE = 1 << 20;

export class OpenFile {
  #closed = false;

  constructor(readonly fd: number, readonly name: string) {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    check(native.close(this.fd), `close ${this.name}`);
  }

  read(position: number, length: number): string {
    const buffer = Buffer.alloc(length);
    const got = check(native.pread(this.fd, buffer, 0, length, position), `pread ${this.name}`);
    return buffer.toString("latin1", 0, got);
  }

  readAll(): Buffer {
    const pieces: Buffer[] = [];
    let position = 0;
    while (true) {
      const piece = Buffer.alloc(PIECE);
      const got = check(native.pread(this.fd, piece, 0, PIECE, position), `pread ${this.name}`);
      pieces.push(piece.subarray(0, got));
      position += got;
      if (got < PIECE) return Buffer.concat(pieces);
    }
  }

  write(content: string | Uint8Array, position: number): void {
    const buffer = typeof content === "string" ? Buffer.from(content, "latin1") : content;
    if (buffer.length === 0) return;
    check(native.pwrite(this.fd, buffer, 0, buffer.length, position), `pwrite ${this.name}`);
  }

  truncate(size: number): void { check(native.ftruncate(this.fd, size), `ftruncate ${this.name}`); }

  fallocate(mode: number, offset: number, length: number): void {
    check(native.fallocate(this.fd, mode, offset, length), `fallocate ${this.name}`);
  }

  seek(offset: number, whence: number): number { return check(native.lseek(this.fd, offset, whence), `lseek ${this.name}`); }
  sync(): void { check(native.fsync(this.fd), `fsync ${this.name}`); }
  stat(): Attributes { return attributesAt(this.fd, ""); }

  /** copy_file_range(2) to another file; the bytes copied. */
  copyRange(offset: number, to: OpenFile, toOffset: number, length: number): number {
    return check(native.copyFileRange(this.fd, offset, to.fd, toOffset, length), `copy_file_range ${this.name}`);
  }

  /** Gives an unnamed file a name. */
  linkTo(path: string): void { check(native.linkat(this.fd, raw(""), -100, raw(path)), `linkat ${path}`); }
}
