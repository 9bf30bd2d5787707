/**
 * The lower layers, built once in a run, each kind when the first workload needs it. Nothing may change them: a digest of
 * each is taken when it is built and compared at the end.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { command } from "./programs.js";
import { builds } from "./stacks.js";

/** How many and how large, scaled by --size. */
export class Sizes {
  /** `many` is how many files the memory rows walk. */
  constructor(readonly factor: number, readonly many: number) {}

  /** `number` scaled, at least one, a multiple of `step`. */
  of(number: number, step = 1): number { return Math.max(1, Math.round(number * this.factor / step)) * step; }
}

export const DIRECTORIES = 100;
export const SMALL_FILE = 2048;
export const MEBIBYTE = 1024 * 1024;
export const DEEP_DIRECTORIES = 4;
const DEEP_FILES = 240;

/** The files of the tree in three layers. */
export function treeFiles(sizes: Sizes): number { return sizes.of(10_000, DIRECTORIES); }

/** The files of the tree in 120 layers. */
export function deepFiles(): number { return DEEP_DIRECTORIES * DEEP_FILES; }

/** The files of the memory rows, a hundred in a directory. */
export function manyFiles(sizes: Sizes): number { return Math.max(1, Math.round(sizes.many / 100)) * 100; }

export type StackName = "three" | "halves" | "deep" | "many" | "large" | "huge" | "reflink" | "repository" | "sources" | "project";

export interface Stack {
  /** The directory that the layers are relative to, and on whose file system the upper is. */
  readonly place: string;
  /** Topmost first. */
  readonly lowers: readonly string[];
}

/** What is needed for a stack is not on this machine. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

export class Ground {
  private readonly built = new Map<StackName, Promise<Stack>>();
  private readonly digests = new Map<string, string>();
  private readonly mounts: string[] = [];

  /** `program` is the compiled C program. */
  constructor(readonly directory: string, readonly program: string, readonly sizes: Sizes, readonly unprivileged: boolean) {}

  /** Throws Unavailable. */
  stack(name: StackName): Promise<Stack> {
    let stack = this.built.get(name);
    if (stack === undefined) {
      stack = this.build(name);
      this.built.set(name, stack);
    }
    return stack;
  }

  run(words: readonly (string | number)[]): Promise<string> { return command([this.program, ...words.map(String)], this.directory); }

  /** A mount of a stack's own, for `close`. */
  onClose(mounted: string): void { this.mounts.push(mounted); }

  close(): void {
    for (const mounted of this.mounts.splice(0)) spawnSync("umount", [mounted]);
  }

  /** The layers whose digest is no longer what it was. */
  async changedLayers(): Promise<string[]> {
    const changed: string[] = [];
    for (const [layer, digest] of this.digests) if (await this.run(["digest", layer]) !== digest) changed.push(layer);
    return changed;
  }

  private async build(name: StackName): Promise<Stack> {
    const stack = await builds[name](this);
    for (const lower of stack.lowers) {
      const layer = join(stack.place, lower);
      this.digests.set(layer, await this.run(["digest", layer]));
    }
    return stack;
  }
}
