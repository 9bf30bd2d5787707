/**
 * What an overlay is made of, wherever that was learned from: options on a command line, the mount table, a mounted
 * ovlfs, or the JSON of a container engine. Paths are absolute; options are those in force, so that what a lookup
 * follows can be told from them.
 */
import { settle } from "../engine/config.js";
import { optionWords } from "../engine/option-words.js";
import type { FeatureOptions } from "../engine/options.js";
import type { Bytes } from "../sys/bytes.js";
import { mayUseTrusted } from "../sys/trusted-xattrs.js";

/** Where it was learned. */
export type SpecSource = "directories" | "kernel" | "ovlfs" | "container";

export interface OverlaySpec {
  readonly source: SpecSource;
  /** Where it is mounted; null for layers that are not. */
  readonly merged: Bytes | null;
  /** Topmost first. */
  readonly lower: readonly Bytes[];
  /** Layers that are not merged: metacopies find their data there. */
  readonly dataOnly: readonly Bytes[];
  readonly upper: Bytes | null;
  readonly work: Bytes | null;
  /** Each `name` or `name=value`, without the layers. */
  readonly options: readonly string[];
  /** What the mount counted, by name; null where nobody counts. */
  readonly statistics: ReadonlyMap<string, string> | null;
}

/** What a lookup needs to know of the options. */
export interface LookupRules {
  readonly userxattr: boolean;
  readonly followsRedirects: boolean;
  readonly metacopy: boolean;
  /** The marks of OCI layers count beside the kernel's. */
  readonly ociMarks: boolean;
}

/** The rules that options in force stand for; what they leave out is off, and redirects are followed. */
export function rulesOf(options: readonly string[]): LookupRules {
  return {
    userxattr: options.includes("userxattr"),
    followsRedirects: !options.includes("redirect_dir=nofollow"),
    metacopy: options.includes("metacopy=on"),
    ociMarks: options.includes("whiteouts=oci"),
  };
}

/** The options that a mount with `features` would have in force. Throws OptionError where they exclude each other. */
export function settledOptions(features: FeatureOptions, hasUpper: boolean): string[] {
  const layers = { lower: [], ...(hasUpper ? { upper: "" as Bytes } : {}) };
  return optionWords(settle({ ...layers, ...features }, mayUseTrusted(), { warn: () => undefined }));
}
