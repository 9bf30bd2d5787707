/**
 * Counts the requests that the kernel sends to one FUSE mount, by its own tracepoint (fuse/fuse_request_send),
 * so that every file system is counted in the same way. What it does not tell of: FORGET, which is no request
 * that anybody waits for, and INTERRUPT.
 */
import { mkdtempSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mustRun } from "../harness/processes.js";

/** Requests by kind, as `LOOKUP` or `GETATTR`. */
export type RequestCounts = ReadonlyMap<string, number>;

/** Milliseconds without a request after which those of an operation are taken to have all come. */
const QUIET = 60;
/** The events of one operation on all names have room in this. */
const BUFFER_KIB = 2048;

/** A ring buffer of the kernel's tracer, apart from those that others use. */
export class RequestTrace {
  readonly #tracefs: string;
  readonly #instance: string;
  /** What was cleared. */
  readonly #former = new Map<string, number>();

  /** Counts for the mount at `mountpoint`. */
  constructor(mountpoint: string) {
    this.#tracefs = mkdtempSync(join(tmpdir(), "ovlfs-trace-"));
    mustRun("mount", ["-t", "tracefs", "none", this.#tracefs]);
    this.#instance = join(this.#tracefs, "instances", `ovlfs-${process.pid}`);
    mkdirSync(this.#instance);
    this.#write("buffer_size_kb", String(BUFFER_KIB));
    this.#write("events/fuse/fuse_request_send/filter", `connection == ${connectionOf(mountpoint)}`);
    this.#write("events/fuse/fuse_request_send/enable", "1");
  }

  clear(): void {
    addTo(this.#former, this.#read());
    this.#write("trace", "");
  }

  /** All requests since there is this trace. */
  async total(): Promise<RequestCounts> {
    await this.counts();
    return addTo(new Map(this.#former), this.#read());
  }

  /** All requests since the last `clear`, once no more come. */
  async counts(): Promise<RequestCounts> {
    let text = this.#read();
    for (let before = ""; before !== text; text = this.#read()) {
      before = text;
      await sleep(QUIET);
    }
    return addTo(new Map<string, number>(), text);
  }

  end(): void {
    this.#write("events/fuse/fuse_request_send/enable", "0");
    rmdirSync(this.#instance);
    mustRun("umount", [this.#tracefs]);
    rmdirSync(this.#tracefs);
  }

  #read(): string { return readFileSync(join(this.#instance, "trace"), "latin1"); }
  #write(name: string, text: string): void { writeFileSync(join(this.#instance, name), text); }
}

/** Adds the events of a trace; answers with `counts`. */
function addTo(counts: Map<string, number>, text: string): RequestCounts {
  for (const [, kind] of text.matchAll(/ opcode \d+ \((?:FUSE_)?(\w+)\)/g)) counts.set(kind!, (counts.get(kind!) ?? 0) + 1);
  return counts;
}

/** The number of a mount's connection: the minor device number of its file system. */
function connectionOf(mountpoint: string): number {
  for (const line of readFileSync("/proc/self/mountinfo", "latin1").split("\n").reverse()) {
    const [, , device, , point] = line.split(" ");
    if (point === mountpoint) return Number(device!.split(":")[1]);
  }
  throw new Error(`${mountpoint} is not mounted`);
}
