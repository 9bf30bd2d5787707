/**
 * The one buffer that every answer is written from: the out header, then the operation's structure or data,
 * sent by a single write(2). Offsets given from outside count from behind the header. READ and GETXATTR fill
 * `buffer` themselves, from `start` on.
 */
import type { Bytes } from "../sys/bytes.js";
import type { Unique } from "./ids.js";
import { fuse_out_header } from "./structs.js";
import { Words } from "./words.js";

/** What takes a message whole: /dev/fuse, or a recorder in a test. Answers the bytes taken or a negated errno. */
export interface Device {
  write(buffer: Uint8Array, length: number): number;
}

export class Reply {
  /** Where in `buffer` an answer's own bytes begin. */
  readonly start = fuse_out_header.sizeof;
  readonly #words: Words;
  readonly #device: Device;

  /** `capacity` is the most bytes that any answer has behind its header. */
  constructor(device: Device, readonly capacity: number) {
    this.#device = device;
    this.#words = new Words(fuse_out_header.sizeof + capacity, fuse_out_header.sizeof);
  }

  get buffer(): Buffer { return this.#words.buffer; }

  setU16(offset: number, value: number): void { this.#words.setU16(this.start + offset, value); }
  setU32(offset: number, value: number): void { this.#words.setU32(this.start + offset, value); }
  setU64(offset: number, value: number): void { this.#words.setU64(this.start + offset, value); }
  setBig(offset: number, value: bigint): void { this.#words.setBig(this.start + offset, value); }
  clear(offset: number, size: number): void { this.#words.clear(this.start + offset, size); }

  /** Writes a byte string; the bytes it took. */
  setBytes(offset: number, value: Bytes): number {
    return this.buffer.write(value, this.start + offset, "latin1");
  }

  /**
   * Sends what was written: `outcome` is its length in bytes, or a negated errno. Answers what write(2) does;
   * ENOENT there means that the request was aborted meanwhile.
   */
  send(unique: Unique, outcome: number): number {
    return this.#device.write(this.buffer, this.#address(unique, outcome));
  }

  /** What `send` would send, in memory of its own, for `sendKept`. */
  keep(unique: Unique, outcome: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.buffer, 0, this.#address(unique, outcome));
  }

  sendKept(message: Uint8Array): void {
    this.#device.write(message, message.length);
  }

  #address(unique: Unique, outcome: number): number {
    const length = fuse_out_header.sizeof + Math.max(outcome, 0);
    this.#words.setU32(fuse_out_header.len, length);
    this.#words.setU32(fuse_out_header.error, Math.min(outcome, 0));
    this.#words.setU64(fuse_out_header.unique, unique);
    return length;
  }
}
