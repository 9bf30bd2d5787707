/**
 * Overlays in overlays: each level's lowers are directories of the merged tree one level below, its marks
 * escaped so often as there are levels under it. Each level has an upper of its own on the file system that
 * tests lie on, because no overlay takes an upper that lies on an overlay.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { escaped } from "../harness/file-systems.js";
import { Guard } from "../harness/guard.js";
import { buildLayer, dir, file, whiteout, type LayerNode } from "../harness/layers.js";
import type { Mounter } from "../harness/mounters.js";
import { makePlace, removePlace } from "../harness/places.js";
import { mountsBelow, processesNaming, run, waitUntil } from "../harness/processes.js";
import { Tree } from "../harness/tree.js";
import { Watchdog } from "../harness/watchdog.js";

/** The two lowers of one level, topmost first. */
export type Lowers = readonly [top: LayerNode, bottom: LayerNode];

export class Nest {
  readonly place = makePlace();
  readonly #guard = new Guard(this.place);
  readonly #watchdogs: Watchdog[] = [];

  /** `order`: who mounts each level, the innermost first; `moreBelow`: options of all levels but the topmost. */
  constructor(readonly order: readonly Mounter[], lowers: Lowers, readonly options: readonly string[] = [], readonly moreBelow: readonly string[] = []) {
    const own = options.includes("userxattr") ? "user.overlay." : "trusted.overlay.";
    const stored = order.slice(1).reduce<Lowers>((above) => storedInOverlay(above, own), lowers);
    stored.forEach((layer, index) => { buildLayer(join(this.place, `l${index}`), layer); });
    order.forEach((_, level) => {
      for (const name of [`m${level}`, `u${level}`, `w${level}`]) mkdirSync(join(this.place, name));
    });
  }

  merged(level: number): Tree { return new Tree(join(this.place, `m${level}`)); }

  upper(level: number): Tree { return new Tree(join(this.place, `u${level}`)); }

  /** Mounts one level on what is mounted already. */
  mount(level: number): void {
    const from = level === 0 ? "" : `m${level - 1}/`;
    this.order[level]!.mount({
      cwd: this.place, lowers: [`${from}l0`, `${from}l1`], upper: `u${level}`, work: `w${level}`, merged: this.merged(level).path,
      options: level < this.order.length - 1 ? [...this.options, ...this.moreBelow] : this.options,
    });
    const watchdog = new Watchdog();
    watchdog.watch(this.merged(level).stat("").dev.split(",")[1]!);
    this.#watchdogs.push(watchdog);
  }

  unmount(level: number): void {
    this.order[level]!.unmount(this.merged(level).path);
    this.#watchdogs.pop()?.callOff();
  }

  end(): void {
    for (const watchdog of this.#watchdogs) watchdog.callOff();
    for (const point of mountsBelow(this.place)) run("umount", ["-l", point]);
    waitUntil(() => processesNaming(this.place).length === 0);
    for (const pid of processesNaming(this.place)) run("kill", ["-KILL", String(pid)]);
    removePlace(this.place);
    this.#guard.callOff();
  }
}

/** The lowers of the level below, whose merged tree has the given ones as its `l0` and `l1`. */
function storedInOverlay([top, bottom]: Lowers, own: string): Lowers {
  const first = escaped(top, own);
  const children = first.kind === "directory" ? first.children : {};
  return [
    dir({ l0: dir(children, { xattrs: { ...first.attributes.xattrs, [`${own}opaque`]: "y" } }), junk: whiteout() }),
    dir({ l0: dir({ hidden: file("by the opaque mark above") }), l1: escaped(bottom, own), junk: file("hidden by a whiteout") }),
  ];
}

/** The description for `userxattr`: the same marks under the other prefix. */
export function withUserXattrs(node: LayerNode): LayerNode {
  const xattrs = Object.entries(node.attributes.xattrs ?? {}).map(([name, value]) => [name.replace(/^trusted\.overlay\./, "user.overlay."), value] as const);
  const attributes = { ...node.attributes, xattrs: Object.fromEntries(xattrs) };
  if (node.kind !== "directory") return { ...node, attributes };
  return { ...node, attributes, children: Object.fromEntries(Object.entries(node.children).map(([name, child]) => [name, withUserXattrs(child)])) };
}
