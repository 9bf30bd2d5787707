/** How callers name things: text, taken as UTF-8, or bytes. */
import { bytes, bytesOf, toBuffer, type Bytes } from "../sys/bytes.js";

/** A path in the overlay, from its root; a leading slash makes no difference. Text is taken as UTF-8. */
export type OverlayPath = string | Buffer;

/** How names are answered: as text (what is not UTF-8 becomes U+FFFD, as in node:fs), or as they are. */
export type NameEncoding = "utf8" | "buffer";

export function toBytes(path: OverlayPath): Bytes {
  return typeof path === "string" ? bytes(path) : bytesOf(path);
}

export function fromBytes(name: Bytes, encoding: NameEncoding): string | Buffer {
  const buffer = toBuffer(name);
  return encoding === "buffer" ? buffer : buffer.toString("utf8");
}
