/** Reading a symlink of a layer: its target is bytes of up to PATH_MAX. */
import { bytesOf, type Bytes } from "../sys/bytes.js";
import { fail, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { Place } from "./real.js";

const buffer = Buffer.allocUnsafeSlow(4096);

export function readLink(place: Place): Bytes | Errno {
  const dirfd = place.dirfd();
  const length = dirfd < 0 ? dirfd : native.readlinkat(dirfd, place.name, buffer);
  return length < 0 ? fail(-length) : bytesOf(buffer, 0, length);
}
