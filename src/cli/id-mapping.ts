/** `uidmapping=` and `gidmapping=` as fuse-overlayfs takes them: numbers in threes, colons between them, others ignored. */
import type { IdRange } from "../engine/options.js";
import { display, type Bytes } from "../sys/bytes.js";
import { UsageError } from "./usage-error.js";

/** What one past the last id may be; 2^32 - 1 stands for no id. */
const END_OF_IDS = 0xffff_ffff;

/** The ranges of a map; throws UsageError. */
export function parseIdMapping(option: string, value: Bytes): readonly IdRange[] {
  const words = value.split(":").filter((word) => word !== "");
  if (words.length === 0 || words.length % 3 !== 0) throw malformed(option, value, "numbers come in threes");
  const ranges: IdRange[] = [];
  for (let at = 0; at < words.length; at += 3) {
    const [onDisk, shown, count] = words.slice(at, at + 3).map((word) => parseId(option, value, word)) as [number, number, number];
    if (onDisk + count > END_OF_IDS || shown + count > END_OF_IDS) throw malformed(option, value, "ids end at 4294967294");
    ranges.push({ onDisk, shown, count });
  }
  return ranges;
}

/** One id; throws UsageError. */
export function parseId(option: string, value: Bytes, word: string = value): number {
  if (!/^[0-9]{1,10}$/.test(word) || Number(word) >= END_OF_IDS) throw malformed(option, value, `'${display(word as Bytes)}' is no id`);
  return Number(word);
}

function malformed(option: string, value: Bytes, why: string): UsageError {
  const form = option.endsWith("mapping") ? `${option}=ONDISK:SHOWN:COUNT[:ONDISK:SHOWN:COUNT]...` : `${option}=ID`;
  return new UsageError(`the option '${option}=${display(value)}' can't be used: ${why}; write '${form}'`);
}
