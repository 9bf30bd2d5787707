/**
 * The two lists of the kernel's overlay: option strings are split at commas with the backslashes kept, a layer list is
 * then split at colons, and only single names are unescaped.
 */
import { splitEscaped, unescape } from "../escaped-list.js";
import type { Bytes } from "../sys/bytes.js";
import { UsageError } from "./usage-error.js";

export { unescape };

/** A value in double quotes, whose commas are its own: security_sb_eat_lsm_opts reads it so. */
const QUOTED = /(^|,)((?:fs|def|root)?context=)"([^"]*)"/g;

/** The options of an option string, still escaped. Empty ones are passed over, and commas that an option begins with. */
export function splitOptions(text: Bytes): readonly Bytes[] {
  const unquoted = text.replace(QUOTED, (_, before: string, name: string, value: string) => before + name + value.replace(/[,\\]/g, "\\$&"));
  return splitEscaped(unquoted as Bytes, ",").map((option) => option.replace(/^(\\,)+/, "") as Bytes).filter((option) => option !== "");
}

/** The layers of a list: those that are merged, topmost first, and behind `::` those that only give data. */
export interface LayerList {
  readonly lower: readonly Bytes[];
  readonly dataOnly: readonly Bytes[];
}

/** The layers of a colon-separated list, topmost first. `option` is named in the error. */
export function splitLayers(list: Bytes, option: string): LayerList {
  const parts = splitEscaped(list, ":");
  if (parts.length > 1 && parts.at(-1) === "") {
    throw new UsageError(`${option} ends in a colon; remove it, or write '\\:' for a colon in a name`);
  }
  if (parts.length > 1 && parts[0] === "") {
    throw new UsageError(`${option} begins with a colon; remove it, or write '\\:' for a colon in a name`);
  }
  if (list === "") throw new UsageError(`${option} names no directory; give at least one`);
  const firstGap = parts.indexOf("" as Bytes);
  if (firstGap < 0) return { lower: parts.map(unescape), dataOnly: [] };
  // Each data-only layer has two colons before it, which leaves an empty part between them.
  const tail = parts.slice(firstGap);
  if (tail.some((part, i) => (part === "") !== (i % 2 === 0))) {
    throw new UsageError(`in ${option} a layer follows data-only layers ('::'), or there are three colons; write LOWER:LOWER::DATA::DATA`);
  }
  return { lower: parts.slice(0, firstGap).map(unescape), dataOnly: tail.filter((part) => part !== "").map(unescape) };
}
