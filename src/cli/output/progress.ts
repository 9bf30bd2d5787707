/**
 * One line on standard error that says how far a long walk has come: only on a terminal, only after a second, and gone
 * again before anything else is written there.
 */

const FIRST_AFTER_MS = 1000;
const THEN_EVERY_MS = 200;
/** The clock is looked at once in so many entries. */
const BATCH = 256;

export class Progress {
  #count = 0;
  #isShown = false;
  #next: number;

  /** `what` is counted: "entries". */
  constructor(private readonly what: string, private readonly stream: NodeJS.WriteStream = process.stderr, private readonly now: () => number = Date.now) {
    this.#next = stream.isTTY ? now() + FIRST_AFTER_MS : Infinity;
  }

  /** One more was looked at. */
  step(): void {
    this.#count++;
    if (this.#count % BATCH !== 0 || this.#next === Infinity) return;
    const now = this.now();
    if (now < this.#next) return;
    this.#next = now + THEN_EVERY_MS;
    this.#isShown = true;
    this.stream.write(`\r${this.#count.toLocaleString("en")} ${this.what} looked at…\x1b[K`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isShown) this.stream.write("\r\x1b[K");
    this.#isShown = false;
  }
}
