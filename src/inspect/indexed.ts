/**
 * The index of an overlay with index=on: a hard link of a lower that was copied up under one of its names is one file
 * under all of them, which the other names find by the handle of the lower, as the name of an entry in work/index.
 * Source: ovl_lookup_index in fs/overlayfs/namei.c.
 */
import { settle } from "../engine/config.js";
import type { DescriptorCache } from "../engine/descriptors.js";
import { indexName } from "../engine/index-directory.js";
import { lowerLayer, openNamed, type LayerFormat } from "../engine/layer.js";
import { readMetacopy } from "../engine/metacopy.js";
import { OptionError } from "../engine/options.js";
import { encodeOrigin } from "../engine/origin.js";
import { RealFile } from "../engine/real.js";
import { bytes, concat } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import type { OverlaySpec } from "./spec.js";
import type { StackLayer } from "./stack.js";
import type { FileStep } from "./steps.js";

const INDEX = bytes("index");

/** The work directory as the place of the index; null where the overlay has no index, or none that can be opened. */
export function openIndexPlace(spec: OverlaySpec, cache: DescriptorCache, format: LayerFormat): StackLayer | null {
  if (spec.upper === null || spec.work === null || !spec.options.includes("index=on")) return null;
  try {
    const { root } = lowerLayer(cache, 1, openNamed("work directory", spec.work), format);
    return { kind: "upper", number: 0, index: 0, path: spec.work, root, stat: new Stat() };
  } catch (error) {
    if (error instanceof OptionError) return null;
    throw error;
  }
}

/** The copy that all names of a lower file lead to; null where it was not copied up by any. */
export function findIndexed(place: StackLayer, options: readonly string[], lower: FileStep): FileStep | null {
  const uuid = options.includes("uuid=off") ? "off" : "auto";
  const config = settle({ lower: [], uuid }, true, { warn: () => undefined });
  const handle = encodeOrigin({ config }, new RealFile(lower.directory, lower.name));
  const directory = place.root.child(INDEX);
  const name = indexName(handle);
  const stat = new Stat();
  if (handle.length === 0 || native.statx(directory.fd(), name, stat.fields) < 0 || stat.type !== lower.stat.type) return null;
  return {
    kind: "file", layer: place, path: concat(bytes("/index/"), name), directory, name, stat, use: "provides", hiding: null,
    metacopy: Math.max(readMetacopy(new RealFile(directory, name)), 0), redirect: null,
  };
}
