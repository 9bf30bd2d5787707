/** Reading a real directory whole: getdents64(2) decoded, without `.` and `..`. */
import { bytes, bytesOf, type Bytes } from "../sys/bytes.js";
import { O_DIRECTORY, O_RDONLY, SEEK_SET } from "../sys/constants.js";
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
  if (!directory.layer.isUpper && native.lseek(dirfd, 0, SEEK_SET) >= 0) return readAll(dirfd);
  // The upper changes, and some file systems show a descriptor only what was there when it was opened. A lower's
  // descriptor that can only be searched (O_PATH) does not get here with success.
  const fd = directory.layer.openQuietly(dirfd, HERE, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return fail(-fd);
  const entries = readAll(fd);
  native.close(fd);
  return entries;
}

function readAll(fd: number): RealEntry[] | Errno {
  const entries: RealEntry[] = [];
  let length = native.getdents64(fd, buffer);
  while (length > 0) {
    decode(length, entries);
    length = native.getdents64(fd, buffer);
  }
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
