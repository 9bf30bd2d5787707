/**
 * Byte strings. File names, symlink targets and xattr names are bytes on Linux, not text, so each is held as
 * a string in which every UTF-16 unit is one byte (0 to 255). V8 stores such strings one byte per character
 * and hashes them, so they serve as map keys and cross into C without an encoder.
 */

declare const brand: unique symbol;

/** A byte string: one byte per UTF-16 unit. Made by the functions below only. */
export type Bytes = string & { readonly [brand]: "Bytes" };

/** Takes text (a command-line word, a literal) as its UTF-8 bytes. */
export function bytes(text: string): Bytes {
  return Buffer.from(text, "utf8").toString("latin1") as Bytes;
}

/** Takes the bytes of `buffer` from `start` to `end`. */
export function bytesOf(buffer: Buffer, start = 0, end = buffer.length): Bytes {
  return buffer.toString("latin1", start, end) as Bytes;
}

/** The bytes of a byte string, in a buffer of their own. */
export function toBuffer(value: Bytes): Buffer {
  return Buffer.from(value, "latin1");
}

/** For messages: UTF-8 where the bytes are UTF-8, `\xNN` for each byte that is not. */
export function display(value: Bytes): string {
  const text = toBuffer(value).toString("utf8");
  if (!text.includes("\uFFFD")) return text;
  return value.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Joins byte strings; the result is again one. */
export function concat(...parts: readonly Bytes[]): Bytes {
  return parts.join("") as Bytes;
}
