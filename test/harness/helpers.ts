/** C programs for what Node.js can't do (memory mappings, leases); compiled once, when the first test asks. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { makePlace, removePlace } from "./places.js";
import { mustRun } from "./processes.js";

const programs = new Map<string, Buffer>();

/** The bytes of the program `helpers/NAME.c`. */
export function helperProgram(name: "mapping" | "locks"): Buffer {
  const known = programs.get(name);
  if (known !== undefined) return known;
  const place = makePlace();
  try {
    mustRun("cc", ["-O1", "-o", join(place, name), join(import.meta.dirname, `helpers/${name}.c`)]);
    const program = readFileSync(join(place, name));
    programs.set(name, program);
    return program;
  } finally {
    removePlace(place);
  }
}

/** The bytes of the program `helpers/mapping.c`. */
export function mappingProgram(): Buffer { return helperProgram("mapping"); }

/** A process that is spoken to in lines. */
export class Conversation {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #answers: string[] = [];

  constructor(command: string, words: readonly string[]) {
    this.#child = spawn(command, words);
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on("line", (line) => { this.#answers.push(line); });
  }

  say(line: string): void { this.#child.stdin.write(`${line}\n`); }

  /** The next line that it prints. */
  async hear(): Promise<string> {
    if (this.#answers.length === 0) await once(this.#lines, "line", { signal: AbortSignal.timeout(20_000) });
    return this.#answers.shift()!;
  }

  /** Ends its input and waits for its end. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit", { signal: AbortSignal.timeout(20_000) });
  }
}
