/**
 * The words by which a command that looks at an overlay is told which: its layers, in the words of `ovlfs mount`, or a
 * path in a mounted one. With layers named, a path starts at the root of the overlay.
 */
import { directoriesSpec, findOverlay, type FoundOverlay } from "../inspect/index.js";
import type { Bytes } from "../sys/bytes.js";
import { takeInspected } from "./from-inspect.js";
import { applyMountOptions } from "./mount-options.js";
import { Settings } from "./settings.js";
import { UsageError } from "./usage-error.js";
import type { OptionItem, WordReader } from "./word-reader.js";

/** For the usage line of such a command. */
export const TARGET_USAGE = "[--lower DIR[:DIR]... [--upper DIR] [-o OPTIONS]] PATH";

/** For its help. */
export const TARGET_HELP = `PATH lies in a mounted overlay, of the kernel or of ovlfs. For layers that are not mounted, which are named as for
'ovlfs mount', it is a path from the root of the overlay:

  --lower DIR[:DIR]...          lower layers, topmost first; again for more below; '::' before data-only ones
  --upper DIR                   the upper
  --work DIR                    its work directory, where it matters
  --from-inspect FILE           layers and options from the JSON that 'docker inspect', 'podman inspect' or 'ovlfs
                                inspect' prints, '-' being standard input
  -o, --options OPTION[,...]    options that the mount would have, such as metacopy=on or userxattr
`;

export class TargetWords {
  readonly #settings = new Settings();
  #isNamed = false;

  /** Takes an option if it is one of these; false for any other. */
  take(reader: WordReader, item: OptionItem): boolean {
    const settings = this.#settings;
    switch (item.option) {
      case "--lower": settings.addLower("--lower", reader.value(item, "DIR[:DIR]...")); break;
      case "--upper": settings.upper = reader.value(item, "DIR"); break;
      case "--work": settings.work = reader.value(item, "DIR"); break;
      case "--from-inspect": takeInspected(settings, reader.value(item, "FILE")); break;
      case "-o": case "--options": applyMountOptions(settings, reader.value(item, "OPTION[,OPTION]...")); break;
      default: return false;
    }
    this.#isNamed = true;
    return true;
  }

  /** Whether layers are named; otherwise a path has to lead to a mounted overlay. */
  get isNamed(): boolean {
    return this.#isNamed;
  }

  /** Which overlay it is, and where in it. */
  find(path: Bytes): FoundOverlay {
    if (!this.#isNamed) return findOverlay(path);
    const { lower, dataOnly, upper, work, features } = this.#settings;
    if (lower.length === 0) throw new UsageError("no lower layer is given; name at least one by --lower DIR");
    return { spec: directoriesSpec({ lower, dataOnly, upper, work }, features), path };
  }
}
