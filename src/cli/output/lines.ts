/**
 * Standard output by whole lines, gathered into few writes, so that a walk over many entries is not slowed by them. A
 * reader that goes away (`| head`) ends the program quietly.
 */
import { writeSync } from "node:fs";

const STDOUT = 1;
const CHUNK = 64 * 1024;
const pause = new Int32Array(new SharedArrayBuffer(4));

export class Lines {
  #pending = "";

  /** `beforeWrite` is called before anything is written. */
  constructor(private readonly beforeWrite: () => void = () => undefined) {}

  add(line: string): void {
    this.#pending += `${line}\n`;
    if (this.#pending.length >= CHUNK) this.flush();
  }

  /** Bytes as they are, which end in a newline. */
  addRaw(data: Buffer): void {
    this.flush();
    this.beforeWrite();
    writeAll(data);
  }

  flush(): void {
    if (this.#pending === "") return;
    this.beforeWrite();
    writeAll(Buffer.from(this.#pending));
    this.#pending = "";
  }
}

function writeAll(data: Buffer): void {
  let at = 0;
  while (at < data.length) {
    try {
      at += writeSync(STDOUT, data, at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code === "EPIPE") process.exit(0);
      if (code !== "EAGAIN") throw error;
      // Somebody made the pipe non-blocking: it is full for now.
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}
