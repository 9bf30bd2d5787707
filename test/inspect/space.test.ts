/**
 * The space of random layers: each is what du(1) says, and what is listed as shadowed is, all together, what is not
 * shown.
 */
import { describe, expect, it } from "vitest";
import { directoriesSpec } from "../../src/inspect/directories.js";
import { listShadowed } from "../../src/inspect/shadowed.js";
import { measureSpace } from "../../src/inspect/space.js";
import { Stack } from "../../src/inspect/stack.js";
import { buildLayer, whiteout, type LayerNode } from "../harness/layers.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mustRun } from "../harness/processes.js";
import { Sequence } from "../harness/sequence.js";
import { raw } from "../harness/syscalls.js";
import { chooseNames } from "../differential/names.js";
import { randomStack } from "../differential/stack.js";

const SEEDS = 25;
const nothing = (): void => undefined;

/** Whiteouts by xattr are files: without them nothing but what is shadowed is not shown. */
function withDevicesOnly(node: LayerNode): LayerNode {
  if (node.kind === "directory") {
    return { ...node, children: Object.fromEntries(Object.entries(node.children).map(([name, child]) => [name, withDevicesOnly(child)])) };
  }
  return node.attributes.xattrs?.["trusted.overlay.whiteout"] === undefined ? node : whiteout();
}

describe("the space of random layers", () => {
  const missing = process.getuid!() === 0 ? null : "only root makes whiteouts and trusted xattrs";
  if (missing !== null) console.log(`skipped: the space of random layers, ${missing}`);

  it.skipIf(missing !== null).each(Array.from({ length: SEEDS }, (_, seed) => [seed]))("is what du(1) says, and adds up (seed %i)", (seed) => {
    const chance = new Sequence(seed * 104_729 + 3);
    const { lowers, upper } = randomStack(chance, { names: chooseNames(chance), prefix: "trusted.overlay.", dataOnly: false });
    const place = makePlace();
    try {
      const paths = [upper, ...lowers].map((layer, i) => {
        buildLayer(`${place}/${i}`, withDevicesOnly(layer));
        return `${place}/${i}`;
      });
      const stack = Stack.open(directoriesSpec({ upper: raw(paths[0]!), lower: paths.slice(1).map(raw) }, {}));
      const space = measureSpace(stack, null, nothing);
      expect(space.layers.map(({ bytes }) => bytes)).toEqual(paths.map((path) => Number(mustRun("du", ["-s", "-B1", path]).split("\t")[0])));
      const shadowed = listShadowed(stack, null, space, nothing);
      const listed = stack.layers.map((layer) => shadowed.filter(({ object }) => object.layer === layer).reduce((sum, { bytes }) => sum + bytes, 0));
      expect(listed).toEqual(space.layers.map(({ bytes, shown }) => bytes - shown));
      stack.close();
    } finally {
      removePlace(place);
    }
  });
});
