/**
 * Names as they are shown. A name is bytes and may hold anything: it goes to the page as text, never as markup, with
 * escapes for what is not UTF-8 and for characters that would turn or break the line.
 */
import type { Name } from "../messages.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Controls, and the marks that change the direction of what follows. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** UTF-8 where the bytes are UTF-8; `\xNN` for each byte that is not, and for those of what cannot be seen. */
export function shown(name: Name): string {
  try {
    const text = decoder.decode(Uint8Array.from(name, (byte) => byte.charCodeAt(0)));
    return text.replace(UNSEEN, (unseen) => [...encoder.encode(unseen)].map(escaped).join(""));
  } catch {
    return name.replace(/[^\x20-\x7e]/g, (byte) => escaped(byte.charCodeAt(0)));
  }
}

function escaped(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

export function joined(directory: Name, name: Name): Name {
  return directory === "" ? name : `${directory}/${name}`;
}

export function parentOf(path: Name): Name {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** A size in three figures or fewer. */
export function sizeWords(size: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  let value = size;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(value < 9.95 ? 2 : 3).replace(/\.0$/, "")} ${units[unit]!}`;
}
