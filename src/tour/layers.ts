/** Layers as data, and how they come onto the disk. The tour makes all that it works on itself. */
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A directory: names to files (their text), directories, symlinks, and further names of files. */
export interface LayerTree { readonly [name: string]: LayerNode }
export type LayerNode = string | SymbolicLink | HardLink | OpenToAll | LayerTree;

class SymbolicLink {
  constructor(readonly target: string) {}
}
class HardLink {
  constructor(readonly sibling: string) {}
}
class OpenToAll {
  readonly mode = 0o1777;
}

/** A symlink to `target`. */
export function symlink(target: string): SymbolicLink { return new SymbolicLink(target); }
/** One more name for the file `sibling`, which stands before it in the same directory. */
export function hardLink(sibling: string): HardLink { return new HardLink(sibling); }
/** An empty directory in which all may make files, as /tmp is. */
export const openToAll = new OpenToAll();

/** Makes the directory `path` with all that `tree` has; modes don't depend on the umask. */
export function buildLayer(path: string, tree: LayerTree, mode = 0o755): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  for (const [name, node] of Object.entries(tree)) buildNode(path, name, node);
}

function buildNode(directory: string, name: string, node: LayerNode): void {
  const path = join(directory, name);
  if (typeof node === "string") {
    writeFileSync(path, node);
    chmodSync(path, 0o644);
  } else if (node instanceof SymbolicLink) symlinkSync(node.target, path);
  else if (node instanceof HardLink) linkSync(join(directory, node.sibling), path);
  else if (node instanceof OpenToAll) buildLayer(path, {}, node.mode);
  else buildLayer(path, node);
}
