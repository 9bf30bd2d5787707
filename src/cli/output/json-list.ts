/**
 * A JSON object with one long list, written as it comes: one entry a line, so that it is one document for a parser and
 * lines for a person, and nothing of it is kept in memory.
 */
import type { Lines } from "./lines.js";

export class JsonList {
  #isFirst = true;

  /** `head` comes before the list, which is called `name`. */
  constructor(private readonly lines: Lines, head: Readonly<Record<string, unknown>>, name: string) {
    const fields = Object.entries(head).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}, `).join("");
    this.lines.add(`{${fields}${JSON.stringify(name)}: [`);
  }

  add(entry: object): void {
    this.lines.add(`${this.#isFirst ? " " : ","} ${JSON.stringify(entry)}`);
    this.#isFirst = false;
  }

  /** `tail` comes behind the list. */
  end(tail: Readonly<Record<string, unknown>> = {}): void {
    const fields = Object.entries(tail).map(([key, value]) => `, ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join("");
    this.lines.add(`]${fields}}`);
  }
}
