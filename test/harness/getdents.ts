/** Directory entries as getdents64(2) gives them: number, position, type, and the name as bytes. */
import { check } from "./syscalls.js";
import { native } from "../../src/sys/native.js";

export interface Entry {
  readonly name: string;
  readonly ino: bigint;
  /** d_off: where the next entry begins; a later seek to it goes on behind this entry. */
  readonly next: bigint;
  readonly type: string;
}

const direntTypes = new Map([
  [1, "fifo"], [2, "character device"], [4, "directory"], [6, "block device"], [8, "file"], [10, "symlink"], [12, "socket"],
]);

/** One call with room for `room` bytes; none at the end. */
export function readSome(fd: number, room: number): Entry[] {
  const buffer = Buffer.alloc(room);
  const length = check(native.getdents64(fd, buffer), "getdents64");
  const entries: Entry[] = [];
  for (let at = 0; at < length;) {
    const size = buffer.readUInt16LE(at + 16);
    const nameEnd = buffer.indexOf(0, at + 19);
    entries.push({
      name: buffer.toString("latin1", at + 19, nameEnd),
      ino: buffer.readBigUInt64LE(at),
      next: buffer.readBigInt64LE(at + 8),
      type: direntTypes.get(buffer.readUInt8(at + 18)) ?? "unknown",
    });
    at += size;
  }
  return entries;
}

/** All entries from the descriptor's position on. */
export function readDirectory(fd: number, room = 32768): Entry[] {
  const entries: Entry[] = [];
  while (true) {
    const some = readSome(fd, room);
    if (some.length === 0) return entries;
    entries.push(...some);
  }
}
