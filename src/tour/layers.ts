/** Layers as data, and how they come onto the disk. The tour makes all that it works on itself. */
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A directory: names to files (their text), directories, symlinks, and further names of files. */
export interface LayerTree { readonly [name: string]: LayerNode }
export type LayerNode = string | SymbolicLink | HardLink | LayerTree;

class SymbolicLink {
  constructor(readonly target: string) {}
}
class HardLink {
  constructor(readonly sibling: string) {}
}

/** A symlink to `target`. */
export function symlink(target: string): SymbolicLink { return new SymbolicLink(target); }
/** One more name for the file `sibling`, which stands before it in the same directory. */
export function hardLink(sibling: string): HardLink { return new HardLink(sibling); }

/** Makes the directory `path` with all that `tree` has; modes don't depend on the umask. */
export function buildLayer(path: string, tree: LayerTree): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
  for (const [name, node] of Object.entries(tree)) buildNode(path, name, node);
}

function buildNode(directory: string, name: string, node: LayerNode): void {
  const path = join(directory, name);
  if (typeof node === "string") {
    writeFileSync(path, node);
    chmodSync(path, 0o644);
  } else if (node instanceof SymbolicLink) symlinkSync(node.target, path);
  else if (node instanceof HardLink) linkSync(join(directory, node.sibling), path);
  else buildLayer(path, node);
}
