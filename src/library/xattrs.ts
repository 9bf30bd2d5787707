/** Extended attributes by path; the overlay's own (`trusted.overlay.*`) are never shown. */
import type { Inode } from "../engine/inode.js";
import { bytes, bytesOf } from "../sys/bytes.js";
import { E, isErrno, type Errno } from "../sys/errno.js";
import { fromBytes } from "./path.js";
import type { Context } from "./context.js";

const NOTHING = new Uint8Array(0);

/** getxattr(2), the whole value, however it changes between asking for its size and reading it. */
export function getValue(context: Context, inode: Inode, name: string): Buffer | Errno {
  for (;;) {
    const size = context.engine.getxattr(inode, bytes(name), NOTHING);
    if (isErrno(size)) return size;
    if (size === 0) return Buffer.alloc(0);
    const value = Buffer.alloc(size);
    const length = context.engine.getxattr(inode, bytes(name), value);
    if (length === -E.ERANGE) continue;
    if (isErrno(length)) return length;
    return value.subarray(0, length);
  }
}

/** listxattr(2), as a list of names. */
export function listNames(context: Context, inode: Inode): string[] | Errno {
  const list = context.engine.listxattr(inode);
  if (isErrno(list)) return list;
  return bytesOf(list).split("\0").filter((name) => name !== "").map((name) => fromBytes(name as never, "utf8") as string);
}
