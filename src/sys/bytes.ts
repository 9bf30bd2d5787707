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

/** The bytes read as UTF-8; what is none becomes U+FFFD. */
export function toText(value: Bytes): string {
  return toBuffer(value).toString("utf8");
}

// Control characters (C0, DEL, C1) and what turns the direction of a line.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * For people: text where the bytes are UTF-8, else `\xNN` for each byte that is no ASCII, and in both for what would leave the line or
 * command a terminal.
 */
export function display(value: Bytes): string {
  const text = toText(value);
  return text.includes("\uFFFD") ? value.replace(/[^\x20-\x7e]/g, escaped) : text.replace(UNSAFE, (c) => escaped(bytes(c)));
}

function escaped(value: string): string {
  return value.replace(/[^]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Joins byte strings; the result is again one. */
export function concat(...parts: readonly Bytes[]): Bytes {
  return parts.join("") as Bytes;
}
