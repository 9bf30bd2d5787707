/**
 * Names and sizes as they are shown: a name never leaves its line and never reaches the terminal as a command, whatever
 * bytes it has. JSON has the exact bytes.
 */
import { bytes, display, toBuffer, type Bytes } from "../../sys/bytes.js";

// Control characters (C0, DEL, C1) and what turns the direction of a line.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A name or path on one line: control characters and bytes that are not UTF-8 as `\xNN`. */
export function shown(name: Bytes): string {
  return display(name).replace(UNSAFE, (c) => bytes(c).replace(/[^]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`));
}

const UNITS = ["", "K", "M", "G", "T", "P"];

/** A number of bytes as `du -h` writes it: rounded up, with one digit behind the point below 10. */
export function humanSize(size: number): string {
  let unit = 0;
  let value = size;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  if (unit === 0) return String(value);
  const rounded = value < 10 ? Math.ceil(value * 10) / 10 : Math.ceil(value);
  if (rounded >= 1024 && unit < UNITS.length - 1) return `1.0${UNITS[unit + 1]!}`;
  return `${rounded < 10 ? rounded.toFixed(1) : String(Math.ceil(rounded))}${UNITS[unit]!}`;
}

/** A path as JSON has it: `path`, and its bytes too where they are not UTF-8 and so not all in it. */
export function jsonPath(path: Bytes): { readonly path: string; readonly pathBase64?: string } {
  const text = toBuffer(path).toString("utf8");
  return bytes(text) === path ? { path: text } : { path: text, pathBase64: toBuffer(path).toString("base64") };
}
