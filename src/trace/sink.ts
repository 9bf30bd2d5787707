/**
 * Where a trace goes: a stream that takes what it can. What waits in it is bounded, so that a reader who stands still costs
 * some memory and no more: events beyond that are dropped, and it is told how many as soon as there is room again.
 */
import type { Writable } from "node:stream";
import type { TraceEvent } from "./trace-event.js";

/** Bytes that may wait. */
const MOST_WAITING = 1024 * 1024;

export class Sink {
  readonly #stream: Writable;
  readonly #format: (event: TraceEvent) => string;
  #dropped = 0;

  constructor(stream: Writable, format: (event: TraceEvent) => string) {
    this.#stream = stream;
    this.#format = format;
    stream.on("drain", () => this.#tellDropped());
  }

  tell(event: TraceEvent): void {
    if (this.#stream.writableLength > MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#tellDropped();
    this.write(this.#format(event));
  }

  /** All that is written while requests are served goes out in one go behind them. */
  write(text: string): void {
    const stream = this.#stream;
    if (stream.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    stream.write(text);
  }

  /** Writes what waits, but not for longer than `patience` milliseconds. */
  end(last: string, patience: number): Promise<void> {
    const stream = this.#stream;
    if (stream.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => stream.destroy(), patience);
      stream.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.#tellDropped();
      stream.end(last);
    });
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.write(this.#format({ kind: "dropped", count, time: Date.now(), pid: 0 }));
  }
}
