/**
 * What is compared: the kernel's overlay, builds of ovlfs, and the other union file systems that are installed, each with
 * its defaults. Daemons run in front as children of this process, so that their end can be waited for; whatever way a
 * measurement ends, nothing stays mounted and no daemon stays.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { installed } from "./programs.js";

/** What a workload needs that not all union file systems have. */
export type Need = "copy-up" | "whiteouts" | "replace";

export interface Layers {
  /** The directory that the others are relative to. */
  readonly place: string;
  /** Topmost first. */
  readonly lowers: readonly string[];
  readonly upper: string;
  readonly work: string;
  readonly merged: string;
}

export interface Mounter {
  readonly name: string;
  /** Compared in rows only where copies may be published without a sync. */
  readonly onlyUnsynced?: boolean;
  readonly lacks: ReadonlyMap<Need, string>;
  /** Why it can't be used here, or null. */
  unavailable(): string | null;
  /** The words of a daemon that stays in front, or of a command that ends when it has mounted. */
  words(layers: Layers, unprivileged: boolean): string[];
  readonly daemon: boolean;
}

export interface Mounted {
  readonly merged: string;
  /** The process that serves it. */
  readonly daemon: ChildProcess | null;
}

/** Becomes the launcher, which gives Node what it needs, as everywhere else. */
const OWN_MAIN = join(import.meta.dirname, "../../dist/cli/main.js");
const ALL: ReadonlyMap<Need, string> = new Map();

export const kernel: Mounter = {
  name: "kernel",
  lacks: ALL,
  daemon: false,
  unavailable: () => null,
  words: ({ lowers, upper, work, merged }, unprivileged) => [
    "mount", "-t", "overlay", "overlay", "-o",
    `lowerdir=${lowers.join(":")},upperdir=${upper},workdir=${work}${unprivileged ? ",userxattr" : ""}`, merged,
  ],
};

/** A build of ovlfs by its main.js. */
export function ovlfsOf(name: string, main: string, options: readonly string[] = [], onlyUnsynced = false): Mounter {
  return {
    name,
    onlyUnsynced,
    lacks: ALL,
    daemon: true,
    unavailable: () => null,
    words: ({ lowers, upper, work, merged }, unprivileged) => [
      process.execPath, main, "mount", "-f", "--lower", lowers.join(":"), "--upper", upper, "--work", work,
      ...[...options, ...(unprivileged ? ["userxattr"] : [])].flatMap((option) => ["-o", option]), merged,
    ],
  };
}

/** What the protocol alone costs: no file system to compare with, so it is measured only where it is asked for by name. */
export const FLOOR = "floor";

/** By its compiled program (floor.c). */
export function floorOf(program: string): Mounter {
  return {
    name: FLOOR,
    lacks: ALL,
    daemon: true,
    unavailable: () => (process.geteuid!() === 0 ? null : "it mounts as root alone"),
    words: ({ lowers, upper, work, merged }) => [program, upper, work, merged, ...lowers],
  };
}

const fuseOverlayfs: Mounter = {
  name: "fuse-overlayfs",
  lacks: ALL,
  daemon: true,
  unavailable: () => absent("fuse-overlayfs"),
  words: ({ lowers, upper, work, merged }) => [
    "fuse-overlayfs", "-f", "-o", `lowerdir=${lowers.join(":")},upperdir=${upper},workdir=${work}`, merged,
  ],
};

const unionfsFuse: Mounter = {
  name: "unionfs-fuse",
  lacks: ALL,
  daemon: true,
  unavailable: () => absent("unionfs"),
  words: (layers) => ["unionfs", "-f", "-o", "cow", branches(layers, "RW", "RO"), layers.merged],
};

const mergerfs: Mounter = {
  name: "mergerfs",
  lacks: new Map<Need, string>([
    ["copy-up", "mergerfs changes files in the branch that they are in, it copies none up"],
    ["whiteouts", "mergerfs cannot delete what a read-only branch has"],
    ["replace", "mergerfs deletes from a read-only branch what a rename replaces (git's index here)"],
  ]),
  daemon: true,
  unavailable: () => absent("mergerfs"),
  words: (layers) => ["mergerfs", "-f", "-o", "category.create=ff", branches(layers, "RW", "RO"), layers.merged],
};

/** All of them, the kernel first. */
export const mounters: readonly Mounter[] = [
  kernel, ovlfsOf("ovlfs", OWN_MAIN), ovlfsOf("ovlfs volatile", OWN_MAIN, ["volatile"], true), fuseOverlayfs, unionfsFuse, mergerfs,
];

function absent(program: string): string | null { return installed(program) ? null : `${program} is not installed`; }

function branches({ place, lowers, upper }: Layers, upperMode: string, lowerMode: string): string {
  return [`${join(place, upper)}=${upperMode}`, ...lowers.map((lower) => `${join(place, lower)}=${lowerMode}`)].join(":");
}

const live = new Set<Mounted>();

/** Mounts and waits until it is there. */
export async function mount(mounter: Mounter, layers: Layers, unprivileged: boolean): Promise<Mounted> {
  const words = mounter.words(layers, unprivileged);
  const merged = join(layers.place, layers.merged);
  const child = spawn(words[0]!, words.slice(1), { cwd: layers.place, stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => { complaint += text; });
  const mounted: Mounted = { merged, daemon: mounter.daemon ? child : null };
  live.add(mounted);
  for (let waited = 0; ; waited += 5) {
    await pause(5);
    const failed = ended(child) && (mounter.daemon || child.exitCode !== 0);
    if (failed || waited > 20_000) {
      await unmount(mounted);
      throw new Error(`${mounter.name} does not mount: ${complaint.trim()}`);
    }
    if ((mounter.daemon || ended(child)) && isMounted(merged)) return mounted;
  }
}

/** Unmounts and waits for the daemon's end. */
export async function unmount(mounted: Mounted): Promise<void> {
  const { merged, daemon } = mounted;
  for (let tries = 0; isMounted(merged) && tries < 50; tries++) {
    if (spawnSync("umount", [merged]).status !== 0) await pause(100);
  }
  if (isMounted(merged)) spawnSync("umount", ["-l", merged]);
  for (let waited = 0; daemon !== null && !ended(daemon) && waited < 10_000; waited += 5) await pause(5);
  if (daemon !== null && !ended(daemon)) daemon.kill("SIGKILL");
  live.delete(mounted);
}

/** For the end by a signal or an exception: takes away all mounts at once. */
export function unmountAll(): void {
  for (const { merged, daemon } of live) {
    if (isMounted(merged)) spawnSync("umount", ["-l", merged]);
    daemon?.kill("SIGKILL");
  }
  live.clear();
}

function ended(child: ChildProcess): boolean { return child.exitCode !== null || child.signalCode !== null; }

function isMounted(point: string): boolean {
  return readFileSync("/proc/self/mountinfo", "latin1").split("\n").some((line) => line.split(" ")[4] === point);
}
