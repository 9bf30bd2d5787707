/**
 * Names of one directory that are asked for in a row: in the order in which it is listed, as a client does that walks a
 * tree, or in the order of their bytes, as a shell's pattern gives them. Which names come next is known then.
 */
import type { Bytes } from "../sys/bytes.js";
import { Listing } from "./listing.js";
import { DT_REG } from "./types.js";

/** Names given out ahead: half of those that came in a row, but these at least and at most. */
const LEAST = 4;
const MOST = 32;
/** So many names between two that follow one another may be passed over. */
const PASSED = 8;
/** After so many names that did not follow the one before none will. */
const TRIES = 4;

export class NameRun {
  #last: Bytes;
  #tries = 0;
  /** What it may be; one is left once it is known. */
  #orders: (readonly Bytes[])[] = [];
  /** Where the last name stands, in an order that is known; else -1. */
  #at = -1;
  /** Behind the last name that was given out. */
  #reached = 0;
  #inARow = 0;

  constructor(first: Bytes) {
    this.#last = first;
  }

  /** The last name of all was asked for. */
  get isOver(): boolean { return this.#at >= 0 && this.#at + 1 >= this.#orders[0]!.length; }

  /** The names come in no order that is known here. */
  get isVain(): boolean { return this.#tries >= TRIES; }

  /**
   * `name` was asked for; whether it follows the one before. `read` has all names, in any order, and `isPassed` says which
   * nobody needs to ask for.
   */
  follow(name: Bytes, read: () => Bytes[], isPassed: (name: Bytes) => boolean): boolean {
    if (this.isVain) return false;
    if (this.#orders.length === 0) this.#orders = ordersOf(read());
    const order = this.#orders.find((names) => follows(names, this.#at < 0 ? names.indexOf(this.#last) : this.#at, name, isPassed));
    this.#last = name;
    if (!order) {
      this.#lose();
      return false;
    }
    this.#orders = [order];
    this.#at = order.indexOf(name, this.#at + 1);
    this.#tries = 0;
    this.#inARow++;
    this.#reached = Math.max(this.#reached, this.#at + 1);
    return true;
  }

  #lose(): void {
    this.#at = -1;
    this.#inARow = 0;
    if (++this.#tries >= TRIES) this.#orders = [];
  }

  /** The names that come next and were not given out yet, when few are left of those; at most `room`. */
  next(room: number): readonly Bytes[] {
    const waiting = this.#reached - this.#at - 1;
    const window = Math.min(Math.max(this.#inARow / 2, LEAST), MOST);
    if (this.#at < 0 || waiting > window / 4) return [];
    const from = this.#reached;
    const names = this.#orders[0]!.slice(from, from + Math.min(window - waiting, room));
    this.#reached += names.length;
    return names;
  }
}

function ordersOf(names: Bytes[]): (readonly Bytes[])[] {
  const listed = new Listing(names.map((name) => ({ name, type: DT_REG, ino: 0n })));
  return [listed.entries.map(({ name }) => name), names.sort()];
}

function follows(names: readonly Bytes[], at: number, name: Bytes, isPassed: (name: Bytes) => boolean): boolean {
  if (at < 0) return false;
  for (let next = at + 1; next <= at + 1 + PASSED && next < names.length; next++) {
    if (names[next] === name) return true;
    if (!isPassed(names[next]!)) return false;
  }
  return false;
}
