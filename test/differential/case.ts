/** All that one run is made of, as data: drawn from a seed, and what a shrinker makes smaller. */
import { callOfKind, stackOfKind, type Kind } from "./apart.js";
import type { Call } from "./call.js";
import { randomCalls } from "./generate.js";
import { chooseNames, KnownPaths } from "./names.js";
import type { OptionSet } from "./option-sets.js";
import { randomStack, withoutHardLinks, type LayerStack } from "./stack.js";
import { Sequence } from "../harness/sequence.js";

/** Calls that the kernel's overlay makes beforehand; its upper is then the upper, or one more lower on top. */
export interface Before {
  readonly options: readonly string[];
  readonly becomes: "upper" | "lower";
  readonly calls: readonly Call[];
}

/** What of a file is changed (to what it is) right after it was opened for writing: what the kernel copies up then. */
export type Eager = "attributes" | "data";

export type FileSystem = "tmpfs" | "ext4";

export interface Case {
  readonly set: OptionSet;
  readonly stack: LayerStack;
  readonly before: Before | null;
  readonly calls: readonly Call[];
  /** Files opened for writing are changed at once; null: they are not. */
  readonly eager: Eager | null;
  /** Where the upper is. */
  readonly fileSystem: FileSystem;
  /** Whether every second lower is on the other file system. */
  readonly spread: boolean;
  /** Whether each side is mounted anew at the end, for its inode numbers. */
  readonly remounted: boolean;
}

const CALLS_BEFORE = 60;

function eagerness(set: OptionSet): Eager { return set.options.includes("metacopy=on") ? "data" : "attributes"; }

/** Without a change after each open for writing, what is copied up differs; with these options too much follows from that. */
function mayBeLazy({ options }: OptionSet): boolean { return !options.includes("metacopy=on") && !options.includes("index=on"); }

export function caseOf(seed: number, set: OptionSet, count: number): Case {
  const chance = new Sequence(seed * 7919 + 13);
  for (let skipped = 0; skipped < 5; skipped++) chance.below(2);
  const names = chooseNames(chance);
  const kind: Kind = chance.below(3) === 0 ? "capabilities" : "setuid";
  const drawn = stackOfKind(randomStack(chance, { names, prefix: set.userxattr === true ? "user.overlay." : "trusted.overlay.", dataOnly: set.dataOnly === true }), kind);
  const isLazy = mayBeLazy(set) && chance.below(5) === 0;
  const stack = isLazy ? withoutHardLinks(drawn) : drawn;
  const known = new KnownPaths(names, chance);
  for (const layer of [...stack.lowers, stack.upper]) known.addLayer(layer);
  const before = chance.below(5) < 2 ? randomBefore(chance, known, set, kind) : null;
  return {
    set, stack, before, calls: randomCalls(chance, known, count).map((call) => callOfKind(call, kind)), eager: isLazy ? null : eagerness(set), fileSystem: chance.pick(["tmpfs", "ext4"]),
    spread: chance.below(4) === 0, remounted: chance.below(3) === 0,
  };
}

function randomBefore(chance: Sequence, known: KnownPaths, set: OptionSet, kind: Kind): Before {
  const format = set.userxattr === true ? ["userxattr"] : ["redirect_dir=on", "metacopy=on", ...(chance.below(2) === 0 ? ["index=on"] : [])];
  return { options: format, becomes: chance.pick(["upper", "lower"]), calls: randomCalls(chance, known, CALLS_BEFORE).map((call) => callOfKind(call, kind)) };
}
