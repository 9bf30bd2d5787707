/**
 * The names that a seed plays with, and a rough idea of which paths exist: calls should mostly meet something.
 * The idea is kept from what the calls intend, never from how they end, so that a sequence is known beforehand.
 */
import type { LayerNode } from "../harness/layers.js";
import type { Sequence } from "../harness/sequence.js";

const PLAIN = ["a", "b", "c", "d"] as const;
const STRANGE = ["caf\xe9", "new\nline", "#1", ".wh.x", ".wh..wh..opq", "l".repeat(255), " ", "\xff\xfe", "x".repeat(200)] as const;

/** Four plain names and one or two that few think of. */
export function chooseNames(chance: Sequence): readonly string[] {
  return [...new Set([...PLAIN, chance.pick(STRANGE), chance.pick(STRANGE)])];
}

export class KnownPaths {
  readonly #files: string[] = [];
  readonly #directories: string[] = [""];

  constructor(readonly names: readonly string[], readonly chance: Sequence) {}

  addLayer(node: LayerNode, path = ""): void {
    if (node.kind !== "directory") {
      this.add(path, false);
      return;
    }
    if (path !== "") this.add(path, true);
    for (const [name, child] of Object.entries(node.children)) this.addLayer(child, path === "" ? name : `${path}/${name}`);
  }

  add(path: string, isDirectory: boolean): void {
    const list = isDirectory ? this.#directories : this.#files;
    if (!list.includes(path)) list.push(path);
  }

  /** `from` and all below it now stand at `to`. */
  move(from: string, to: string): void {
    for (const list of [this.#files, this.#directories]) {
      list.forEach((path, index) => { if (path === from || path.startsWith(`${from}/`)) list[index] = to + path.slice(from.length); });
    }
  }

  /** A name that may be taken, in a directory that probably exists; at times too long. */
  fresh(): string {
    const name = this.chance.below(60) === 0 ? "n".repeat(256) : this.chance.pick(this.names);
    return below(this.chance.pick(this.#directories), name);
  }

  directory(): string { return this.#some(this.#directories); }

  file(): string { return this.#some(this.#files.length === 0 ? this.#directories : this.#files); }

  any(): string { return this.chance.below(3) === 0 ? this.directory() : this.file(); }

  #some(list: readonly string[]): string { return this.chance.below(8) === 0 ? this.fresh() : this.chance.pick(list); }
}

function below(directory: string, name: string): string { return directory === "" ? name : `${directory}/${name}`; }
