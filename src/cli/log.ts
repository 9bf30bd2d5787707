/**
 * Where the daemon writes what no caller can be told: standard error in front, a file where one is named, else
 * syslog. Writing never throws, and a cause that repeats is written once.
 */
import { openSync, writeSync } from "node:fs";
import type { Log } from "../engine/types.js";
import { display, toBuffer, type Bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { UsageError } from "./usage-error.js";

/** Priorities of syslog(3). */
const LOG_WARNING = 4;
const LOG_INFO = 6;

/** More causes than this are forgotten all at once and may repeat, so that memory stays bounded. */
const REMEMBERED_CAUSES = 10_000;

type Sink = (priority: number, message: string) => void;

/** Writes to one sink. */
export class DaemonLog implements Log {
  readonly #sink: Sink;
  readonly #causes = new Set<string>();

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  warn(message: string, cause?: string): void {
    if (cause !== undefined) {
      if (this.#causes.has(cause)) return;
      if (this.#causes.size >= REMEMBERED_CAUSES) this.#causes.clear();
      this.#causes.add(cause);
    }
    this.#write(LOG_WARNING, message);
  }

  /** What an administrator likes to find later: that a mount came and went. */
  info(message: string): void {
    this.#write(LOG_INFO, message);
  }

  #write(priority: number, message: string): void {
    try {
      this.#sink(priority, message);
    } catch {
      // A full disk or a closed terminal must not end the daemon, and there is no one left to tell.
    }
  }
}

/** Opens the log of a daemon; throws UsageError where `file` cannot be written. */
export function openLog(file: Bytes | undefined, foreground: boolean): DaemonLog {
  if (file !== undefined) {
    const fd = openLogFile(file, "--log");
    return new DaemonLog((_, message) => void writeSync(fd, `${new Date().toISOString()} ${message}\n`));
  }
  if (foreground) return new DaemonLog((_, message) => void writeSync(2, `ovlfs: ${message}\n`));
  return new DaemonLog((priority, message) => native.syslog(priority, message));
}

/** Opens a file to add to; throws UsageError, which names `option`, where that can't be. */
export function openLogFile(file: Bytes, option: string): number {
  try {
    return openSync(toBuffer(file), "a", 0o600);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new UsageError(`the file of ${option} '${display(file)}' cannot be opened: ${code}; name one that can be written`);
  }
}
