/**
 * The lower layers, built once in a run, each kind when the first workload needs it. Nothing may change them: a digest of
 * each is taken when it is built and compared at the end.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { command } from "./programs.js";

/** How many and how large, scaled by --size. */
export class Sizes {
  constructor(readonly factor: number) {}

  /** `number` scaled, at least one, a multiple of `step`. */
  of(number: number, step = 1): number { return Math.max(1, Math.round(number * this.factor / step)) * step; }
}

export const DIRECTORIES = 100;
export const SMALL_FILE = 2048;
export const MEBIBYTE = 1024 * 1024;
const DEEP_LAYERS = 120;
export const DEEP_DIRECTORIES = 4;
const DEEP_FILES = 240;

/** The files of the tree in three layers. */
export function treeFiles(sizes: Sizes): number { return sizes.of(10_000, DIRECTORIES); }

/** The files of the tree in 120 layers. */
export function deepFiles(): number { return DEEP_DIRECTORIES * DEEP_FILES; }

export type StackName = "three" | "deep" | "large";

/** Lower layers, topmost first, relative to the ground. */
type Build = (ground: Ground) => Promise<readonly string[]>;

export class Ground {
  private readonly built = new Map<StackName, Promise<readonly string[]>>();
  private readonly digests = new Map<string, string>();

  /** `program` is the compiled C program. */
  constructor(readonly directory: string, readonly program: string, readonly sizes: Sizes) {}

  lowers(stack: StackName): Promise<readonly string[]> {
    let lowers = this.built.get(stack);
    if (lowers === undefined) {
      lowers = this.build(stack);
      this.built.set(stack, lowers);
    }
    return lowers;
  }

  run(words: readonly (string | number)[]): Promise<string> { return command([this.program, ...words.map(String)], this.directory); }

  /** The layers whose digest is no longer what it was. */
  async changedLayers(): Promise<string[]> {
    const changed: string[] = [];
    for (const [layer, digest] of this.digests) if (await this.run(["digest", layer]) !== digest) changed.push(layer);
    return changed;
  }

  private async build(stack: StackName): Promise<readonly string[]> {
    mkdirSync(join(this.directory, stack));
    const lowers = await builds[stack](this);
    for (const lower of lowers) this.digests.set(lower, await this.run(["digest", lower]));
    return lowers;
  }
}

const builds: Readonly<Record<StackName, Build>> = {
  three: (ground) => treeLayers(ground, "three", 3, DIRECTORIES, treeFiles(ground.sizes) / DIRECTORIES),
  deep: (ground) => treeLayers(ground, "deep", DEEP_LAYERS, DEEP_DIRECTORIES, DEEP_FILES),
  async large(ground) {
    mkdirSync(join(ground.directory, "large/0"));
    await ground.run(["make-file", "large/0/large", ground.sizes.of(256) * MEBIBYTE]);
    return ["large/0"];
  },
};

/** A tree whose directories are in each of the layers, and whose files are dealt out to them in turn. */
async function treeLayers(ground: Ground, stack: StackName, count: number, directories: number, files: number): Promise<string[]> {
  const layers = Array.from({ length: count }, (_, index) => `${stack}/${index}`);
  for (const [index, layer] of layers.entries()) {
    mkdirSync(join(ground.directory, layer));
    await ground.run(["make-tree", `${layer}/tree`, directories, files, SMALL_FILE, index, count]);
  }
  return layers;
}
