/**
 * Overlays whose layers are stored in an overlay, and that one's in another: each level is mounted by the kernel
 * or by ovlfs, in every order. The marks of a stored layer are escaped once for each overlay that it lies in.
 * The kernel's overlays may not be three deep by themselves (FILESYSTEM_MAX_STACK_DEPTH).
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildLayer, dir, file, type LayerNode } from "../harness/layers.js";
import { kernel, ovlfs, type Mounter } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, run } from "../harness/processes.js";
import { outcome } from "../harness/syscalls.js";
import { Tree } from "../harness/tree.js";

const MARKS = { opaque: "y", redirect: "orig", whiteout: "y" } as const;

/** The xattr of a mark in a layer that lies in `depth` overlays. */
function mark(name: keyof typeof MARKS, depth: number, value: string = MARKS[name]): Record<string, string> {
  return { [`trusted.overlay.${"overlay.".repeat(depth)}${name}`]: value };
}

/** The two lowers of the overlay at `depth`, with those of the next one in a directory of theirs. */
function stored(depth: number): Readonly<Record<"top" | "bottom", LayerNode>> {
  return {
    top: dir({
      opaque: dir({ a: file() }, { xattrs: mark("opaque", depth) }),
      redirected: dir({ up: file() }, { xattrs: mark("redirect", depth) }),
      whiteouts: dir({ gone: file("", { xattrs: mark("whiteout", depth) }), top: file() }, { xattrs: mark("opaque", depth, "x") }),
      ...(depth < 2 ? { next: dir(stored(depth + 1)) } : {}),
    }),
    bottom: dir({ opaque: dir({ hidden: file() }), orig: dir({ below: file("moved") }), whiteouts: dir({ gone: file(), bottom: file() }), f: file("low") }),
  };
}

interface Level {
  readonly merged: Tree;
  readonly upper: Tree;
}

const orders: readonly (readonly [Mounter, Mounter, Mounter])[] =
  [kernel, ovlfs].flatMap((outer) => [kernel, ovlfs].flatMap((middle) => [kernel, ovlfs].map((inner) => [outer, middle, inner] as const)))
    .filter((order) => order.some((mounter) => mounter !== kernel));

const unavailable = kernel.unavailable() ?? ovlfs.unavailable();

describe.skipIf(unavailable !== null)("overlays stored in overlays, three deep", () => {
  let place = "";
  beforeEach(() => { place = makePlace(); });
  afterEach(() => {
    for (const point of mountsBelow(place)) run("umount", ["-l", point]);
    removePlace(place);
  });

  /** Mounts the overlay at `depth`, whose lowers lie below `from`; its upper lies in no overlay. */
  function mount(mounter: Mounter, depth: number, from: string): Level {
    const at = (part: string): string => join(place, `${depth}-${part}`);
    for (const part of ["merged", "upper", "work"]) mkdirSync(at(part));
    mounter.mount({ cwd: place, lowers: [join(from, "top"), join(from, "bottom")], upper: at("upper"), work: at("work"), merged: at("merged") });
    return { merged: new Tree(at("merged")), upper: new Tree(at("upper")) };
  }

  it.each(orders.map((order) => ({ order, name: order.map((mounter) => mounter.name).join(", in it ") })))("$name", ({ order }) => {
    buildLayer(join(place, "stored"), dir(stored(0)));
    let from = join(place, "stored");
    const levels = order.map((mounter, depth) => {
      const level = mount(mounter, depth, from);
      from = join(level.merged.path, "next");
      return level;
    });
    levels.forEach(({ merged }, depth) => { expectMerged(merged, depth); });
    levels.forEach(({ merged, upper }, depth) => { changeAndLook(merged, upper, depth); });
    levels.reverse().forEach(({ merged }, index) => {
      merged.closeAll();
      order[2 - index]!.unmount(merged.path);
    });
  }, 120_000);
});

function expectMerged(merged: Tree, depth: number): void {
  expect(merged.list()).toEqual(["f", ...(depth < 2 ? ["next"] : []), "opaque", "orig", "redirected", "whiteouts"]);
  expect(merged.list("opaque")).toEqual(["a"]);
  expect(merged.list("redirected")).toEqual(["below", "up"]);
  expect(merged.list("whiteouts")).toEqual(["bottom", "top"]);
  expect(outcome(() => merged.stat("whiteouts/gone"))).toBe("ENOENT");
  for (const name of ["opaque", "redirected", "whiteouts"]) expect(merged.xattrs(name)).toEqual([]);
  if (depth === 2) return;
  expect(merged.xattrs("next/top/opaque")).toEqual(["trusted.overlay.opaque"]);
  expect(merged.xattr("next/top/redirected", "trusted.overlay.redirect")).toBe("orig");
  if (depth === 0) expect(merged.xattrs("next/top/next/top/whiteouts")).toEqual(["trusted.overlay.overlay.opaque"]);
}

/** Changes that leave marks: they are the upper's own, and those set as xattrs are escaped. */
function changeAndLook(merged: Tree, upper: Tree, depth: number): void {
  merged.append("f", ` at ${depth}`);
  merged.unlink("redirected/below");
  merged.removeAll("opaque");
  merged.mkdir("opaque");
  merged.setXattr("orig", "trusted.overlay.metacopy", "data");
  merged.create("whiteouts/gone");
  expect(merged.read("f")).toBe(`low at ${depth}`);
  expect(merged.list("redirected")).toEqual(["up"]);
  expect(merged.list("opaque")).toEqual([]);
  expect(merged.list("whiteouts")).toEqual(["bottom", "gone", "top"]);
  expect(upper.xattr("opaque", "trusted.overlay.opaque")).toBe("y");
  expect(upper.xattr("orig", "trusted.overlay.overlay.metacopy")).toBe("data");
  expect(merged.xattrs("orig")).toEqual(["trusted.overlay.metacopy"]);
}
