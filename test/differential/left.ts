/** Compares what a run leaves on disk: the uppers, the index, the work directories; and that lowers are as they were. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./case.js";
import type { Difference, Half } from "./half.js";
import { indexView, upperView, withoutEarlyCopies, withoutKeptEntries, withoutOtherAliases, withoutRefusedListings, withoutStaleImpure } from "./intended.js";
import { namesOf, withLeadingPaths, type InodeNames } from "./origin.js";
import type { OptionSet } from "./option-sets.js";
import type { Side } from "./side.js";
import { differences, untouched } from "../harness/compare.js";
import { tolerantSnapshot, type Picture, type Snapshot } from "../harness/snapshot.js";

type View = (tree: Snapshot, side: Side, set: OptionSet) => Snapshot;

export function treeDifference(stage: string, [wanted, found]: readonly Snapshot[], [kernel, ovlfs]: readonly Half[], view: View, set: OptionSet): Difference | null {
  const [kernelTree, ovlfsTree] = withoutRefusedListings(wanted!, found!);
  const lines = differences(view(ovlfsTree, ovlfs!.side, set), view(kernelTree, kernel!.side, set));
  return lines.length === 0 ? null : { stage, lines };
}

export function leftDifference(one: Case, sides: readonly Half[]): Difference | null {
  const raw = sides.map(({ plan }) => tolerantSnapshot(plan.upper));
  const names = sides.map((half, index) => namesOf(half.plan, raw[index]!));
  const indexed = one.set.options.includes("index=on");
  let [kernel, ovlfs] = raw.map((upper, index) => told(one, upper, sides[index]!, names[index]!)) as [Snapshot, Snapshot];
  if (one.eager === null) kernel = withoutEarlyCopies(kernel, ovlfs);
  const cutOrigins = new Set<string>();
  if (indexed) [kernel, ovlfs] = withoutOtherAliases(kernel, ovlfs, sides[0]!.lowersBefore, cutOrigins);
  return treeDifference("upper", [kernel, ovlfs].map(withoutStaleImpure), sides, upperView, one.set)
    ?? indexDifference(one, sides, names, cutOrigins) ?? workDifference(sides) ?? lowerDifference(sides);
}

/** The overlay's xattrs under one prefix, and each file handle as the path that it leads to. */
function told(one: Case, upper: Snapshot, { plan }: Half, names: InodeNames): Snapshot {
  return withLeadingPaths(one.set.userxattr === true ? mapFields(upper, (field) => field.replace(/^xattr user\.overlay\./, "xattr trusted.overlay.")) : upper, plan, names);
}

function mapFields(tree: Snapshot, rename: (field: string) => string): Snapshot {
  return new Map([...tree].map(([path, picture]): [string, Picture] => [path, Object.fromEntries(Object.entries(picture).map(([field, value]) => [rename(field), value]))]));
}

/** The entries of the index by what their names lead to; the whiteout that the kernel keeps there is none. */
function indexDifference(one: Case, sides: readonly Half[], names: readonly InodeNames[], cutOrigins: ReadonlySet<string>): Difference | null {
  const trees = sides.map((half, index) => {
    const directory = join(half.plan.work, "index");
    if (!existsSync(directory)) return new Map<string, Picture>();
    const tree = told(one, tolerantSnapshot(directory), half, names[index]!);
    const entries = [...tree].filter(([path]) => /^[0-9a-f]+$/.test(path))
      .map(([path, picture]) => [names[index]!.leadsTo(Buffer.from(path, "hex"), half.plan), picture] as const);
    return new Map(entries.filter(([origin, picture]) => picture.type !== "directory" || !cutOrigins.has(origin)));
  });
  return treeDifference("index", withoutKeptEntries(one.set, trees), sides, indexView, one.set);
}

/** Whiteouts are left out: the kernel keeps one to link others to. */
function workDifference(sides: readonly Half[]): Difference | null {
  const [wanted, found] = sides.map(({ plan }) => [...tolerantSnapshot(plan.work)]
    .filter(([path, picture]) => picture.device !== "0,0" && !path.startsWith("index/")).map(([path]) => path).join(" "));
  return wanted === found ? null : { stage: "work", lines: [`kernel: ${wanted!}`, `ovlfs:  ${found!}`] };
}

function lowerDifference(sides: readonly Half[]): Difference | null {
  for (const { side, plan, lowersBefore } of sides) {
    const lines = plan.lowers.flatMap((lower, index) => differences(tolerantSnapshot(lower), lowersBefore[index]!, untouched));
    if (lines.length > 0) return { stage: `lowers of ${side.implementation}`, lines };
  }
  return null;
}
