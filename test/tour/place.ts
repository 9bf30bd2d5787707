/** A place in which `ovlfs tour` runs: all that it makes goes below it, so that what is left can be found. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Place } from "../cli-mount/command.js";
import { waitUntil, type Finished } from "../harness/processes.js";

/** A command that runs. */
export interface Begun {
  readonly child: ChildProcess;
  readonly ended: Promise<Finished>;
}

export class TourPlace extends Place {
  readonly temporary = join(this.path, "tmp");
  readonly #programs = join(this.path, "programs");
  readonly env = { ...process.env, TMPDIR: this.temporary, PATH: `${this.#programs}:${process.env.PATH ?? ""}` };

  constructor() {
    super();
    mkdirSync(this.temporary);
    chmodSync(this.temporary, 0o777);
    mkdirSync(this.#programs);
  }

  /** Runs the tour without keys, to its end. */
  auto(...words: string[]): Promise<Finished> {
    return this.begin(...words).ended;
  }

  /** Starts the tour without keys. */
  begin(...words: string[]): Begun {
    return this.command([process.execPath, this.cli, "tour", "--auto", ...words]);
  }

  /** Starts a command; this process stays awake meanwhile, as vitest wants it. */
  command(words: readonly string[], input: "ignore" | "pipe" = "ignore"): Begun {
    const child = spawn(words[0]!, words.slice(1), { cwd: this.path, env: this.env, stdio: [input, "pipe", "pipe"], timeout: 150_000 });
    let [stdout, stderr] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => { stdout += chunk; });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => { stderr += chunk; });
    return { child, ended: new Promise((resolve) => child.once("close", (status) => resolve({ status, stdout, stderr }))) };
  }

  /** Runs a chapter on a terminal of its own, made by script(1), and presses a key each time that it asks for one. */
  async onTerminal(keys: readonly string[], before = ""): Promise<Finished> {
    const { child, ended } = this.command(["script", "-qec", `${before} ${process.execPath} ${this.cli} tour --chapter 2`, "/dev/null"], "pipe");
    const left = [...keys];
    let seen = "";
    child.stdout?.on("data", (chunk: string) => {
      seen += chunk;
      const asked = seen.split("[Enter]").length - 1;
      while (keys.length - left.length < asked && left.length > 0) child.stdin?.write(left.shift()!);
    });
    return ended;
  }

  /** A program that commands of the tour find before the system's own. */
  replace(name: string, script: string): void {
    writeFileSync(join(this.#programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** A tour in its first chapters has mounted. */
  waitForMount(): void {
    expect(waitUntil(() => this.mounts().length > 0, 30_000)).toBe(true);
  }

  /** No mount, no process and no file of a tour is there. */
  expectNothingLeft(): void {
    expect(this.mounts()).toEqual([]);
    expect(this.tree.list("tmp")).toEqual([]);
    this.expectNoProcess();
  }

  /** All processes of a tour end. */
  expectNoProcess(): void {
    expect(waitUntil(() => this.processes().length === 0)).toBe(true);
  }
}
