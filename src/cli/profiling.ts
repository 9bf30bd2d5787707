/**
 * When the profile of a mount is taken and where it is written: from the start if that was asked for, or from a
 * SIGUSR1 on; shown at each SIGUSR1 that follows, at SIGUSR2, which ends it, and at the unmount.
 */
import { writeSync } from "node:fs";
import { display } from "../sys/bytes.js";
import type { Profiler, Session } from "../transport.js";
import type { MountCommand } from "./command-line.js";
import { openLogFile, type DaemonLog } from "./log.js";

export class Profiling {
  readonly #log: DaemonLog;
  readonly #fd: number | null;
  readonly #shown: string;
  readonly #isWanted: boolean;
  #profiler: Profiler | undefined;

  /** Throws UsageError where the file can't be written. */
  constructor(command: MountCommand, log: DaemonLog) {
    this.#log = log;
    this.#shown = display(command.mountpoint);
    this.#isWanted = command.profile;
    this.#fd = command.profileFile === undefined ? null : openLogFile(command.profileFile, "--profile");
    process.on("SIGUSR1", () => this.#startOrShow());
    process.on("SIGUSR2", () => this.#stop());
  }

  /** From now on there is a mount. */
  attach({ profiler }: Session): void {
    this.#profiler = profiler;
    if (this.#isWanted) profiler?.start();
  }

  /** The mount has ended. */
  end(): void {
    if (this.#profiler?.isOn) this.#show(this.#profiler);
  }

  #startOrShow(): void {
    if (this.#profiler?.isOn) this.#show(this.#profiler);
    else this.#profiler?.start();
  }

  #stop(): void {
    this.end();
    this.#profiler?.stop();
  }

  #show(profiler: Profiler): void {
    const [summary, ...lines] = profiler.report();
    const all = [`profile of ${this.#shown}, ${summary!}`, ...lines];
    if (this.#fd === null) return all.forEach((line) => this.#log.info(line));
    try {
      writeSync(this.#fd, `${new Date().toISOString()} ${all.join("\n")}\n\n`);
    } catch (error) {
      this.#log.warn(`the profile can't be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
