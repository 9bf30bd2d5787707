/**
 * Reading and writing the protocol's integers at byte offsets. The kernel uses host byte order, so typed
 * arrays over one aligned buffer do it without a DataView and without an allocation; 64-bit values cross as
 * doubles (all that is sent here is below 2^53) except inode numbers, which need every bit.
 */
import { endianness } from "node:os";
import { native } from "../sys/native.js";

/** Which half of a 64-bit value comes first in memory. */
const LOW = endianness() === "LE" ? 0 : 1;
const HIGH = 1 - LOW;
const WORD = 0x1_0000_0000;
const PAGE = 4096;

/** A fixed buffer of structures. Every offset is that of a naturally aligned member. */
export class Words {
  readonly buffer: Buffer;
  readonly #u16: Uint16Array;
  readonly #u32: Uint32Array;
  readonly #u64: BigUint64Array;

  /**
   * `size` is in bytes and rounded up to a multiple of 8. What stands at `paged`, a multiple of 8, begins a page: the kernel
   * copies page by page, and one of its own into two of ours takes longer.
   */
  constructor(size: number, paged?: number) {
    const room = Math.ceil(size / 8) * 8;
    const memory = new ArrayBuffer(paged === undefined ? room : room + PAGE);
    const start = paged === undefined ? 0 : PAGE - (native.placeInPage(new Uint8Array(memory)) + paged) % PAGE;
    this.buffer = Buffer.from(memory, start, room);
    this.#u16 = new Uint16Array(memory, start, room / 2);
    this.#u32 = new Uint32Array(memory, start, room / 4);
    this.#u64 = new BigUint64Array(memory, start, room / 8);
  }

  u32(offset: number): number {
    return this.#u32[offset >> 2]!;
  }

  /** A 64-bit value, unsigned; exact below 2^53. */
  u64(offset: number): number {
    const index = offset >> 2;
    return this.#u32[index + HIGH]! * WORD + this.#u32[index + LOW]!;
  }

  /** A 64-bit value, signed; exact above -2^53. */
  i64(offset: number): number {
    const index = offset >> 2;
    return (this.#u32[index + HIGH]! | 0) * WORD + this.#u32[index + LOW]!;
  }

  setU16(offset: number, value: number): void {
    this.#u16[offset >> 1] = value;
  }

  /** Takes a signed value as its two's complement. */
  setU32(offset: number, value: number): void {
    this.#u32[offset >> 2] = value;
  }

  /** Takes a signed value as its two's complement. */
  setU64(offset: number, value: number): void {
    const index = offset >> 2;
    this.#u32[index + LOW] = value;
    this.#u32[index + HIGH] = Math.floor(value / WORD);
  }

  setBig(offset: number, value: bigint): void {
    this.#u64[offset >> 3] = value;
  }

  /** Zeroes the `size` bytes at `offset`; both are multiples of 4. */
  clear(offset: number, size: number): void {
    this.#u32.fill(0, offset >> 2, (offset + size) >> 2);
  }
}
