/**
 * Runs the commands of a lesson as a learner would type them, in the tour's directory. `ovlfs` in them is the very
 * program that runs the tour, wherever it was installed.
 */
import { spawn } from "node:child_process";
import { shellWord } from "../shell-word.js";

/** No command of a lesson takes long; one that hangs must not hang the tour. */
const LIMIT = 60_000;

export interface Outcome {
  readonly status: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

export class Shell {
  readonly #prelude: string;
  #running: Promise<unknown> = Promise.resolve();

  /** `program`: the words that start this program. */
  constructor(private readonly directory: string, program: readonly string[]) {
    this.#prelude = `exec 2>&1\numask 022\novlfs() { ${program.map(shellWord).join(" ")} "$@"; }\n`;
  }

  /** Runs a command to its end. */
  run(command: string): Promise<Outcome> {
    const ended = new Promise<Outcome>((resolve, reject) => {
      // A session of its own: Ctrl-C ends the tour, which then cleans up; it must not cut a mount in half.
      const child = spawn("/bin/sh", ["-c", this.#prelude + command], {
        cwd: this.directory, stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, LC_ALL: "C" }, timeout: LIMIT, detached: true,
      });
      let output = "";
      child.stdout.setEncoding("utf8");
      child.stdout.on("data", (chunk: string) => { output += chunk; });
      child.once("error", reject);
      child.once("close", (status) => resolve({ status: status ?? -1, output }));
    });
    this.#running = ended.catch(() => undefined);
    return ended;
  }

  /** Settles when no command runs any more. */
  async idle(): Promise<void> {
    await this.#running;
  }
}
