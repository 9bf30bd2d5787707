/**
 * Learns of changes where nobody reports them: every directory that the page shows is watched in the upper by
 * inotify(7), or, while the upper does not have it, the nearest one above that it has. It is told which name may have
 * changed, never how; the page looks.
 */
import { watch, type FSWatcher } from "node:fs";
import { bytesOf, concat, toBuffer, type Bytes } from "../sys/bytes.js";
import type { EventMessage } from "./messages.js";
import { parentOf } from "./parent-of.js";

/** Directories watched at once; those shown first are given up first. */
const MOST = 1024;

export class UpperWatch {
  readonly #upper: Bytes;
  readonly #send: (event: EventMessage) => void;
  /** Paths that the page shows, the latest last. */
  readonly #wanted = new Set<Bytes>();
  readonly #watchers = new Map<Bytes, FSWatcher>();

  constructor(upper: Bytes, send: (event: EventMessage) => void) {
    this.#upper = upper;
    this.#send = send;
  }

  /** The page shows a directory of the merged tree. */
  add(path: Bytes): void {
    this.#wanted.delete(path);
    this.#wanted.add(path);
    for (const oldest of this.#wanted) {
      if (this.#wanted.size <= MOST) break;
      this.#wanted.delete(oldest);
      this.#drop(oldest);
    }
    this.#watch(path);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    this.#wanted.clear();
  }

  /** Watches a directory or the nearest one above; whether it is the directory itself, and was not watched before. */
  #watch(path: Bytes): boolean {
    if (this.#watchers.has(path)) return false;
    try {
      const watcher = watch(toBuffer(concat(this.#upper, "/" as Bytes, path)), { encoding: "buffer", persistent: false });
      watcher.on("change", (_, name) => { if (Buffer.isBuffer(name)) this.#changed(path, bytesOf(name)); });
      watcher.on("error", () => this.#drop(path));
      this.#watchers.set(path, watcher);
      return true;
    } catch {
      if (path !== "") this.#watch(parentOf(path));
      return false;
    }
  }

  #changed(directory: Bytes, name: Bytes): void {
    const path = directory === "" ? name : concat(directory, "/" as Bytes, name);
    this.#send({ kind: "touched", path });
    const below = concat(path, "/" as Bytes);
    // The directory may be another one now: what was watched in it is watched anew.
    for (const wanted of this.#wanted) {
      if (wanted !== path && !wanted.startsWith(below)) continue;
      this.#drop(wanted);
      if (this.#watch(wanted)) this.#send({ kind: "refresh", path: wanted });
    }
  }

  #drop(path: Bytes): void {
    this.#watchers.get(path)?.close();
    this.#watchers.delete(path);
  }
}
