/** Runs one case on both sides and finds the first thing in which they differ. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./case.js";
import type { Ground } from "./ground.js";
import type { Difference, Half } from "./half.js";
import { closedForChange, endsHere, mayRevive, mergedView, sameAnswer, withoutRefusedListings } from "./intended.js";
import { leftDifference, treeDifference } from "./left.js";
import type { MountPlan, Mounts } from "./mounts.js";
import { unmapAll } from "./mappings.js";
import { perform } from "./perform.js";
import { removeTree } from "./remove.js";
import { Side, type Implementation } from "./side.js";
import { differences } from "../harness/compare.js";
import { buildLayer } from "../harness/layers.js";
import { tolerantSnapshot, type Snapshot } from "../harness/snapshot.js";

export const IMPLEMENTATIONS = ["kernel", "ovlfs"] as const;


export async function run(one: Case, ground: Ground, mounts: Mounts): Promise<Difference | null> {
  const places = [ground[one.fileSystem], one.fileSystem === "ext4" ? ground.tmpfs : ground.ext4];
  const halves: Half[] = [];
  try {
    for (const implementation of IMPLEMENTATIONS) {
      const [place, other] = places.map((base) => join(base, implementation)) as [string, string];
      for (const directory of [place, other]) removeTree(directory);
      halves.push(await prepare(one, place, other, implementation, mounts));
    }
    return await compare(one, halves[0]!, halves[1]!, mounts);
  } finally {
    for (const { side } of halves) letGo(side);
  }
}

/** All that keeps a mount busy. */
function letGo(side: Side): void {
  unmapAll(side);
  side.dropAll();
}

async function prepare(one: Case, place: string, other: string, implementation: Implementation, mounts: Mounts): Promise<Half> {
  for (const directory of [place, other]) {
    mkdirSync(directory);
    chmodSync(directory, 0o755);
  }
  const at = (name: string): string => join(place, name);
  const lowers = one.stack.lowers.map((_, index) => join(one.spread && index % 2 === 0 ? other : place, `l${index}`));
  one.stack.lowers.forEach((layer, index) => buildLayer(lowers[index]!, layer));
  one.stack.dataOnly.forEach((layer, index) => buildLayer(at(`data${index}`), layer));
  const dataOnly = one.stack.dataOnly.map((_, index) => at(`data${index}`));
  mkdirSync(at("merged"));
  mkdirSync(at("work"));
  buildLayer(at("upper"), one.stack.upper);
  let plan: MountPlan = { lowers, dataOnly, upper: at("upper"), work: at("work"), merged: at("merged"), options: one.set.options };
  if (one.before !== null) {
    const { options, becomes, calls } = one.before;
    const before = becomes === "upper" ? plan : { ...plan, upper: at("before"), work: at("before-work") };
    if (becomes === "lower") for (const directory of [before.upper, before.work]) mkdirSync(directory);
    await mounts.mount("kernel", { ...before, options });
    const side = new Side("kernel", plan.merged);
    for (const call of calls) perform(side, call, null);
    letGo(side);
    await mounts.unmount("kernel", plan.merged);
    if (becomes === "lower") plan = { ...plan, lowers: [before.upper, ...lowers] };
  }
  return {
    side: new Side(implementation, plan.merged), plan, lowersBefore: plan.lowers.map((lower) => tolerantSnapshot(lower)),
  };
}

async function compare(one: Case, kernel: Half, ovlfs: Half, mounts: Mounts): Promise<Difference | null> {
  const sides = [kernel, ovlfs];
  await pause(30);
  for (const { side } of sides) side.begin();
  const mounted: Half[] = [];
  let merged: Snapshot[] = [];
  try {
    for (const half of sides) {
      await mounts.mount(half.side.implementation, half.plan);
      mounted.push(half);
    }
    const first = firstDifference(one, kernel.side, ovlfs.side);
    if (first !== null) return first === "ended" ? null : first;
    for (const { side } of sides) letGo(side);
    merged = sides.map(({ plan }) => tolerantSnapshot(plan.merged));
  } finally {
    for (const half of mounted) {
      letGo(half.side);
      await mounts.unmount(half.side.implementation, half.plan.merged);
    }
  }
  return treeDifference("merged", merged, sides, mergedView, one.set) ?? leftDifference(one, sides) ?? await crossDifference(one, merged, sides, mounts)
    ?? (one.remounted ? await remountDifference(one, merged, sides, mounts) : null);
}

function pause(milliseconds: number): Promise<void> { return new Promise((resolve) => setTimeout(resolve, milliseconds)); }

/** Makes the calls in turns until an answer differs, or until they have to end. */
function firstDifference(one: Case, kernel: Side, ovlfs: Side): Difference | "ended" | null {
  for (const [index, call] of one.calls.entries()) {
    ovlfs.refusedInListing = false;
    if (mayRevive(call, [kernel, ovlfs])) continue;
    const wanted = perform(kernel, call, one.eager);
    const found = perform(ovlfs, call, one.eager);
    if (endsHere(one.set, call, wanted, found)) return "ended";
    if (closedForChange(call, wanted, [kernel, ovlfs])) continue;
    if (!sameAnswer(one.set, call, wanted, found, kernel, ovlfs)) return { stage: "call", index, call, lines: [`kernel: ${wanted}`, `ovlfs:  ${found}`] };
    const fault = ovlfs.faults[0];
    if (fault !== undefined) return { stage: "call", index, call, lines: [`ovlfs: ${fault}`] };
  }
  return null;
}

/** What the other implementation shows of each upper. */
async function crossDifference(one: Case, merged: readonly Snapshot[], sides: readonly Half[], mounts: Mounts): Promise<Difference | null> {
  for (const [index, { side, plan }] of sides.entries()) {
    const other = side.implementation === "kernel" ? "ovlfs" : "kernel";
    removeTree(join(plan.work, "work/incompat"));
    await mounts.mount(other, plan);
    let seen: Snapshot;
    try {
      seen = tolerantSnapshot(plan.merged);
    } finally {
      await mounts.unmount(other, plan.merged);
    }
    const [kernelTree, ovlfsTree] = other === "kernel" ? withoutRefusedListings(seen, merged[index]!) : withoutRefusedListings(merged[index]!, seen);
    const lines = differences(mergedView(ovlfsTree, side, one.set), mergedView(kernelTree, side, one.set));
    if (lines.length > 0) return { stage: `${side.implementation}'s upper as ${other} shows it`, lines };
  }
  return null;
}

/** Whether ovlfs tells other inode numbers after a remount where the kernel tells the same as before. */
async function remountDifference(one: Case, merged: readonly Snapshot[], sides: readonly Half[], mounts: Mounts): Promise<Difference | null> {
  const constant: ReadonlySet<string>[] = [];
  for (const [index, { side, plan }] of sides.entries()) {
    removeTree(join(plan.work, "work/incompat"));
    await mounts.mount(side.implementation, plan);
    try {
      const again = tolerantSnapshot(plan.merged);
      constant.push(new Set([...merged[index]!].filter(([path, picture]) => again.get(path)?.ino === picture.ino).map(([path]) => path)));
    } finally {
      await mounts.unmount(side.implementation, plan.merged);
    }
  }
  const [kernel, ovlfs] = constant;
  // Item 16: without an origin a number can't last.
  const carriesOrigin = (path: string): boolean => one.set.userxattr !== true || /^(file|directory)$/.test(merged[1]!.get(path)!.type!);
  const lines = [...merged[1]!.keys()].filter((path) => carriesOrigin(path) && kernel!.has(path) && !ovlfs!.has(path)).map((path) => `${JSON.stringify(path)}: st_ino is another after a remount`);
  return lines.length === 0 ? null : { stage: "remount", lines };
}
