/**
 * The list of cases. A case is a sentence about OverlayFS with the layers it speaks of and what is done in the
 * merged directory; it runs on every mounter. All cases of one `overlay` call share one mount, each in a
 * directory of its own, and at its end the mount has to stand the proofs: unmounted with nothing left, lowers
 * untouched, the upper read alike by the other implementation, and for ovlfs the same upper as the kernel's.
 */
import { afterAll, beforeAll, describe, expect, it as test } from "vitest";
import { differences, sameMerge, sameRun, shownBy } from "./compare.js";
import { fileSystemUnavailable } from "./file-systems.js";
import { dir, type LayerNode, type LayerTree } from "./layers.js";
import { kernel, mounters, ovlfs, type Capability, type Mounter } from "./mounters.js";
import { OverlayFixture, type Placement, type Stack } from "./overlay-fixture.js";
import { snapshot, type Snapshot } from "./snapshot.js";
import type { Tree } from "./tree.js";

type Described = LayerTree | LayerNode;

/** The layers of a case: its own directory in each. */
export interface Scene {
  /** One lower, or several, topmost first. */
  readonly lower?: Described | readonly Described[];
  readonly upper?: Described;
  readonly needs?: readonly Capability[];
  /** Why the upper or merged tree may end otherwise than the kernel's; the comparison leaves the case out. */
  readonly ownWay?: string;
  /** Why the other implementation shows what is left otherwise. */
  readonly noInterop?: string;
}

/** What a case works with; trees are the case's own directory in each layer. */
export interface CaseView {
  readonly merged: Tree;
  readonly upper: Tree;
  readonly lower: Tree;
  readonly lowers: readonly Tree[];
  readonly fixture: OverlayFixture;
  /** Whether the mounter can do it. */
  readonly can: (capability: Capability) => boolean;
  /** Unmounts and mounts again. */
  readonly remount: () => void;
}

export type CaseBody = (view: CaseView) => void | Promise<void>;
export type Collect = (title: string, scene: Scene, body: CaseBody) => void;

/** How all cases of a group are mounted. */
export interface Setup {
  readonly options?: readonly string[];
  /** Options that ovlfs alone has. */
  readonly ownOptions?: readonly string[];
  readonly withoutUpper?: boolean;
  /** So many data-only layers below the lowers; `prepare` fills them. */
  readonly dataLayers?: number;
  readonly upperKiB?: number;
  /** The file systems of the layers. */
  readonly on?: Placement;
  /** Which mounters it is about; all where it says nothing. */
  readonly mounters?: readonly Mounter[];
  readonly upperAttributes?: LayerNode["attributes"];
  /** Adds to the layers what a description can't say. */
  readonly prepare?: (fixture: OverlayFixture) => void;
  /** Why the other implementation can't be shown what is left. */
  readonly noInterop?: string;
}

interface Case {
  readonly title: string;
  readonly scene: Scene;
  readonly body: CaseBody;
  readonly directory: string;
}

interface Result {
  readonly merged: Snapshot;
  readonly upper: Snapshot;
}

const LIMIT = 60_000;

/** Declares a group of cases and runs it on every mounter. */
export function overlay(title: string, setup: Setup, declare: (it: Collect) => void): void {
  const cases: Case[] = [];
  declare((sentence, scene, body) => cases.push({ title: sentence, scene, body, directory: directoryName(cases.length, sentence) }));
  const results = new Map<Mounter, Result>();
  for (const mounter of mounters.filter((one) => setup.mounters?.includes(one) ?? true)) {
    const reason = mounter.unavailable() ?? unplaceable(setup) ?? allMissing(mounter, cases);
    describe(`${title} (${mounter.name})`, () => {
      if (reason === null) runGroup(mounter, setup, cases, results);
      else for (const one of cases) skipped(one.title, reason);
    });
  }
}

function skipped(title: string, reason: string): void { test(title, (context) => { context.skip(reason); }); }

/** Why the layers can't be placed as they should be, or null. */
function unplaceable({ on }: Setup): string | null {
  if (on === undefined) return null;
  return [...on.lowers, on.upper].map(fileSystemUnavailable).find((reason) => reason !== null) ?? null;
}

/** Why none of the cases can run on the mounter, or null. */
function allMissing(mounter: Mounter, cases: readonly Case[]): string | null {
  const lacks = cases.map((one) => missing(mounter, one));
  return lacks.includes(undefined) ? null : `${mounter.name} has no ${[...new Set(lacks)].join(", ")}`;
}

function directoryName(index: number, title: string): string {
  return `${String(index).padStart(2, "0")}-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 32)}`;
}

function runGroup(mounter: Mounter, setup: Setup, cases: readonly Case[], results: Map<Mounter, Result>): void {
  let fixture: OverlayFixture | undefined;
  const start = Math.floor(Date.now() / 1000) - 1;
  beforeAll(() => {
    fixture = new OverlayFixture(mounter, stackOf(setup, cases.filter((one) => runsOn(mounter, one))));
    fixture.start();
  }, LIMIT);
  afterAll(() => { fixture?.end(); }, LIMIT);
  for (const one of cases) {
    const lacks = missing(mounter, one);
    if (lacks !== undefined) skipped(one.title, `${mounter.name} has no ${lacks}`);
    else {
      test(one.title, async () => {
        await one.body(viewOf(fixture!, one));
        // Cases are synchronous; the runner's messages get their turn here.
        await new Promise(setImmediate);
      }, LIMIT);
    }
  }
  declareProofs(mounter, setup, cases, () => fixture!, results);
  if (mounter !== kernel && kernel.unavailable() === null && mounters.includes(kernel) && (setup.mounters?.includes(kernel) ?? true)) {
    test("leaves the same merged tree and upper as the kernel's overlay", () => {
      const ours = results.get(mounter)!;
      const theirs = results.get(kernel)!;
      const view = sameRun(start, fixture!.upperBefore);
      const same = cases.filter((one) => runsOn(mounter, one) && runsOn(kernel, one) && one.scene.ownWay === undefined);
      expect([
        ...differences(within(same, ours.merged), within(same, theirs.merged), shownBy(mounter.capabilities, view)).map((line) => `merged: ${line}`),
        ...differences(within(same, ours.upper), within(same, theirs.upper), view).map((line) => `upper: ${line}`),
      ]).toEqual([]);
    }, LIMIT);
  }
}

function missing(mounter: Mounter, one: Case): Capability | undefined {
  return one.scene.needs?.find((capability) => !mounter.capabilities.has(capability));
}

function runsOn(mounter: Mounter, one: Case): boolean { return missing(mounter, one) === undefined; }

function declareProofs(mounter: Mounter, setup: Setup, cases: readonly Case[], fixture: () => OverlayFixture, results: Map<Mounter, Result>): void {
  test("unmounts, leaving no process and an empty work directory", () => {
    fixture().merged.closeAll();
    const merged = snapshot(fixture().merged.path);
    fixture().unmount();
    expect(fixture().isMounted).toBe(false);
    expect(fixture().remainingProcesses()).toEqual([]);
    if (setup.withoutUpper !== true) expect(fixture().workLeftovers()).toEqual([]);
    results.set(mounter, { merged, upper: setup.withoutUpper === true ? new Map() : snapshot(fixture().upper.path) });
  }, LIMIT);
  test("leaves its lowers as they were", () => { expect(fixture().lowerChanges()).toEqual([]); }, LIMIT);
  const other = mounter === kernel ? ovlfs : kernel;
  if (setup.noInterop !== undefined || !mounters.includes(other) || other.unavailable() !== null) return;
  test(`leaves layers that ${other.name} merges the same`, () => {
    const own = cases.filter((one) => runsOn(mounter, one) && one.scene.noInterop === undefined);
    expect(differences(within(own, fixture().mergedBy(other)), within(own, results.get(mounter)!.merged), shownBy(mounter.capabilities, sameMerge))).toEqual([]);
  }, LIMIT);
}

function stackOf(setup: Setup, cases: readonly Case[]): Stack {
  const depth = Math.max(1, ...cases.map((one) => lowersOf(one.scene).length)) + (setup.dataLayers ?? 0);
  const lowers = Array.from({ length: depth }, (_, index) =>
    dir(Object.fromEntries(cases.flatMap((one) => {
      const layer = lowersOf(one.scene)[index];
      return layer === undefined ? [] : [[one.directory, layer] as const];
    }))));
  const uppers = cases.flatMap((one) => (one.scene.upper === undefined ? [] : [[one.directory, nodeOf(one.scene.upper)] as const]));
  return {
    lowers,
    dataLayers: setup.dataLayers,
    upper: setup.withoutUpper === true ? undefined : dir(Object.fromEntries(uppers), setup.upperAttributes),
    options: setup.options,
    ownOptions: setup.ownOptions,
    upperKiB: setup.upperKiB,
    on: setup.on,
    prepare: setup.prepare,
  };
}

/** The directory of a case in each lower; an empty one where neither lower nor upper has any. */
function lowersOf(scene: Scene): LayerNode[] {
  if (scene.lower === undefined) return scene.upper === undefined ? [dir()] : [];
  return isList(scene.lower) ? scene.lower.map(nodeOf) : [nodeOf(scene.lower)];
}

function isList(lower: Described | readonly Described[]): lower is readonly Described[] { return Array.isArray(lower); }

function nodeOf(described: Described): LayerNode {
  return typeof described.kind === "string" ? described : dir(described);
}

function viewOf(fixture: OverlayFixture, one: Case): CaseView {
  const lowers = fixture.lowers.map((lower) => lower.in(one.directory));
  return {
    merged: fixture.merged.in(one.directory),
    upper: fixture.upper.in(one.directory),
    lower: lowers[0]!,
    lowers,
    fixture,
    can: (capability) => fixture.mounter.capabilities.has(capability),
    remount: () => { fixture.remount(); },
  };
}

/** What a snapshot has of the directories of `cases`. */
function within(cases: readonly Case[], tree: Snapshot): Snapshot {
  return new Map([...tree].filter(([path]) => cases.some(({ directory }) => path === directory || path.startsWith(`${directory}/`))));
}
