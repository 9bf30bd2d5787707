/** Random layers, once with the kernel's marks and mounted by the kernel, once with those of OCI layers: the same tree. */
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Inode } from "../../src/engine/inode.js";
import { Fixture, isRoot } from "./fixture.js";

const SEEDS = 25;
const LAYERS = 4;
const NAMES = ["a", "b", "c", "d", "e", "f"];

/** Numbers below `limit` that a seed determines. */
function numbers(seed: number): (limit: number) => number {
  let state = seed + 1;
  return (limit) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((state >>> 0) ^ (state >>> 13)) % limit >>> 0;
  };
}

/** Fills one directory of layer `index` in both stores. */
function fill(overlay: Fixture, random: (limit: number) => number, index: number, path: string, depth: number): void {
  for (const name of NAMES) {
    const at = path === "" ? name : `${path}/${name}`;
    switch (random(6)) {
      case 0: {
        for (const store of ["kernel", "oci"]) overlay.file(`${store}${String(index)}`, at, `${String(index)} ${at}`);
        break;
      }
      case 1: {
        mkdirSync(overlay.path(`kernel${String(index)}`, path), { recursive: true });
        overlay.run("mknod", overlay.path(`kernel${String(index)}`, at), "c", "0", "0");
        overlay.file(`oci${String(index)}`, path === "" ? `.wh.${name}` : `${path}/.wh.${name}`);
        break;
      }
      case 2: case 3: case 4: {
        if (depth === 0) break;
        for (const store of ["kernel", "oci"]) overlay.directory(`${store}${String(index)}`, at);
        if (random(3) === 0) {
          overlay.run("setfattr", "-n", "trusted.overlay.opaque", "-v", "y", overlay.path(`kernel${String(index)}`, at));
          overlay.file(`oci${String(index)}`, random(2) === 0 ? `${at}/.wh..wh..opq` : `${path === "" ? "" : `${path}/`}.wh.${name}`);
        }
        fill(overlay, random, index, at, depth - 1);
      }
    }
  }
}

function treeOf(root: string, below = ""): string[] {
  return readdirSync(`${root}/${below}`).sort().flatMap((name) => {
    const path = `${below}/${name}`;
    const found = statSync(root + path, { throwIfNoEntry: false });
    // In a directory of one lower alone the kernel lists whiteouts, and finds nothing at their names.
    if (!found) return [];
    return found.isDirectory() ? [`${path}/`, ...treeOf(root, path)] : [`${path}: ${readFileSync(root + path, "utf8")}`];
  });
}

function shownByKernel(overlay: Fixture, layers: readonly number[]): string[] {
  const merged = overlay.path("merged");
  mkdirSync(merged);
  overlay.run("mount", "-t", "overlay", "-o", `lowerdir=${layers.map((i) => overlay.path(`kernel${String(i)}`)).join(":")}`, "ovlfs-test", merged);
  try {
    return treeOf(merged);
  } finally {
    overlay.run("umount", merged);
  }
}

function mergedTree(overlay: Fixture, directory: Inode, below = ""): string[] {
  return overlay.list(directory).flatMap((name) => {
    const path = `${below}/${name}`;
    const inode = overlay.at(path);
    return inode.isDirectory ? [`${path}/`, ...mergedTree(overlay, inode, path)] : [`${path}: ${overlay.read(inode)}`];
  });
}

describe.runIf(isRoot)("random layers with marks of OCI images", () => {
  test("show what the kernel shows of the same layers with its own marks", () => {
    let shown = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const overlay = new Fixture(1);
      const layers = Array.from({ length: LAYERS }, (_, i) => i);
      try {
        for (const i of layers) for (const store of ["kernel", "oci"]) mkdirSync(overlay.path(`${store}${String(i)}`));
        const random = numbers(seed);
        for (const i of layers) fill(overlay, random, i, "", 2);
        const expected = shownByKernel(overlay, layers);
        overlay.open({ lower: layers.map((i) => overlay.bytes(`oci${String(i)}`)), whiteouts: "oci" });
        expect(mergedTree(overlay, overlay.engine.root), `seed ${String(seed)}`).toEqual(expected);
        shown += expected.length;
      } finally {
        overlay.close();
      }
    }
    expect(shown).toBeGreaterThan(SEEDS * 10);
  }, 60_000);
});
