/** Running what the benchmark consists of: its C programs, and commands. Each has a time limit. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const LIMIT_MILLISECONDS = 600_000;

/** Runs a command that has to succeed; what it printed. It may read and write nothing of ours. */
export function command(words: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(words[0]!, words.slice(1), { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT_MILLISECONDS, killSignal: "SIGKILL" });
    let printed = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => { printed += text; });
    child.stderr.setEncoding("utf8").on("data", (text: string) => { complaint += text; });
    child.on("error", reject);
    child.on("close", (status, signal) => {
      if (status === 0) resolve(printed);
      else reject(new Error(`${words.slice(0, 4).join(" ")} ended with ${status ?? signal}: ${(complaint || printed).trim()}`));
    });
  });
}

/** Compiles one of the C programs of this directory. */
export function compile(source: "workload.c" | "floor.c", program: string): void {
  const made = spawnSync("cc", ["-O2", "-Wall", "-Werror", "-o", program, join(import.meta.dirname, source)], { encoding: "utf8" });
  if (made.error !== undefined) throw new Error(`a C compiler is needed: ${made.error.message}`);
  if (made.status !== 0) throw new Error(`cc ended with ${made.status}: ${made.stderr}`);
}

/** Writes out what is dirty and forgets all that is clean: page cache, inodes, names. */
export async function dropCaches(): Promise<void> {
  await command(["sync"], "/");
  writeFileSync("/proc/sys/vm/drop_caches", "3");
}

/** Why `dropCaches` can't be used, or null. */
export function dropCachesUnavailable(): string | null {
  try {
    writeFileSync("/proc/sys/vm/drop_caches", "3");
    return null;
  } catch (error) {
    return `caches can't be dropped: ${(error as Error).message}`;
  }
}

/** Whether `name` is an executable in PATH. */
export function installed(name: string): boolean {
  return spawnSync("sh", ["-c", "command -v \"$0\"", name]).status === 0;
}
