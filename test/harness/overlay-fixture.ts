/**
 * One overlay of a test: its layers on disk, its mount, and the proofs at its end. Whatever a test did, `end`
 * leaves no mount, process or directory behind.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { differences, untouched } from "./compare.js";
import { buildLayer, unprotectLayer, type LayerNode } from "./layers.js";
import { kernel, type Mounter, type MountSpec } from "./mounters.js";
import { makePlace, removePlace } from "./places.js";
import { mountsBelow, mustRun, processesNaming, run, waitUntil } from "./processes.js";
import { snapshot, type Snapshot } from "./snapshot.js";
import { Tree } from "./tree.js";
import { Watchdog } from "./watchdog.js";
import { O_NOATIME } from "../../src/sys/constants.js";

export interface Stack {
  /** Topmost first. */
  readonly lowers: readonly LayerNode[];
  /** How many of the last lowers are data-only. */
  readonly dataLayers?: number | undefined;
  /** Absent: an overlay without an upper. */
  readonly upper?: LayerNode | undefined;
  readonly options?: readonly string[] | undefined;
  /** Upper and work on a tmpfs of this many KiB. */
  readonly upperKiB?: number | undefined;
  /** Adds to the layers what the description can't say. */
  readonly prepare?: ((fixture: OverlayFixture) => void) | undefined;
}

export class OverlayFixture {
  readonly place = makePlace();
  readonly merged: Tree;
  readonly upper: Tree;
  readonly work: Tree;
  readonly lowers: readonly Tree[];
  readonly #spec: MountSpec;
  #lowersBefore: readonly Snapshot[] = [];
  /** Paths of the upper as it was described. */
  upperBefore: ReadonlySet<string> = new Set();
  readonly #watchdog = new Watchdog();

  constructor(readonly mounter: Mounter, readonly stack: Stack) {
    const writable = stack.upperKiB === undefined ? "" : "small/";
    const names = stack.lowers.map((_, index) => `l${index}`);
    this.merged = new Tree(join(this.place, "merged"));
    this.lowers = names.map((name) => new Tree(join(this.place, name), O_NOATIME));
    this.upper = new Tree(join(this.place, `${writable}upper`));
    this.work = new Tree(join(this.place, `${writable}work`));
    const pair = stack.upper === undefined ? {} : { upper: `${writable}upper`, work: `${writable}work` };
    const merging = names.length - (stack.dataLayers ?? 0);
    this.#spec = { cwd: this.place, lowers: names.slice(0, merging), dataLayers: names.slice(merging), ...pair, merged: this.merged.path, options: stack.options };
  }

  /** Builds the layers and mounts them. */
  start(): void {
    const { lowers, upper, upperKiB } = this.stack;
    mkdirSync(this.merged.path);
    lowers.forEach((layer, index) => { buildLayer(this.lowers[index]!.path, layer); });
    if (upperKiB !== undefined) {
      mkdirSync(join(this.place, "small"));
      mustRun("mount", ["-t", "tmpfs", "-o", `size=${upperKiB}k`, "ovlfs-test", join(this.place, "small")]);
    }
    if (upper !== undefined) {
      buildLayer(this.upper.path, upper);
      mkdirSync(this.work.path);
      this.upperBefore = new Set(snapshot(this.upper.path).keys());
    }
    this.stack.prepare?.(this);
    this.#lowersBefore = this.lowers.map((lower) => snapshot(lower.path));
    this.mount();
  }

  mount(): void { this.#mountBy(this.mounter); }

  #mountBy(mounter: Mounter): void {
    mounter.mount(this.#spec);
    this.#watchdog.watch(this.merged.stat("").dev.split(",")[1]!);
  }

  unmount(): void { this.#unmountBy(this.mounter); }

  #unmountBy(mounter: Mounter): void {
    this.merged.closeAll();
    mounter.unmount(this.merged.path);
    this.#watchdog.callOff();
  }

  remount(): void {
    this.unmount();
    this.mount();
  }

  get isMounted(): boolean { return mountsBelow(this.merged.path).length > 0; }

  /** The merged tree as another mounter shows what this one left; for an overlay that is unmounted. */
  mergedBy(other: Mounter): Snapshot {
    this.#mountBy(other);
    try {
      return snapshot(this.merged.path);
    } finally {
      this.#unmountBy(other);
    }
  }

  /** What changed in any lower since the start, a line each. */
  lowerChanges(): string[] {
    return this.lowers.flatMap((lower, index) =>
      differences(snapshot(lower.path), this.#lowersBefore[index]!, untouched).map((line) => `lower ${index}, ${line}`));
  }

  /** What lies in the work directory beyond an empty `work` and the index; the whiteout that the kernel keeps to link others to is none. */
  workLeftovers(): string[] {
    return [...snapshot(this.work.path)]
      .filter(([path, picture]) => path !== "." && path !== "work" && path.split("/")[0] !== "index" && !(this.mounter === kernel && picture.device === "0,0"))
      .map(([path]) => path);
  }

  /** Processes of this overlay's that still run, after a while to end. */
  remainingProcesses(): number[] {
    waitUntil(() => processesNaming(this.place).length === 0);
    return processesNaming(this.place);
  }

  /** Always the last call: unmounts by force what is left, ends a daemon that is left, removes the layers. */
  end(): void {
    this.merged.closeAll();
    this.#watchdog.callOff();
    for (const point of mountsBelow(this.place)) run("umount", ["-l", point]);
    for (const pid of this.remainingProcesses()) run("kill", ["-KILL", String(pid)]);
    this.stack.lowers.forEach((layer, index) => { unprotectLayer(this.lowers[index]!.path, layer); });
    removePlace(this.place);
  }
}
