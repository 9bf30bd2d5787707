/**
 * One overlay of a test: its layers on disk, its mount, and the proofs at its end. Whatever a test did, `end`
 * leaves no mount, process or directory behind.
 */
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { differences, untouched, type View } from "./compare.js";
import { Volume, type FileSystemName } from "./file-systems.js";
import { Guard } from "./guard.js";
import { buildLayer, unprotectLayer, type LayerNode } from "./layers.js";
import { kernel, type Mounter, type MountSpec } from "./mounters.js";
import { makePlace, removePlace } from "./places.js";
import { mountsBelow, mustRun, processesNaming, run, waitUntil } from "./processes.js";
import { snapshot, type Snapshot } from "./snapshot.js";
import { Tree } from "./tree.js";
import { Watchdog } from "./watchdog.js";
import { O_NOATIME } from "../../src/sys/constants.js";

/** The file systems that the layers lie on. */
export interface Placement {
  /** Of the first lower, the second, and so on, and from the start again; lowers of one kind share one file system. */
  readonly lowers: readonly FileSystemName[];
  readonly upper: FileSystemName;
  /** The upper is on the lowers' file system, which is of its kind. */
  readonly together?: boolean;
}

export interface Stack {
  /** Topmost first. */
  readonly lowers: readonly LayerNode[];
  /** How many of the last lowers are data-only. */
  readonly dataLayers?: number | undefined;
  /** Absent: an overlay without an upper. */
  readonly upper?: LayerNode | undefined;
  readonly options?: readonly string[] | undefined;
  /** Options that ovlfs alone has. */
  readonly ownOptions?: readonly string[] | undefined;
  /** Upper and work on a tmpfs of this many KiB. */
  readonly upperKiB?: number | undefined;
  /** Absent: all on the file system that tests lie on. */
  readonly on?: Placement | undefined;
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
  readonly #lowerVolumes: readonly (Volume | null)[];
  readonly #upperVolume: Volume | null;
  #guard: Guard | null = null;
  /** Daemons of the layers, which live as long as the layers do. */
  #lasting: readonly number[] = [];
  #lowersBefore: readonly Snapshot[] = [];
  /** Paths of the upper as it was described. */
  upperBefore: ReadonlySet<string> = new Set();
  readonly #watchdog = new Watchdog();

  constructor(readonly mounter: Mounter, readonly stack: Stack) {
    const volumes = new Map<string, Volume>();
    this.#lowerVolumes = stack.lowers.map((_, index) => this.#volume(volumes, stack.on?.lowers[index % stack.on.lowers.length]));
    this.#upperVolume = this.#volume(volumes, stack.on?.upper, stack.on?.together === true ? "" : "upper ");
    this.merged = new Tree(join(this.place, "merged"));
    const names = stack.lowers.map((_, index) => this.#within(this.#lowerVolumes[index] ?? null, `l${index}`));
    this.lowers = names.map((name) => new Tree(join(this.place, name), O_NOATIME));
    const writable = stack.upperKiB === undefined ? "" : "small/";
    const pair = { upper: this.#within(this.#upperVolume, `${writable}upper`), work: this.#within(this.#upperVolume, `${writable}work`) };
    this.upper = new Tree(join(this.place, pair.upper));
    this.work = new Tree(join(this.place, pair.work));
    const merging = names.length - (stack.dataLayers ?? 0);
    const lowers = { lowers: names.slice(0, merging), dataLayers: names.slice(merging) };
    this.#spec = { cwd: this.place, ...lowers, ...(stack.upper === undefined ? {} : pair), merged: this.merged.path, options: stack.options, ownOptions: stack.ownOptions };
  }

  /** The volume for one layer, made once for all that lie on it. */
  #volume(volumes: Map<string, Volume>, kind: FileSystemName | undefined, role = ""): Volume | null {
    if (kind === undefined) return null;
    const name = `on ${role}${kind}`.replaceAll(" ", "-");
    const known = volumes.get(name) ?? new Volume(kind, join(this.place, name));
    volumes.set(name, known);
    return known;
  }

  /** The path of a layer relative to the place. */
  #within(volume: Volume | null, name: string): string {
    return volume === null ? name : relative(this.place, join(volume.root, name));
  }

  /** Builds the layers and mounts them. */
  start(): void {
    const { upper, upperKiB } = this.stack;
    mkdirSync(this.merged.path);
    const volumes = [...new Set([...this.#lowerVolumes, this.#upperVolume])].filter((volume) => volume !== null);
    if (volumes.length > 0) this.#guard = new Guard(this.place);
    for (const volume of volumes) volume.start();
    this.#buildLowers();
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
    for (const volume of volumes) volume.seal();
    this.#lasting = processesNaming(this.place);
    this.#lowersBefore = this.lowers.map((lower) => snapshot(lower.path));
    this.mount();
  }

  #buildLowers(): void {
    this.stack.lowers.forEach((layer, index) => {
      const volume = this.#lowerVolumes[index];
      if (!volume) buildLayer(this.lowers[index]!.path, layer);
      else buildLayer(join(volume.source, `l${index}`), volume.stored(layer));
    });
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
    // An ovlfs mount that is itself a layer reads its upper on behalf of whoever reads it, O_NOATIME or not.
    const untouchedIn = (index: number): View => (this.#lowerVolumes[index]?.kind === "ovlfs mount" ? (picture) => ({ ...picture, atime: "" }) : untouched);
    return this.lowers.flatMap((lower, index) =>
      differences(snapshot(lower.path), this.#lowersBefore[index]!, untouchedIn(index)).map((line) => `lower ${index}, ${line}`));
  }

  /** What lies in the work directory beyond an empty `work` and the index; the whiteout that the kernel keeps to link others to is none. */
  workLeftovers(): string[] {
    return [...snapshot(this.work.path)]
      .filter(([path, picture]) => path !== "." && path !== "work" && path.split("/")[0] !== "index" && !(this.mounter === kernel && picture.device === "0,0"))
      .map(([path]) => path);
  }

  /** Processes of this overlay's that still run, after a while to end. */
  remainingProcesses(): number[] {
    const remaining = (): number[] => processesNaming(this.place).filter((pid) => !this.#lasting.includes(pid));
    waitUntil(() => remaining().length === 0);
    return remaining();
  }

  /** Always the last call: unmounts by force what is left, ends a daemon that is left, removes the layers. */
  end(): void {
    this.merged.closeAll();
    this.#watchdog.callOff();
    for (const point of mountsBelow(this.place)) run("umount", ["-l", point]);
    this.#lasting = [];
    for (const pid of this.remainingProcesses()) run("kill", ["-KILL", String(pid)]);
    this.stack.lowers.forEach((layer, index) => { if (!this.#lowerVolumes[index]) unprotectLayer(this.lowers[index]!.path, layer); });
    removePlace(this.place);
    this.#guard?.callOff();
  }
}
