/** The lines that tie the entries of a tree together, as tree(1) draws them. */

export class Branches {
  readonly #isLast: boolean[] = [];

  /** Goes one directory deeper; `isLast` says whether the entry gone into is the last of its directory. */
  enter(isLast: boolean): void {
    this.#isLast.push(isLast);
  }

  leave(): void {
    this.#isLast.pop();
  }

  /** What stands before an entry. */
  before(isLast: boolean): string {
    return this.#isLast.map((last) => (last ? "    " : "│   ")).join("") + (isLast ? "└── " : "├── ");
  }
}

/** Each item, with whether it is the last. */
export function* withLast<T>(items: Iterable<T>): Generator<readonly [T, boolean]> {
  let held: T | undefined;
  let isHeld = false;
  for (const item of items) {
    if (isHeld) yield [held as T, false];
    held = item;
    isHeld = true;
  }
  if (isHeld) yield [held as T, true];
}
