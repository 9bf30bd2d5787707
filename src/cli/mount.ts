/**
 * `ovlfs mount` without `-f`: starts the daemon and waits for its one answer, as mount(8) returns when the
 * mount is there. The daemon shares nothing with the caller but the channel, which both ends then close.
 */
import { spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { display } from "../sys/bytes.js";
import type { MountCommand } from "./command-line.js";

/** What the daemon answers on the channel: nothing wrong, or a sentence. */
export interface Report {
  readonly error?: string;
}

/** The descriptor of the channel in the daemon. */
export const CHANNEL = 3;

/** The daemon did not mount; the message is its sentence. */
export class DaemonError extends Error {
  override readonly name = "DaemonError";
}

/** Mounts in a daemon; settles once the mount answers, rejects with DaemonError. */
export async function mountInDaemon(command: MountCommand): Promise<void> {
  const program = fileURLToPath(new URL("./daemon.js", import.meta.url));
  // The mount point is an argument for ps(1) alone, and makes room for the process title.
  const child = spawn(process.execPath, [...process.execArgv, program, display(command.mountpoint)], {
    detached: true,
    // Room for long copies beside what waits in the kernel (src/engine/long-copies.ts); threads cost little.
    env: { UV_THREADPOOL_SIZE: "8", ...process.env },
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (status, signal) => resolve(signal === null ? `exit status ${status ?? "unknown"}` : signal));
    child.once("error", (error) => resolve(error.message));
  });

  const answer = await exchange(child.stdio[CHANNEL] as Duplex, JSON.stringify(command));
  if (answer === "") throw new DaemonError(`the daemon ended before the mount answered (${await ended}); run it with -f to see why`);
  const report = JSON.parse(answer) as Report;
  if (report.error !== undefined) throw new DaemonError(report.error);
  child.unref();
}

/** Sends `text` and answers with all that comes back until the other end closes. */
function exchange(channel: Duplex, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    channel.setEncoding("utf8");
    channel.on("data", (chunk: string) => { answer += chunk; });
    // A daemon that died at once leaves a broken channel: its exit status tells more than EPIPE.
    channel.on("error", () => undefined);
    channel.once("close", () => resolve(answer));
    channel.end(text);
  });
}
