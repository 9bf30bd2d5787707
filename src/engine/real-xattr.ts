/** Reading xattrs of real objects: values and lists of any size, with one shared buffer for the usual sizes. */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { Place } from "./real.js";

const shared = Buffer.allocUnsafeSlow(4096);
const empty = Buffer.alloc(0);

/** One xattr's value, valid until the next call; or a negated errno (ENODATA where there is none). */
export function readXattr(place: Place, name: Bytes): Buffer | Errno {
  const dirfd = place.dirfd();
  if (dirfd < 0) return dirfd as Errno;
  return sized((buffer) => native.getxattrat(dirfd, place.name, name, buffer));
}

/** The names of all xattrs, each ended by NUL, valid until the next call; or a negated errno. */
export function listXattrs(place: Place): Buffer | Errno {
  const dirfd = place.dirfd();
  if (dirfd < 0) return dirfd as Errno;
  const list = sized((buffer) => native.listxattrat(dirfd, place.name, buffer));
  return list === -E.EOPNOTSUPP ? empty : list;
}

/** The names in a list of xattrs. */
export function splitNames(list: Buffer): Bytes[] {
  return list.length === 0 ? [] : (list.toString("latin1", 0, list.length - 1).split("\0") as Bytes[]);
}

function sized(call: (buffer: Buffer) => number): Buffer | Errno {
  let buffer = shared;
  let length = call(buffer);
  while (length === -E.ERANGE) {
    const size = call(empty);
    if (isErrno(size)) return size;
    buffer = Buffer.allocUnsafeSlow(Math.max(size, 1));
    length = call(buffer);
  }
  return length < 0 ? fail(-length) : buffer.subarray(0, length);
}
