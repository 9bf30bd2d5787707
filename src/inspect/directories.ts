/** An overlay of plain directories, mounted nowhere: what a mount of them with these options would be. */
import type { FeatureOptions } from "../engine/options.js";
import { bytes, concat, type Bytes } from "../sys/bytes.js";
import { settledOptions, type OverlaySpec } from "./spec.js";

/** The layers as they were named, relative to the working directory or absolute. */
export interface NamedLayers {
  readonly lower: readonly Bytes[];
  readonly dataOnly?: readonly Bytes[];
  readonly upper?: Bytes | undefined;
  readonly work?: Bytes | undefined;
}

/** Throws OptionError where options exclude each other. */
export function directoriesSpec({ lower, dataOnly = [], upper, work }: NamedLayers, features: FeatureOptions): OverlaySpec {
  return {
    source: "directories", merged: null,
    lower: lower.map(absolute), dataOnly: dataOnly.map(absolute),
    upper: upper === undefined ? null : absolute(upper), work: work === undefined ? null : absolute(work),
    options: settledOptions(features, upper !== undefined), statistics: null,
  };
}

function absolute(path: Bytes): Bytes {
  return path.startsWith("/") ? path : concat(bytes(process.cwd()), "/" as Bytes, path);
}
