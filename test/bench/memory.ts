/** What the daemons hold in memory: when nothing was done yet, after a walk of many files, and after the kernel forgot them. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { manyFiles, type Ground } from "./ground.js";
import { mount, unmount, type Layers, type Mounter } from "./mounters.js";
import { command, dropCaches } from "./programs.js";

export interface Memory {
  readonly mounter: string;
  readonly files: number;
  /** VmRSS in KiB. */
  readonly idle: number;
  readonly walked: number;
  readonly forgotten: number;
}

export const MEMORY_ID = "memory";

const SETTLE_MILLISECONDS = 2000;
const FORGET_MILLISECONDS = 20_000;

export async function measureMemory(mounter: Mounter, ground: Ground): Promise<Memory> {
  const layers: Layers = { ...await ground.stack("many"), upper: "upper", work: "work", merged: "merged" };
  const own = [layers.upper, layers.work, layers.merged].map((name) => join(layers.place, name));
  for (const path of own) mkdirSync(path);
  try {
    const mounted = await mount(mounter, layers, ground.unprivileged);
    try {
      await pause(SETTLE_MILLISECONDS);
      const daemon = mounted.daemon!.pid!;
      const files = manyFiles(ground.sizes);
      const idle = residentSize(daemon);
      await command([ground.program, "walk", "tree", String(files)], mounted.merged);
      await pause(SETTLE_MILLISECONDS);
      const walked = residentSize(daemon);
      await dropCaches();
      await pause(FORGET_MILLISECONDS);
      return { mounter: mounter.name, files, idle, walked, forgotten: residentSize(daemon) };
    } finally {
      await unmount(mounted);
    }
  } finally {
    for (const path of own) rmSync(path, { recursive: true, force: true });
  }
}

/** Bytes for each file walked. */
export function bytesPerInode({ files, idle, walked }: Memory): number { return (walked - idle) * 1024 / files; }

function residentSize(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))![1]);
}

const MEBIBYTE_IN_KIB = 1024;

export const MEMORY_HEADINGS = ["memory", "idle, MiB", "bytes an inode", "after forget, MiB", ""];
const TARGETS = ["target", "70", "400", "1.2 times idle", ""];

/** The lines of the table, the targets last. */
export function memoryRows(memories: readonly Memory[]): string[][] {
  return [...memories.map((memory) => {
    const { mounter, files, idle, forgotten } = memory;
    const met = idle < 70 * MEBIBYTE_IN_KIB && bytesPerInode(memory) < 400 && forgotten <= 1.2 * idle;
    return [`${mounter}, ${files.toLocaleString("en")} files`, (idle / MEBIBYTE_IN_KIB).toFixed(1), bytesPerInode(memory).toFixed(0),
      (forgotten / MEBIBYTE_IN_KIB).toFixed(1), mounter !== "ovlfs" ? "" : met ? "met" : "MISSED"];
  }), TARGETS];
}
