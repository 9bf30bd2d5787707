/** Mounts and unmounts for both sides: the kernel's overlay by mount(2), ovlfs by a host process that stays. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Order, Report } from "./host.js";
import type { Implementation } from "./side.js";
import { raw } from "../harness/syscalls.js";
import { MNT_DETACH } from "../../src/sys/constants.js";
import { errnoName } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";

/** Where the layers of a mount are, and how it is to be mounted. */
export interface MountPlan {
  /** Absolute, topmost first. */
  readonly lowers: readonly string[];
  /** Lowers that only hold data, behind the others. */
  readonly dataOnly: readonly string[];
  readonly upper: string;
  readonly work: string;
  readonly merged: string;
  /** As after `-o`. */
  readonly options: readonly string[];
}

const ROOT = join(import.meta.dirname, "../..");

/** The mount was refused. */
export class MountRefused extends Error {
  override readonly name = "MountRefused";
}

export class Mounts {
  #host: ChildProcess | undefined;
  #reports: Report[] = [];
  #wake: (() => void) | undefined;

  constructor(readonly logFile: string) {}

  get hostPid(): number | undefined { return this.#host?.pid; }

  async mount(by: Implementation, plan: MountPlan): Promise<void> {
    const options = optionText(plan);
    if (by === "kernel") {
      const error = native.mount(raw("overlay"), raw(plan.merged), raw("overlay"), 0, raw(options));
      if (error < 0) throw new MountRefused(`the kernel refuses ${options}: ${errnoName(error)}`);
      return;
    }
    const order: Order = { words: ["mount", "--foreground", "--log", this.logFile, "-o", options, plan.merged] };
    this.#running().send(order);
    const report = await this.#next();
    if (!("mounted" in report)) throw new MountRefused(`ovlfs refuses ${options}: ${"refused" in report ? report.refused : "it ended"}`);
  }

  /** Unmounts; a busy mount is detached, which is a fault of its own. */
  async unmount(by: Implementation, merged: string): Promise<void> {
    const error = native.umount2(raw(merged), 0);
    if (error < 0) native.umount2(raw(merged), MNT_DETACH);
    if (by === "ovlfs") await this.#next();
    if (error < 0) throw new Error(`unmounting ${by}: ${errnoName(error)}`);
  }

  /** Ends the host; the next mount starts another. */
  end(): void {
    this.#host?.removeAllListeners();
    this.#host?.kill("SIGKILL");
    this.#host = undefined;
    this.#reports = [];
  }

  #running(): ChildProcess {
    if (this.#host !== undefined) return this.#host;
    const host = spawn(process.execPath, [join(ROOT, "node_modules/vite-node/vite-node.mjs"), join(import.meta.dirname, "host.ts")], {
      stdio: ["ignore", "inherit", "inherit", "ipc"], cwd: ROOT,
    });
    host.on("message", (report: Report) => this.#received(report));
    host.on("exit", () => {
      this.#host = undefined;
      this.#received({ ended: true });
    });
    return (this.#host = host);
  }

  #received(report: Report): void {
    this.#reports.push(report);
    this.#wake?.();
  }

  async #next(): Promise<Report> {
    while (this.#reports.length === 0) await new Promise<void>((resolve) => { this.#wake = resolve; });
    return this.#reports.shift()!;
  }
}

/** The same text for both. */
export function optionText({ lowers, dataOnly, upper, work, options }: MountPlan): string {
  const lowerdir = [lowers.join(":"), ...dataOnly].join("::");
  return [`lowerdir=${lowerdir}`, `upperdir=${upper}`, `workdir=${work}`, ...options].join(",");
}
