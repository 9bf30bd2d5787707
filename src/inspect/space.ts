/**
 * The space that each layer takes, counted as du(1) counts it: blocks, each inode once however many names it has; and
 * how much of that the merged tree shows. What it does not show is wasted, as long as nothing else uses the layer.
 */
import { readEntries } from "../engine/real-entries.js";
import type { RealDirectory } from "../engine/real.js";
import { concat, display, type Bytes } from "../sys/bytes.js";
import { errnoName, isErrno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { isWhiteout } from "../engine/whiteout.js";
import type { OnStep } from "./changes.js";
import { InspectError } from "./inspect-error.js";
import type { Entry, MergedDirectory } from "./merged-directory.js";
import { layerName, type Stack, type StackLayer } from "./stack.js";
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

const BLOCK = 512;
const stat = new Stat();

/** Of all layers, below `entry` or, where it is null, altogether. */
export function measureSpace(stack: Stack, entry: Entry | null, onStep: OnStep): LayerSpace[] {
  const counts = new Map(stack.layers.map((layer) => [layer, new Count(stack, layer, onStep)]));
  const count = ({ layer }: { readonly layer: StackLayer }): Count => counts.get(layer)!;
  if (entry) for (const step of entry.objects) count(step).addObject(step);
  else for (const layer of stack.layers) count({ layer }).addRoot();
  const show = (step: ObjectStep): void => {
    if (step.use === "provides" || step.use === "merges" || step.use === "data") count(step).show(step);
  };
  if (entry) showEntry(entry, show, onStep);
  else {
    for (const layer of stack.layers) if (layer.kind !== "data") count({ layer }).showRoot();
    showAll(stack.root(), show, onStep);
  }
  return stack.layers.map((layer) => count({ layer }).sum());
}

function showEntry(entry: Entry, show: (step: ObjectStep) => void, onStep: OnStep): void {
  onStep();
  if (!entry.provider) return;
  for (const step of entry.objects) show(step);
  const directory = entry.provider.kind === "directory" ? entry.directory() : null;
  if (directory) showAll(directory, show, onStep);
}

function showAll(directory: MergedDirectory, show: (step: ObjectStep) => void, onStep: OnStep): void {
  for (const entry of directory.entries()) showEntry(entry, show, onStep);
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
    this.stack.trim();
    const entries = readEntries(directory);
    if (isErrno(entries)) {
      const at = display(concat(this.layer.path, path));
      throw new InspectError(`'${at}' of ${layerName(this.layer)} can't be listed (${errnoName(entries)}); look at it as a user who may`);
    }
    for (const { name } of entries) {
      this.onStep();
      if (native.statx(directory.fd(), name, stat.fields) < 0) continue;
      if (isWhiteout(directory, name, stat)) this.#whiteouts++;
      this.#add(stat);
      if (stat.isDirectory) this.#addBelow(directory.child(name), concat(path, "/" as Bytes, name));
    }
  }

  #add(object: Stat): void {
    this.#blocks.set(keyOf(object), object.blocks);
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

function keyOf({ dev, ino }: Stat): string {
  return `${dev}:${ino}`;
}
