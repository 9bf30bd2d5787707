/**
 * One request as the kernel wrote it: the header, then the operation's structure, then names or data. Members
 * are read where they stand; nothing is decoded ahead and nothing but names is allocated. A request is valid
 * until the next one is read into the same buffer; what outlives that is copied with `keep`.
 */
import { bytesOf, type Bytes } from "../sys/bytes.js";
import type { NodeId, Unique } from "./ids.js";
import { fuse_in_header, fuse_write_in } from "./structs.js";
import { Words } from "./words.js";

const ARGUMENTS = fuse_in_header.sizeof;

/** The kernel never sends one; a request whose lengths contradict each other. */
export class MalformedRequest extends Error {
  override readonly name = "MalformedRequest";
}

export class Request {
  readonly #words: Words;
  /** Bytes of this request in the buffer. */
  length = 0;
  /** The inodes, by id, that it has waited for until now. */
  readonly waitedFor: number[] = [];
  /** The kernel has written back what it held when this came. */
  isFlushed = false;
  /** The requests that were there when it came have been served, FORGETs too. */
  isCaughtUp = false;
  /** Bytes that a WRITE from the cache had written when it found no more room, where it goes on once it is caught up. */
  written = 0;

  /** `size` is in bytes; the data of a WRITE stands in whole pages where `paged` says so. */
  constructor(size: number, paged = false) {
    this.#words = new Words(size, paged ? ARGUMENTS + fuse_write_in.sizeof : undefined);
  }

  /** All of it; `/dev/fuse` is read into this. */
  get buffer(): Buffer { return this.#words.buffer; }

  get opcode(): number { return this.#words.u32(fuse_in_header.opcode); }
  get unique(): Unique { return this.#words.u64(fuse_in_header.unique) as Unique; }
  get nodeid(): NodeId { return this.#words.u64(fuse_in_header.nodeid) as NodeId; }
  get uid(): number { return this.#words.u32(fuse_in_header.uid); }
  get gid(): number { return this.#words.u32(fuse_in_header.gid); }
  get pid(): number { return this.#words.u32(fuse_in_header.pid); }

  /** Bytes behind the header. */
  get argumentLength(): number { return this.length - ARGUMENTS; }

  /** A member of the operation's structure, by its offset in that. */
  u32(member: number): number { return this.#words.u32(ARGUMENTS + member); }
  u64(member: number): number { return this.#words.u64(ARGUMENTS + member); }
  i64(member: number): number { return this.#words.i64(ARGUMENTS + member); }

  /** The NUL-terminated byte string that begins `offset` bytes behind the header. */
  name(offset: number): Bytes {
    const start = ARGUMENTS + offset;
    const end = this.buffer.indexOf(0, start);
    if (end < 0 || end >= this.length) throw new MalformedRequest("a name does not end within its request");
    return bytesOf(this.buffer, start, end);
  }

  /** Where in `buffer` the `size` bytes of data stand that begin `offset` bytes behind the header. */
  data(offset: number, size: number): number {
    const start = ARGUMENTS + offset;
    if (start + size > this.length) throw new MalformedRequest("the data is longer than its request");
    return start;
  }

  /** A copy in memory of its own. */
  keep(): Request {
    const copy = new Request(this.length);
    this.buffer.copy(copy.buffer, 0, 0, this.length);
    copy.length = this.length;
    copy.waitedFor.push(...this.waitedFor);
    copy.isFlushed = this.isFlushed;
    copy.isCaughtUp = this.isCaughtUp;
    copy.written = this.written;
    return copy;
  }
}
