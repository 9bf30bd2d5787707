/** `ovlfs trace` running beside a test. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Place } from "../cli-mount/command.js";

export interface Ended {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

export class RunningTrace {
  readonly child: ChildProcess;
  #stdout = "";
  #stderr = "";
  readonly #closed: Promise<unknown>;

  constructor(place: Place, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [place.cli, "trace", ...words], { cwd: place.path, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => { this.#stdout += text; });
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => { this.#stderr += text; });
    this.#closed = once(this.child, "close");
  }

  /** It sees all that is done from now on. */
  async started(): Promise<this> {
    while (!this.#stderr.startsWith("tracing")) {
      await Promise.race([once(this.child.stderr!, "data", { signal: AbortSignal.timeout(20_000) }), this.#closed]);
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.#stderr}`);
    }
    return this;
  }

  /** What it has shown until now. */
  get lines(): readonly string[] { return this.#stdout.trimEnd().split("\n").filter((line) => line !== ""); }

  async shows(line: string): Promise<void> {
    const end = performance.now() + 20_000;
    while (!this.lines.includes(line)) {
      if (performance.now() > end) throw new Error(`'${line}' was not shown, but ${JSON.stringify(this.lines)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async ended(): Promise<Ended> {
    await this.#closed;
    return { status: this.child.exitCode, lines: this.lines, stderr: this.#stderr };
  }
}

/** Starts one and waits until it sees everything. */
export function tracing(place: Place, ...words: readonly string[]): Promise<RunningTrace> {
  return new RunningTrace(place, words).started();
}
