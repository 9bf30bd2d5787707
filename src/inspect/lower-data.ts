/**
 * The data-only layers: where a metacopy whose redirect is a path from the root has its data. Each layer is asked for
 * that path, and the first that has a regular file there gives it.
 * Source: ovl_lookup_data_layers in fs/overlayfs/namei.c.
 */
import type { RealDirectory } from "../engine/real.js";
import { joinPath } from "../engine/redirect.js";
import type { Bytes } from "../sys/bytes.js";
import { E, fail } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFREG, Stat } from "../sys/stat.js";
import type { Stack } from "./stack.js";
import type { FileStep, Step } from "./steps.js";

/** The file that holds the data, null where no layer has it; adds a step for each layer asked. */
export function findLowerData(stack: Stack, path: readonly Bytes[], steps: Step[]): FileStep | null {
  const shown = joinPath(path);
  const name = path.at(-1)!;
  for (const layer of stack.dataLayers) {
    let directory: RealDirectory = layer.root;
    for (const above of path.slice(0, -1)) directory = directory.child(above);
    const stat = new Stat();
    const dirfd = directory.fd();
    const error = dirfd < 0 ? dirfd : native.statx(dirfd, name, stat.fields);
    if (error >= 0 && stat.type === S_IFREG) {
      const step: FileStep = { kind: "file", layer, path: shown, directory, name, stat, use: "data", hiding: null, metacopy: 0, redirect: null };
      steps.push(step);
      return step;
    }
    steps.push(error >= 0 || error === -E.ENOENT || error === -E.ENOTDIR
      ? { kind: "nothing", layer, path: shown }
      : { kind: "failed", layer, path: shown, error: fail(-error) });
  }
  return null;
}
