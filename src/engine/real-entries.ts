/** Reading a real directory whole: getdents64(2) decoded, without `.` and `..`. */
import { bytes, bytesOf, type Bytes } from "../sys/bytes.js";
import { O_DIRECTORY, O_RDONLY } from "../sys/constants.js";
import { fail, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { RealDirectory } from "./real.js";

/** One name of a real directory, as the file system gives it. */
export interface RealEntry {
  readonly name: Bytes;
  /** DT_*; DT_UNKNOWN (0) where the file system does not say. */
  readonly type: number;
  readonly ino: bigint;
}

// struct linux_dirent64, getdents(2): u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, char d_name[].
const INO = 0;
const RECLEN = 16;
const TYPE = 18;
const NAME = 19;

const buffer = Buffer.allocUnsafeSlow(64 * 1024);
const HERE = bytes(".");

/** All names of a directory, or a negated errno. */
export function readEntries(directory: RealDirectory): RealEntry[] | Errno {
  const dirfd = directory.fd();
  if (dirfd < 0) return fail(-dirfd);
  // An open of its own: the kept descriptor's position is not ours to move.
  const fd = directory.layer.openQuietly(dirfd, HERE, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return fail(-fd);
  const entries: RealEntry[] = [];
  let length = native.getdents64(fd, buffer);
  while (length > 0) {
    decode(length, entries);
    length = native.getdents64(fd, buffer);
  }
  native.close(fd);
  return length < 0 ? fail(-length) : entries;
}

function decode(length: number, entries: RealEntry[]): void {
  for (let at = 0; at < length; at += buffer.readUInt16LE(at + RECLEN)) {
    const end = buffer.indexOf(0, at + NAME);
    const name = bytesOf(buffer, at + NAME, end);
    if (name === "." || name === "..") continue;
    entries.push({ name, type: buffer[at + TYPE]!, ino: buffer.readBigUInt64LE(at + INO) });
  }
}
