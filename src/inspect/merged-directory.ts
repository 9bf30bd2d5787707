/**
 * A directory of the merged tree with all that the layers have of it: the parts that are merged, and those that are not
 * seen, each with what hides it. So one walk over it meets what is shown, what is deleted and what is shadowed, without
 * looking any path up from the root again.
 */
import { hiddenBy, isMarkName } from "../engine/oci.js";
import { ITSELF, type RealDirectory } from "../engine/real.js";
import type { RealEntry } from "../engine/real-entries.js";
import { concat, type Bytes } from "../sys/bytes.js";
import { opaqueRootMark } from "./evidence.js";
import { lookUp } from "./look-up.js";
import { listReal } from "./real-walk.js";
import type { Stack, StackLayer } from "./stack.js";
import { isObject, type Answer, type DirectoryStep, type FileStep, type Hiding, type ObjectStep, type Step } from "./steps.js";

/** The directory as one layer has it. */
export interface Part {
  readonly layer: StackLayer;
  readonly directory: RealDirectory;
  /** From the root of the layer; empty for the root itself. */
  readonly path: Bytes;
  /** Null for a part that is merged. */
  readonly hiding: Hiding | null;
}

export class MergedDirectory {
  constructor(
    private readonly stack: Stack,
    /** From the root of the merged tree; empty for the root itself. */
    readonly path: Bytes,
    /** Topmost first, those that are merged and those that are hidden. */
    readonly parts: readonly Part[],
  ) {}

  static root(stack: Stack): MergedDirectory {
    let hiding: Hiding | null = null;
    const parts: Part[] = [];
    for (const layer of stack.layers.filter(({ kind }) => kind !== "data")) {
      parts.push({ layer, directory: layer.root, path: "" as Bytes, hiding });
      const ociOpaque: Bytes | null = hiding ? null : opaqueRootMark(layer.root);
      if (ociOpaque !== null) hiding = { cause: "opaque", by: opaqueRoot(layer, ociOpaque) };
    }
    return new MergedDirectory(stack, "" as Bytes, parts);
  }

  /** What a name of it is. */
  lookUp(name: Bytes): Entry {
    this.stack.trim();
    return this.#entry(name, null);
  }

  /**
   * Every name that any layer has in it, in the order of bytes: also what is deleted and what is hidden, which
   * `answer` tells from what is there. Throws InspectError where a layer can't be listed.
   */
  entries(): Entry[] {
    this.stack.trim();
    const holders = new Map<Bytes, Part[]>();
    for (const part of this.parts) {
      for (const name of namesOf(part)) {
        const known = holders.get(name);
        if (known) known.push(part);
        else holders.set(name, [part]);
      }
    }
    return [...holders.keys()].sort(byBytes).map((name) => this.#entry(name, holders.get(name)!));
  }

  #entry(name: Bytes, holders: readonly Part[] | null): Entry {
    const { answer, steps } = lookUp(this.stack, this, name, holders && ((part) => holders.includes(part)));
    return new Entry(this.stack, this, name, answer, steps);
  }
}

/** A name of a merged directory. */
export class Entry {
  constructor(
    private readonly stack: Stack,
    readonly parent: MergedDirectory,
    readonly name: Bytes,
    readonly answer: Answer,
    /** The lookup, in the order in which the layers were asked. */
    readonly steps: readonly Step[],
  ) {}

  /** From the root of the merged tree. */
  get path(): Bytes {
    return concat(this.parent.path, "/" as Bytes, this.name);
  }

  /** The object that is seen; null where nothing is. */
  get provider(): DirectoryStep | FileStep | null {
    return this.answer.kind === "found" ? this.answer.provider : null;
  }

  /** What layers have there that is not seen, topmost first. Whiteouts that are in force are no copies. */
  get shadowed(): (DirectoryStep | FileStep)[] {
    return this.objects.filter((step): step is DirectoryStep | FileStep => step.kind !== "whiteout" && step.use === "hidden");
  }

  /** All that layers have there under whatever name, topmost first. */
  get objects(): ObjectStep[] {
    return this.steps.filter(isObject).sort(byLayer);
  }

  /** The directory that is seen, with its hidden parts; where none is seen, hidden parts alone; null where no layer has one. */
  directory(): MergedDirectory | null {
    const isSeen = this.provider?.kind === "directory";
    const parts = this.objects.filter((step) => step.kind === "directory" && step.use !== "passes").map((step): Part => ({
      layer: step.layer, directory: step.directory.child(step.name), path: step.path,
      hiding: step.use !== "hidden" && isSeen ? null : step.hiding ?? { cause: "refusal", by: step },
    }));
    return parts.length === 0 ? null : new MergedDirectory(this.stack, this.path, parts);
  }
}

function opaqueRoot(layer: StackLayer, ociOpaque: Bytes): DirectoryStep {
  return {
    kind: "directory", layer, path: "" as Bytes, directory: layer.root, name: ITSELF, stat: layer.stat,
    use: "provides", hiding: null, opaque: "y", ociOpaque, redirect: null,
  };
}

/** The names that the layer says something of. Throws InspectError where it can't be listed. */
export function namesOf(part: Part): Bytes[] {
  const entries = listReal(part);
  return part.directory.layer.hasOciMarks ? unmarked(entries) : entries.map(({ name }) => name);
}

/** The names, and those that marks of OCI layers stand for. */
function unmarked(entries: readonly RealEntry[]): Bytes[] {
  const names = entries.map(({ name }) => (isMarkName(name) ? hiddenBy(name) : name));
  return [...new Set(names)].filter((name) => name !== null);
}

/** The order of names. */
export function byBytes(a: Bytes, b: Bytes): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byLayer(a: ObjectStep, b: ObjectStep): number {
  return a.layer.index - b.layer.index;
}
