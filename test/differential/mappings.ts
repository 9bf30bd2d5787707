/**
 * Memory mappings of kept descriptors, in a process that is spoken to by two FIFOs and answers at once. Mappings
 * through a descriptor that is open for reading are not compared (item 2 of intended.ts), but on ovlfs's side each
 * is held to what pread(2) gives.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Call } from "./call.js";
import { asRoot, reopened, type Kept, type Side } from "./side.js";
import { mustRun } from "../harness/processes.js";
import { raw } from "../harness/syscalls.js";
import { AT_FDCWD, O_ACCMODE, O_PATH, O_RDWR } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";
import { S_IFREG } from "../../src/sys/stat.js";

/** Slots of the process: the first half is the kernel's side. */
const SLOTS_PER_SIDE = 2;
const answerRoom = Buffer.alloc(16384);

class Mapper {
  readonly #process: ChildProcess;
  readonly #questions: number;
  readonly #answers: number;

  constructor(place: string) {
    const at = (name: string): string => join(place, name);
    mustRun("cc", ["-O1", "-o", at("mappings"), join(import.meta.dirname, "../harness/helpers/mappings.c")]);
    for (const name of ["questions", "answers"]) mustRun("mkfifo", [at(name)]);
    this.#questions = native.openat(AT_FDCWD, raw(at("questions")), O_RDWR, 0);
    this.#answers = native.openat(AT_FDCWD, raw(at("answers")), O_RDWR, 0);
    this.#process = spawn("sh", ["-c", 'exec "$0/mappings" <"$0/questions" >"$0/answers"', place], { stdio: "ignore" });
  }

  ask(question: string): string {
    const line = Buffer.from(`${question}\n`, "latin1");
    native.write(this.#questions, line, line.length);
    let length = 0;
    do length += Math.max(0, native.read(this.#answers, answerRoom.subarray(length)));
    while (answerRoom[length - 1] !== 0x0a);
    return answerRoom.toString("latin1", 0, length - 1);
  }

  end(): void { this.#process.kill("SIGKILL"); }
}

let mapper: Mapper | undefined;

/** Before the first call; `place` is a directory for the process's files. */
export function startMapper(place: string): void { mapper ??= new Mapper(place); }

export function endMapper(): void { mapper?.end(); }

/** Ends the mappings of a side: they keep its mount busy. */
export function unmapAll(side: Side): void {
  for (const [slot, { kept }] of side.mappings) {
    mapper!.ask(`unmap ${numberOf(side, slot)}`);
    native.close(kept.fd);
  }
  side.mappings.clear();
}

function numberOf(side: Side, slot: number): number { return slot + (side.implementation === "kernel" ? 0 : SLOTS_PER_SIDE); }

/** `map SLOT from LENGTH KIND`. */
export function map(side: Side, call: Call): string {
  const [slot, from, length, kind] = call.arguments as readonly [number, { slot: number }, number, { text: string }];
  const kept = side.kept.get(from.slot)!;
  if (kept.type !== S_IFREG || (kept.flags & O_PATH) !== 0) return "no file";
  const isWritten = kind.text === "ws";
  if (isWritten && (kept.flags & O_ACCMODE) !== O_RDWR) return "not open for both";
  const answer = asRoot(() => mapper!.ask(`map ${numberOf(side, slot)} /proc/${process.pid}/fd/${kept.fd} ${length} ${kind.text}`));
  if (answer !== "mapped") return answer;
  const former = side.mappings.get(slot);
  if (former !== undefined) native.close(former.kept.fd);
  side.mappings.set(slot, { kept: copyOf(kept), isCompared: (kept.flags & O_ACCMODE) === O_RDWR });
  return answer;
}

/** The descriptor may be closed before the mapping is. */
function copyOf(kept: Kept): Kept { return { ...kept, fd: native.dup(kept.fd) }; }

export function peek(side: Side, call: Call): string {
  const [slot, offset, count] = call.arguments as readonly [number, number, number];
  const mapping = side.mappings.get(slot);
  if (mapping === undefined) return "no mapping";
  const seen = mapper!.ask(`peek ${numberOf(side, slot)} ${offset} ${count}`);
  if (mapping.isCompared) return seen;
  if (side.implementation === "ovlfs" && /^[0-9a-f]+$/.test(seen)) checkAgainstFile(side, mapping.kept, offset, count, seen);
  return "seen";
}

function checkAgainstFile(side: Side, kept: Kept, offset: number, count: number, seen: string): void {
  const buffer = Buffer.alloc(count);
  const length = asRoot(() => reopened(kept, (fd) => native.pread(fd, buffer, 0, count, offset)));
  const shown = buffer.toString("hex", 0, Math.max(0, length));
  if (!seen.startsWith(shown)) side.faults.push(`a mapping shows ${seen}, the file has ${shown}`);
}

export function poke(side: Side, call: Call): string {
  const [slot, offset, count] = call.arguments as readonly [number, number, number];
  const mapping = side.mappings.get(slot);
  if (mapping === undefined) return "no mapping";
  if (!mapping.isCompared) return "not compared";
  return mapper!.ask(`poke ${numberOf(side, slot)} ${offset} ${count} m`);
}

export function syncMapping(side: Side, call: Call): string {
  const [slot] = call.arguments as readonly [number];
  return side.mappings.has(slot) ? mapper!.ask(`sync ${numberOf(side, slot)}`) : "no mapping";
}
