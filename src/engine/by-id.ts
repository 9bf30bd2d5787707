/**
 * A table of what has an id, counted up from 1 and never given twice: pages of neighbouring ids, each dropped
 * when it is empty. It takes 8 bytes an entry where a Map takes 28 to 56, has no limit (a Map ends at 2^24
 * entries), and never stands still to be copied to twice its size.
 */

/** Neighbouring ids on one page: what is looked up together is forgotten together. */
const PAGE_SIZE = 256;

interface Page<T> {
  readonly entries: (T | undefined)[];
  /** Entries that are set. */
  used: number;
}

export class ById<T> {
  readonly #pages = new Map<number, Page<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    return this.#pages.get(pageOf(id))?.entries[id % PAGE_SIZE];
  }

  /** Enters something under an id that is new. */
  add(id: number, entry: T): void {
    let page = this.#pages.get(pageOf(id));
    if (!page) this.#pages.set(pageOf(id), page = { entries: new Array<undefined>(PAGE_SIZE).fill(undefined), used: 0 });
    page.entries[id % PAGE_SIZE] = entry;
    page.used++;
    this.#size++;
  }

  /** Whether there was something. */
  delete(id: number): boolean {
    const page = this.#pages.get(pageOf(id));
    if (page?.entries[id % PAGE_SIZE] === undefined) return false;
    page.entries[id % PAGE_SIZE] = undefined;
    page.used--;
    this.#size--;
    if (page.used === 0) this.#pages.delete(pageOf(id));
    return true;
  }

  *values(): Generator<T> {
    for (const { entries } of this.#pages.values()) {
      for (const entry of entries) if (entry !== undefined) yield entry;
    }
  }

  clear(): void {
    this.#pages.clear();
    this.#size = 0;
  }
}

/** Ids may grow beyond 32 bits. */
function pageOf(id: number): number {
  return Math.floor(id / PAGE_SIZE);
}
