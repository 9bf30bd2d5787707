/**
 * The words that mount(8) gives its helpers, `mount.TYPE SOURCE DIR [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]`,
 * turned into those of a mount. The same letters mean other things here than to `ovlfs`: `-f` asks for everything
 * but the mount.
 */
import { bytes, type Bytes } from "../sys/bytes.js";
import { UsageError } from "./usage-error.js";
import { unknownOption, WordReader } from "./word-reader.js";

/** The exit status that mount(8) knows as "mount failure". */
export const MOUNT_FAILURE = 32;

/** What a helper is asked for. */
export interface HelperCall {
  /** `SOURCE DIR -o OPTIONS…`. */
  readonly words: readonly Bytes[];
  /** Nothing is to be mounted. */
  readonly fake: boolean;
}

/** Reads a helper's words; throws UsageError. */
export function readHelperCall(words: readonly Bytes[]): HelperCall {
  const reader = new WordReader(words);
  const plain: Bytes[] = [];
  const options: Bytes[] = [];
  let fake = false;
  for (let item = reader.read(); item !== undefined; item = reader.read()) {
    if ("plain" in item) {
      plain.push(item.plain);
      continue;
    }
    switch (item.option) {
      case "-o": options.push(bytes("-o"), reader.value(item, "OPTION[,OPTION]...")); break;
      case "-t": reader.value(item, "TYPE"); break;
      case "-f": fake = true; break;
      case "-N": throw new UsageError("-N is not supported; enter the namespace first, by 'nsenter --mount=FILE mount ...'");
      // Sloppy, no mtab, verbose: there is nothing to do for them.
      case "-s": case "-n": case "-v": break;
      default: throw unknownOption(item.option, "mount");
    }
  }
  if (plain.length !== 2) {
    throw new UsageError("mount-helper is for mount(8), which gives it a source and a mount point; use 'ovlfs mount'");
  }
  return { words: [...plain, ...options], fake };
}
