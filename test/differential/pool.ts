/** Shares tasks out to worker processes and ends a mount that has stopped answering. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Alive, Result, Task } from "./worker.js";

const ROOT = join(import.meta.dirname, "../..");
/** A run that shows no life for this long hangs on its mount. */
const PATIENCE = 40_000;

/** Runs all tasks; `received` gets each result and answers whether to go on. */
export async function runTasks(tasks: readonly Task[], jobs: number, received: (result: Result) => boolean): Promise<void> {
  const left = [...tasks];
  const workers = Array.from({ length: Math.min(jobs, left.length) }, () => work(left, (result) => {
    if (!received(result)) left.length = 0;
  }));
  await Promise.all(workers);
}

function work(left: Task[], received: (result: Result) => void): Promise<void> {
  const worker = spawn(process.execPath, [join(ROOT, "node_modules/vite-node/vite-node.mjs"), join(import.meta.dirname, "worker.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"], cwd: ROOT,
  });
  const watch = new Watch();
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const task = left.shift();
      if (task === undefined) {
        watch.end();
        worker.disconnect();
        return;
      }
      watch.alive();
      worker.send(task);
    };
    worker.on("message", (message: Result | Alive) => {
      watch.alive("task" in message ? undefined : message);
      if (!("task" in message)) return;
      received(message);
      next();
    });
    worker.on("exit", (status) => {
      watch.end();
      if (status === 0) resolve();
      else reject(new Error(`a worker ended with ${String(status)}`));
    });
    next();
  });
}

class Watch {
  #timer: NodeJS.Timeout | undefined;
  #hostPid: number | undefined;

  alive(message?: Alive): void {
    if (message !== undefined) this.#hostPid = message.hostPid;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expired(), PATIENCE);
  }

  end(): void { clearTimeout(this.#timer); }

  /** Ends the daemon; calls in its mount then answer ENOTCONN. */
  #expired(): void {
    if (this.#hostPid === undefined) return;
    console.error(`no answer for ${PATIENCE / 1000} s: the daemon ${this.#hostPid} is ended`);
    process.kill(this.#hostPid, "SIGKILL");
  }
}

