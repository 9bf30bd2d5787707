/**
 * Lists as the kernel's overlay writes them in its options (fs/overlayfs/params.c): a backslash takes the next byte
 * for itself, whatever it is. A list is split with the backslashes kept, and only single names are unescaped.
 */
import type { Bytes } from "./sys/bytes.js";

/** Splits at each `separator` that no backslash precedes; backslashes stay. */
export function splitEscaped(text: Bytes, separator: "," | ":"): readonly Bytes[] {
  const parts: Bytes[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at) as Bytes);
      start = at + 1;
    }
  }
  parts.push(text.slice(start) as Bytes);
  return parts;
}

/** A name without its escapes. A backslash at the very end escapes nothing and is dropped, as by the kernel. */
export function unescape(name: Bytes): Bytes {
  return name.replace(/\\([^]?)/g, "$1") as Bytes;
}
