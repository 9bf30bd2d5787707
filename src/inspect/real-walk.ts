/** Walks over what one layer has, as it is stored: marks and whiteouts are files like any other. */
import { readEntries, type RealEntry } from "../engine/real-entries.js";
import type { RealDirectory } from "../engine/real.js";
import { hiddenBy, isMarkName } from "../engine/oci.js";
import { layerWords } from "../engine/provenance.js";
import { isWhiteout } from "../engine/whiteout.js";
import { concat, display, type Bytes } from "../sys/bytes.js";
import { errnoName, isErrno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { InspectError } from "./inspect-error.js";
import type { Stack, StackLayer } from "./stack.js";

/** A directory of a layer; its path begins at the layer's root. */
export interface RealPlace {
  readonly layer: StackLayer;
  readonly directory: RealDirectory;
  readonly path: Bytes;
}

const stat = new Stat();

/** What a directory of a layer has in it. Throws InspectError where it can't be listed. */
export function listReal({ layer, directory, path }: RealPlace): RealEntry[] {
  const entries = readEntries(directory);
  if (!isErrno(entries)) return entries;
  const at = display(concat(layer.path, path));
  throw new InspectError(`'${at}' of ${layerWords(layer)} can't be listed (${errnoName(entries)}); look at it as a user who may`);
}

/**
 * Calls `visit` for all that is in a directory of a layer, itself left out, and says which of it stands for something
 * deleted. The attributes are only lent.
 */
export function walkReal(stack: Stack, first: RealPlace, visit: (object: Stat, isWhiteout: boolean) => void): void {
  const places = [first];
  for (let place = places.pop(); place; place = places.pop()) {
    stack.trim();
    const { layer, directory, path } = place;
    for (const { name } of listReal(place)) {
      if (native.statx(directory.fd(), name, stat.fields) < 0) continue;
      if (stat.isDirectory) places.push({ layer, directory: directory.child(name), path: concat(path, "/" as Bytes, name) });
      visit(stat, isWhiteout(directory, name, stat) || (directory.layer.hasOciMarks && isMarkName(name) && hiddenBy(name) !== null));
    }
  }
}
