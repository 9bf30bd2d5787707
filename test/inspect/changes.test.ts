/**
 * What changed, against the oracle: the kernel mounts the overlay and its lowers alone, and both trees are compared path
 * by path. On layers made at random, changed at random through the kernel's overlay with redirects and metacopies.
 */
import { describe, expect, it } from "vitest";
import { changesIn } from "../../src/inspect/changes.js";
import type { OverlaySpec } from "../../src/inspect/spec.js";
import { Stack } from "../../src/inspect/stack.js";
import { raw } from "../harness/syscalls.js";
import { kernel } from "../harness/mounters.js";
import { OverlayFixture } from "../harness/overlay-fixture.js";
import { Sequence } from "../harness/sequence.js";
import { tolerantSnapshot, type Snapshot } from "../harness/snapshot.js";
import { chooseNames } from "../differential/names.js";
import { randomStack } from "../differential/stack.js";
import { changeAtRandom, mountLowers, naiveChanges, withParents, type Letter } from "./naive.js";

const LETTERS = { added: "A", modified: "C", deleted: "D" } as const;
const FEATURES = ["redirect_dir=on", "metacopy=on"];
const SEEDS = 40;

function specOf(fixture: OverlayFixture): OverlaySpec {
  return {
    source: "directories", merged: null, lower: fixture.lowers.map(({ path }) => raw(path)), dataOnly: [],
    upper: raw(fixture.upper.path), work: null, options: FEATURES, statistics: null,
  };
}

/** Our answer: what the layers from `index` on change against those below that one. */
function found(stack: Stack, index: number): Map<string, Letter> {
  const letters = new Map<string, Letter>();
  for (const { kind, path } of changesIn(stack.from(index).root(), stack.from(index + 1).root(), () => undefined)) {
    expect(letters.has(path.slice(1)), `${path} is told once`).toBe(false);
    letters.set(path.slice(1), LETTERS[kind]);
  }
  return letters;
}

/** Copied up without a change: the layer has it, so it is told, though both trees show the same. */
function unchangedCopies(layer: Snapshot, before: Snapshot, after: Snapshot): Map<string, Letter> {
  const copies = [...layer].filter(([path, picture]) => picture.type !== "directory" && picture.device !== "0,0" && before.has(path) && after.has(path));
  return new Map(copies.map(([path]) => [path, "C"]));
}

/** Behind a redirect another file may stand that looks the same; whether it is told or not is not what this test is about. */
function isBehindRedirect(layer: Snapshot, path: string): boolean {
  return [...layer].some(([above, picture]) => path.startsWith(`${above}/`) && Object.keys(picture).includes("xattr trusted.overlay.redirect"));
}

function expectSame(ours: Map<string, Letter>, before: Snapshot, after: Snapshot, layer: Snapshot): void {
  const naive = naiveChanges(before, after);
  const expected = withParents(new Map([...unchangedCopies(layer, before, after), ...naive]));
  for (const [path, letter] of ours) {
    if (letter === "C" && !expected.has(path) && after.get(path)?.type === "file" && isBehindRedirect(layer, path)) expected.set(path, "C");
  }
  expect(lines(ours)).toEqual(lines(withParents(expected)));
}

/** A whiteout by xattr may be listed by the kernel, where a lookup finds nothing. */
function seenTree(root: string): Snapshot {
  return new Map([...tolerantSnapshot(root)].filter(([, { type }]) => type !== "refused with ENOENT"));
}

function lines(letters: ReadonlyMap<string, Letter>): string[] {
  return [...letters].map(([path, letter]) => `${letter} ${path}`).sort();
}

describe("what changed in random layers", () => {
  it.skipIf(kernel.unavailable() !== null).each(Array.from({ length: SEEDS }, (_, seed) => [seed]))("is what two mounts by the kernel differ in (seed %i)", (seed) => {
    const chance = new Sequence(seed * 7919 + 1);
    const { lowers, upper } = randomStack(chance, { names: chooseNames(chance), prefix: "trusted.overlay.", dataOnly: false });
    const fixture = new OverlayFixture(kernel, { lowers, upper, options: FEATURES });
    try {
      fixture.start();
      changeAtRandom(fixture.merged, [...seenTree(fixture.merged.path).keys()], chance, chance.below(60));
      const stack = Stack.open(specOf(fixture));
      const trees = [fixture.upper, ...fixture.lowers];
      let after = seenTree(fixture.merged.path);
      trees.forEach((layer, index) => {
        const below = trees.slice(index + 1).map(({ path }) => path);
        const before = seenTree(mountLowers(fixture.place, `below-${index}`, below, ["redirect_dir=follow", "metacopy=on"]));
        expectSame(found(stack, index), before, after, tolerantSnapshot(layer.path));
        after = before;
      });
      stack.close();
      expect(fixture.lowerChanges()).toEqual([]);
    } finally {
      fixture.end();
    }
  });
});
