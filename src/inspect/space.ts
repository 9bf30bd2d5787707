/**
 * The space that each layer takes, counted as du(1) counts it: blocks, each inode once however many names it has; and
 * how much of that the merged tree shows. What it does not show is wasted, as long as nothing else uses the layer.
 */
import type { RealDirectory } from "../engine/real.js";
import type { Bytes } from "../sys/bytes.js";
import type { Stat } from "../sys/stat.js";
import type { OnStep } from "./changes.js";
import type { Entry, MergedDirectory } from "./merged-directory.js";
import { walkReal } from "./real-walk.js";
import type { Stack, StackLayer } from "./stack.js";
import type { ObjectStep } from "./steps.js";

/** Of one layer; bytes are whole blocks. */
export interface LayerSpace {
  readonly layer: StackLayer;
  /** Inodes, directories and whiteouts among them. */
  readonly inodes: number;
  readonly whiteouts: number;
  readonly bytes: number;
  /** Of these the part that the merged tree shows: attributes, data, or a directory that is merged. */
  readonly shown: number;
  readonly shownInodes: number;
}

/** What was measured. */
export interface Space {
  readonly layers: readonly LayerSpace[];
  /** Whether the merged tree shows an inode of a layer. */
  isShown(layer: StackLayer, stat: Stat): boolean;
}

export const BLOCK = 512;

/** Of all layers, below `entry` or, where it is null, altogether. */
export function measureSpace(stack: Stack, entry: Entry | null, onStep: OnStep): Space {
  const counts = new Map(stack.layers.map((layer) => [layer, new Count(stack, layer, onStep)]));
  // A copy in the index is a link of an object of the upper.
  const count = ({ layer }: { readonly layer: StackLayer }): Count => counts.get(layer === stack.indexPlace ? stack.layers[0]! : layer)!;
  if (entry) for (const step of entry.objects) count(step).addObject(step);
  else for (const layer of stack.layers) count({ layer }).addRoot();
  const show = (step: ObjectStep): void => {
    if (step.use === "provides" || step.use === "merges" || step.use === "data") count(step).show(step);
  };
  if (entry) showEntry(entry, show, onStep);
  else {
    const root = stack.root();
    for (const part of root.parts) if (part.hiding === null) count(part).showRoot();
    showAll(root, show, onStep);
  }
  return {
    layers: stack.layers.map((layer) => count({ layer }).sum()),
    isShown: (layer, object) => count({ layer }).isShown(object),
  };
}

function showEntry(entry: Entry, show: (step: ObjectStep) => void, onStep: OnStep): void {
  const directory = showOne(entry, show, onStep);
  if (directory) showAll(directory, show, onStep);
}

function showAll(root: MergedDirectory, show: (step: ObjectStep) => void, onStep: OnStep): void {
  const directories = [root];
  for (let directory = directories.pop(); directory; directory = directories.pop()) {
    for (const entry of directory.entries()) {
      const child = showOne(entry, show, onStep);
      if (child) directories.push(child);
    }
  }
}

/** Shows what one name is; the directory to go on with, if it is one. */
function showOne(entry: Entry, show: (step: ObjectStep) => void, onStep: OnStep): MergedDirectory | null {
  onStep();
  if (!entry.provider) return null;
  for (const step of entry.objects) show(step);
  return entry.provider.kind === "directory" ? entry.directory() : null;
}

/** What is counted of one layer. */
class Count {
  /** Blocks by inode; what is shown is taken from here. */
  readonly #blocks = new Map<string, number>();
  readonly #shown = new Set<string>();
  #whiteouts = 0;

  constructor(private readonly stack: Stack, private readonly layer: StackLayer, private readonly onStep: OnStep) {}

  /** The whole layer. */
  addRoot(): void {
    this.#add(this.layer.stat);
    this.#addBelow(this.layer.root, "" as Bytes);
  }

  /** One object and all below it. */
  addObject(step: ObjectStep): void {
    if (step.kind === "whiteout") this.#whiteouts++;
    this.#add(step.stat);
    if (step.kind === "directory" && step.use !== "passes") this.#addBelow(step.directory.child(step.name), step.path);
  }

  #addBelow(directory: RealDirectory, path: Bytes): void {
    walkReal(this.stack, { layer: this.layer, directory, path }, (object, isMark) => {
      this.onStep();
      if (isMark) this.#whiteouts++;
      this.#add(object);
    });
  }

  #add(object: Stat): void {
    this.#blocks.set(keyOf(object), object.blocks);
  }

  isShown(object: Stat): boolean {
    return this.#shown.has(keyOf(object));
  }

  showRoot(): void {
    this.#shown.add(keyOf(this.layer.stat));
  }

  show(step: ObjectStep): void {
    this.#blocks.set(keyOf(step.stat), step.stat.blocks);
    this.#shown.add(keyOf(step.stat));
  }

  sum(): LayerSpace {
    let blocks = 0;
    let shown = 0;
    for (const [key, count] of this.#blocks) {
      blocks += count;
      if (this.#shown.has(key)) shown += count;
    }
    return {
      layer: this.layer, inodes: this.#blocks.size, whiteouts: this.#whiteouts, bytes: blocks * BLOCK,
      shown: shown * BLOCK, shownInodes: this.#shown.size,
    };
  }
}

/** What tells an inode from all others of its layer. */
export function keyOf({ dev, ino }: Stat): string {
  return `${dev}:${ino}`;
}
