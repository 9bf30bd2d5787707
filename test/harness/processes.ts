/** Commands with a time limit, and what of them is left: the mounts and processes that name a directory. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Finished {
  /** The exit status; null where a signal or the time limit ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly milliseconds?: number;
  readonly input?: string;
}

/** Runs a command to its end, at most 30 s. Words are text or, as latin1, bytes that happen to be ASCII. */
export function run(command: string, words: readonly string[], options: RunOptions = {}): Finished {
  const finished = spawnSync(command, words, {
    cwd: options.cwd, env: options.env ?? process.env, timeout: options.milliseconds ?? 30_000, killSignal: "SIGKILL",
    encoding: "utf8", input: options.input ?? "",
  });
  if (finished.error !== undefined && finished.status !== null) throw finished.error;
  return { status: finished.status, stdout: finished.stdout, stderr: finished.stderr };
}

/** Runs a command that has to succeed. */
export function mustRun(command: string, words: readonly string[], options: RunOptions = {}): string {
  const { status, stdout, stderr } = run(command, words, options);
  if (status !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${status}: ${stderr || stdout}`);
  return stdout;
}

/** Mountpoints at or below `directory`, deepest first. */
export function mountsBelow(directory: string): string[] {
  return readFileSync("/proc/self/mountinfo", "latin1").split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .reverse();
}

/** Processes whose command line names `directory`, this one and its watchdogs left out. */
export function processesNaming(directory: string): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    const line = commandLine(pid);
    return line.includes(directory) && !line.includes("ovlfs-watchdog") && pid !== process.pid;
  });
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

/** Waits up to `milliseconds` until `condition` holds; whether it does. */
export function waitUntil(condition: () => boolean, milliseconds = 5000): boolean {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < milliseconds; waited += 10) {
    if (condition()) return true;
    Atomics.wait(pause, 0, 0, 10);
  }
  return condition();
}
