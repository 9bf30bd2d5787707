/**
 * st_ino, d_ino and st_nlink: each object has a number of its own, listings give it, and it stays over copy-up,
 * rename and remount; the link count is right under every name at once. All with what the kernel's caches hold:
 * each name is asked for before the change and after it.
 */
import { describe, expect, it } from "vitest";
import { escaped } from "../harness/file-systems.js";
import { Guard } from "../harness/guard.js";
import { buildLayer, dir, file, hardLink, symlink } from "../harness/layers.js";
import { kernel, ovlfs } from "../harness/mounters.js";
import { overlay, type CaseView, type Scene } from "../harness/overlay-cases.js";
import type { Placement } from "../harness/overlay-fixture.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, mustRun, run } from "../harness/processes.js";
import { Tree } from "../harness/tree.js";
import { O_RDONLY } from "../../src/sys/constants.js";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const scene: Scene = {
  lower: [
    { d: dir({ a: file("a"), s: dir({ x: file("x") }), l: symlink("t") }), top: dir({ f: file("f") }) },
    { d: dir({ b: file("b"), s: dir({ y: file("y") }) }), low: dir({ g: file("g"), in: dir({ z: file("z") }) }) },
  ],
  upper: { d: dir({ u: file("u") }) },
};
const PATHS = ["d", "d/a", "d/b", "d/u", "d/l", "d/s", "d/s/x", "d/s/y", "top", "top/f", "low", "low/g", "low/in", "low/in/z"];

/** The numbers of all paths, each of which its directory's listing has to give too. */
function numbers({ merged }: CaseView): ReadonlyMap<string, bigint> {
  const all = new Map(PATHS.map((path) => [path, merged.stat(path).ino]));
  for (const directory of ["d", "d/s", "top", "low", "low/in"]) {
    for (const entry of merged.entries(directory)) {
      const path = `${directory}/${entry.name}`;
      if (all.has(path)) expect([path, entry.ino]).toEqual([path, all.get(path)]);
      if (entry.name === ".") expect([path, entry.ino]).toEqual([path, all.get(directory)]);
    }
  }
  expect(new Set(all.values()).size).toBe(PATHS.length);
  return all;
}

const placements: readonly (readonly [string, Placement, readonly string[]])[] = [
  ["on one file system", { lowers: ["ext4"], upper: "ext4", together: true }, []],
  ["on one XFS, with numbers beyond 32 bits", { lowers: ["xfs"], upper: "xfs", together: true }, []],
  ["on three file systems", { lowers: ["xfs", "tmpfs"], upper: "ext4" }, ["xino=on"]],
  ["on erofs and btrfs", { lowers: ["erofs", "btrfs"], upper: "tmpfs" }, ["xino=on"]],
];

for (const [title, on, options] of placements) {
  // The kernel keeps numbers of several file systems apart with xino=on, XFS's being too large for xino=auto.
  overlay(`numbers, layers ${title}`, { on, options, mounters: [kernel, ovlfs] }, (it) => {
    it("stay over copy-up, rename and remount, and are those of the listings", scene, (view) => {
      const { merged } = view;
      const before = numbers(view);
      for (const path of ["d/a", "d/b", "d/s/y", "low/g", "top/f", "low/in/z"]) merged.append(path, "!");
      for (const path of ["d", "d/s", "d/l", "top", "low", "low/in"]) merged.chown(path, 3, 3);
      expect(numbers(view)).toEqual(before);
      view.remount();
      expect(numbers(view)).toEqual(before);
      merged.rename("d/a", "d/other");
      expect(merged.stat("d/other").ino).toBe(before.get("d/a"));
      merged.rename("low/g", "d/g");
      merged.rename("d/other", "low/a");
      view.remount();
      expect([merged.stat("d/g").ino, merged.stat("low/a").ino]).toEqual([before.get("low/g"), before.get("d/a")]);
      const listed = new Map([...merged.entries("d"), ...merged.entries("low")].map((entry) => [entry.name, entry.ino]));
      expect([listed.get("g"), listed.get("a")]).toEqual([before.get("low/g"), before.get("d/a")]);
      merged.rename("d/g", "low/g");
      merged.rename("low/a", "d/a");
      expect(numbers(view)).toEqual(before);
    });
  });
}

const linked: Scene = {
  lower: { d: dir({ l1: file("linked"), l2: hardLink("l1"), single: file("s") }), e: dir({ l3: hardLink("../d/l1") }) },
  upper: { d: dir({ u1: file("u"), u2: hardLink("u1") }) },
};

/** The link counts of all these names; asking the listing first brings the kernel what comes with it. */
function counts(merged: Tree, names: readonly string[]): Record<string, number> {
  for (const directory of ["d", "e"]) merged.entries(directory);
  return Object.fromEntries(names.map((name) => [name, merged.stat(name).nlink]));
}

for (const index of ["off", "on"]) {
  overlay(`link counts with index=${index}`, { options: [`index=${index}`], mounters: [kernel, ovlfs] }, (it) => {
    it("are right under each name after each change, and in descriptors", linked, ({ merged }) => {
      const isIndexed = index === "on";
      const all = ["d/l1", "d/l2", "e/l3", "d/u1", "d/u2", "d/single"];
      expect(counts(merged, all)).toEqual({ "d/l1": 3, "d/l2": 3, "e/l3": 3, "d/u1": 2, "d/u2": 2, "d/single": 1 });
      const held = merged.open("d/u2", O_RDONLY);
      const heldSingle = merged.open("d/single", O_RDONLY);
      merged.link("d/u1", "e/u3");
      merged.link("d/single", "e/second");
      expect(counts(merged, ["d/u1", "d/u2", "e/u3", "d/single", "e/second"])).toEqual({ "d/u1": 3, "d/u2": 3, "e/u3": 3, "d/single": 2, "e/second": 2 });
      expect([held.stat().nlink, heldSingle.stat().nlink]).toEqual([3, 2]);
      merged.unlink("d/u1");
      merged.rename("e/second", "e/u3");
      expect(counts(merged, ["d/u2", "d/single", "e/u3"])).toEqual({ "d/u2": 1, "d/single": 2, "e/u3": 2 });
      expect(held.stat().nlink).toBe(1);
      merged.append("d/l1", "!");
      expect(counts(merged, ["d/l1", "d/l2", "e/l3"])).toEqual(isIndexed ? { "d/l1": 3, "d/l2": 3, "e/l3": 3 } : { "d/l1": 1, "d/l2": 3, "e/l3": 3 });
      merged.unlink("d/l2");
      if (isIndexed) expect(counts(merged, ["d/l1", "e/l3"])).toEqual({ "d/l1": 2, "e/l3": 2 });
      merged.link("d/l1", "e/l4");
      expect(counts(merged, ["d/l1", "e/l4"])).toEqual(isIndexed ? { "d/l1": 3, "e/l4": 3 } : { "d/l1": 2, "e/l4": 2 });
      expect(merged.stat("e/l4").ino).toBe(merged.stat("d/l1").ino);
      merged.unlink("d/u2");
      expect(held.stat().nlink).toBe(0);
      held.close();
      heldSingle.close();
    });
  });
}

describe.skipIf(ovlfs.unavailable() !== null)("numbers over an ovlfs mount that has several file systems itself", () => {
  it("are each another one, and stay over a remount", () => {
    const place = makePlace();
    const guard = new Guard(place);
    const names = Array.from({ length: 50 }, (_, index) => `f${index}`);
    const files = (): ReturnType<typeof dir> => dir(Object.fromEntries(names.map((name) => [name, file(name)])));
    try {
      for (const name of ["t1", "t2", "t3", "inner", "outer", "u", "w"]) mkdirSync(join(place, name));
      for (const name of ["t1", "t2", "t3"]) mustRun("mount", ["-t", "tmpfs", "ovlfs-test", join(place, name)]);
      // The same low numbers on each of the three.
      ["one", "two", "three"].forEach((name, index) => { buildLayer(join(place, `t${index + 1}/l`), escaped(dir({ [name]: files() }))); });
      ovlfs.mount({ cwd: place, lowers: ["t1/l", "t2/l"], merged: join(place, "inner") });
      const look = (): bigint[] => {
        ovlfs.mount({ cwd: place, lowers: ["inner", "t3/l"], upper: "u", work: "w", merged: join(place, "outer") });
        const outer = new Tree(join(place, "outer"));
        const found = ["one", "two", "three"].flatMap((directory) => [outer.stat(directory).ino, ...names.map((name) => outer.stat(`${directory}/${name}`).ino)]);
        for (const directory of ["one", "two", "three"]) for (const entry of outer.entries(directory)) if (!entry.name.startsWith(".")) expect(entry.ino).toBe(outer.stat(`${directory}/${entry.name}`).ino);
        ovlfs.unmount(outer.path);
        return found;
      };
      const first = look();
      expect(new Set(first).size).toBe(first.length);
      expect(look()).toEqual(first);
    } finally {
      for (const point of mountsBelow(place)) run("umount", ["-l", point]);
      removePlace(place);
      guard.callOff();
    }
  });
});
