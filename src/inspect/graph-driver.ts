/**
 * An overlay in the form in which `docker inspect` prints it under GraphDriver. In LowerDir a colon or backslash of a name
 * has a backslash before it, and data-only layers follow two colons, as in the option lowerdir=; options and statistics
 * are additions.
 */
import { jsonName } from "../json-name.js";
import { concat, type Bytes } from "../sys/bytes.js";
import { escapeLayer } from "./container.js";
import type { Json } from "./json.js";
import type { OverlaySpec } from "./spec.js";

export function graphDriver({ source, lower, dataOnly, upper, work, merged, options, statistics }: OverlaySpec): Json {
  const directory = (name: string, path: Bytes | null): { [name: string]: string } => (path === null ? {} : jsonName(name, path));
  return {
    Data: {
      ...jsonName("LowerDir", layerList(lower, dataOnly)),
      ...directory("MergedDir", merged), ...directory("UpperDir", upper), ...directory("WorkDir", work),
    },
    Name: source === "ovlfs" ? "ovlfs" : "overlay",
    Options: options,
    ...(statistics ? { Statistics: Object.fromEntries([...statistics].map(([name, value]) => [name, Number(value)])) } : {}),
  };
}

function layerList(lower: readonly Bytes[], dataOnly: readonly Bytes[]): Bytes {
  const merged = lower.map(escapeLayer).join(":") as Bytes;
  return concat(merged, ...dataOnly.map((path) => concat("::" as Bytes, escapeLayer(path))));
}
