/** `--from-inspect FILE`: layers and options from the JSON of docker, podman or `ovlfs inspect`; `-` is standard input. */
import { readFileSync } from "node:fs";
import { parseInspected, type Inspected } from "../inspect/container.js";
import { bytes, display, toBuffer, type Bytes } from "../sys/bytes.js";
import { codeOf } from "./failure.js";
import { applyMountOptions } from "./mount-options.js";
import type { Settings } from "./settings.js";
import { UsageError } from "./usage-error.js";

/** The features of the format, which an overlay made anew of the same layers should have too. */
const FEATURES = ["redirect_dir", "metacopy", "index", "nfs_export", "xino", "uuid", "verity", "userxattr", "whiteouts"];

/** What holds anyway is not asked for by name: it would exclude what the command line asks for besides. */
export const DEFAULTS: readonly string[] = [
  "redirect_dir=follow", "metacopy=off", "index=off", "nfs_export=off", "xino=auto", "uuid=auto", "verity=off", "fsync=auto",
];

/** Takes into `settings` what a file says; the rest is answered. */
export function takeInspected(settings: Settings, file: Bytes): Inspected {
  const inspected = parseInspected(read(file), file === "-" ? "standard input" : `'${display(file)}'`);
  settings.addLower("--from-inspect", inspected.lower);
  settings.upper = inspected.upper ?? undefined;
  settings.work = inspected.work ?? undefined;
  const features = inspected.options.filter((word) => FEATURES.includes(word.split("=")[0]!) && !DEFAULTS.includes(word));
  applyMountOptions(settings, bytes(features.join(",")));
  return inspected;
}

function read(file: Bytes): string {
  try {
    return readFileSync(file === "-" ? 0 : toBuffer(file), "utf8");
  } catch (error) {
    throw new UsageError(`'${display(file)}' cannot be read (${codeOf(error)}); name a file that holds an inspection, or '-' for standard input`);
  }
}
