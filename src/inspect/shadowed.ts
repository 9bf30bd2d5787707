/**
 * What is stored and not seen: each object of a layer that something above it hides, by its topmost name, with the space
 * of all below it that the merged tree does not show anywhere else either.
 */
import type { Bytes } from "../sys/bytes.js";
import type { OnStep } from "./changes.js";
import type { Entry, MergedDirectory } from "./merged-directory.js";
import { walkReal } from "./real-walk.js";
import { BLOCK, keyOf, type Space } from "./space.js";
import type { Stack, StackLayer } from "./stack.js";
import type { DirectoryStep, FileStep, Hiding } from "./steps.js";

export interface ShadowedObject {
  /** From the root of the merged tree, where it would be seen. */
  readonly path: Bytes;
  readonly object: DirectoryStep | FileStep;
  readonly hiding: Hiding | null;
  readonly bytes: number;
}

/** All below `entry`, or altogether where it is null; the largest first. */
export function listShadowed(stack: Stack, entry: Entry | null, space: Space, onStep: OnStep): ShadowedObject[] {
  const list = new Shadowed(stack, space, onStep);
  if (entry) list.addEntry(entry);
  else list.addDirectory(stack.root());
  return list.found.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
}

class Shadowed {
  readonly found: ShadowedObject[] = [];
  /** Inodes that were counted, so that one with several names is once. */
  readonly #counted = new Map<StackLayer, Set<string>>();

  constructor(private readonly stack: Stack, private readonly space: Space, private readonly onStep: OnStep) {}

  addDirectory(root: MergedDirectory): void {
    const directories = [root];
    for (let directory = directories.pop(); directory; directory = directories.pop()) {
      for (const entry of directory.entries()) {
        const child = this.#addOne(entry);
        if (child) directories.push(child);
      }
    }
  }

  addEntry(entry: Entry): void {
    const directory = this.#addOne(entry);
    if (directory) this.addDirectory(directory);
  }

  /** The directory to go on with, if the name is one. */
  #addOne(entry: Entry): MergedDirectory | null {
    this.onStep();
    for (const object of entry.shadowed) {
      // What was renamed, or has another name that is seen, is not shadowed.
      if (!isTopmost(entry, object) || this.space.isShown(object.layer, object.stat)) continue;
      this.found.push({ path: entry.path, object, hiding: object.hiding, bytes: this.#spaceOf(object) });
    }
    return entry.provider?.kind === "directory" ? entry.directory() : null;
  }

  #spaceOf({ layer, stat, kind, directory, name, path }: DirectoryStep | FileStep): number {
    let blocks = 0;
    const counted = this.#counted.get(layer) ?? new Set();
    this.#counted.set(layer, counted);
    const add = (object: typeof stat): void => {
      const key = keyOf(object);
      if (counted.has(key) || this.space.isShown(layer, object)) return;
      counted.add(key);
      blocks += object.blocks;
    };
    add(stat);
    if (kind === "directory") walkReal(this.stack, { layer, directory: directory.child(name), path }, add);
    return blocks * BLOCK;
  }
}

/** Whether the directory that it is in is seen: what is in hidden directories is counted with them. */
function isTopmost({ parent }: Entry, object: DirectoryStep | FileStep): boolean {
  const part = parent.parts.find(({ directory }) => directory === object.directory);
  return part === undefined || part.hiding === null;
}
