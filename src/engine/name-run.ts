/**
 * Names of one directory that are asked for in a row: in the order in which it is listed, as a client does that walks a
 * tree, or in the order of their bytes, as a shell's pattern gives them. Which names come next is known then.
 */
import type { Bytes } from "../sys/bytes.js";
import { Listing } from "./listing.js";
import { DT_REG } from "./types.js";

/** Names given out ahead: half of those that came in a row, but these at least and at most. */
const LEAST = 4;
const MOST = 64;
/** So many names between two that follow one another may be passed over. */
const PASSED = 8;
/** After so many names that did not follow the one before none will. */
const TRIES = 4;

export class NameRun {
  #last: Bytes;
  #tries = 0;
  /** All names: in the order of the row once that is known, else of their bytes; null before there was a second. */
  #names: readonly Bytes[] | null = null;
  /** Where the last name stands in a row; else -1. */
  #at = -1;
  /** Behind the last name that was given out. */
  #reached = 0;
  #inARow = 0;
  /** Where the row began. */
  #begin = -1;
  #isListed = false;

  constructor(first: Bytes) {
    this.#last = first;
  }

  /** The last name of all was asked for. */
  get isOver(): boolean { return this.#at >= 0 && this.#at + 1 >= this.#names!.length; }

  /** They come in the order of the listing, which is not that of their bytes. */
  get isListed(): boolean { return this.#isListed; }

  /** How many names came one after the other. */
  get inARow(): number { return this.#inARow; }

  /** The names come in no order that is known here. */
  get isVain(): boolean { return this.#tries >= TRIES; }

  /** Whether the row began with `name`; it is gone through once more then. */
  isBegin(name: Bytes): boolean { return this.#at >= 0 && name === this.#names![this.#begin]; }

  /**
   * `name` was asked for; whether it follows the one before. `read` has all names, in any order, and `isPassed` says which
   * nobody needs to ask for.
   */
  follow(name: Bytes, read: () => Bytes[], isPassed: (name: Bytes) => boolean): boolean {
    if (this.isVain) return false;
    const names = this.#names ??= read().sort();
    const follows = this.#at >= 0 ? this.#goOn(names, name, isPassed) : this.#beginRow(orderOf(names, this.#last, name, isPassed), name);
    if (!follows) this.#lose();
    this.#last = name;
    return follows;
  }

  #goOn(names: readonly Bytes[], name: Bytes, isPassed: (name: Bytes) => boolean): boolean {
    if (this.isBegin(name)) this.#goTo(this.#begin, this.#begin);
    else if (isNext(names, this.#at, name, isPassed)) this.#goTo(names.indexOf(name, this.#at + 1), this.#reached);
    else return false;
    return true;
  }

  #goTo(at: number, reached: number): void {
    this.#at = at;
    this.#reached = Math.max(reached, at + 1);
    this.#tries = 0;
    this.#inARow++;
  }

  /** With `name` behind the last one, in that order; whether there is one. */
  #beginRow(order: readonly Bytes[] | null, name: Bytes): boolean {
    if (!order) return false;
    this.#isListed ||= order !== this.#names;
    this.#names = order;
    this.#begin = order.indexOf(this.#last);
    this.#goTo(order.indexOf(name, this.#begin + 1), this.#reached);
    return true;
  }

  #lose(): void {
    this.#at = -1;
    this.#inARow = 0;
    if (++this.#tries >= TRIES) this.#names = null;
  }

  get #waiting(): number { return this.#reached - this.#at - 1; }

  /** Few of the names that were given out are left. */
  get isDue(): boolean { return this.#at >= 0 && isDue(this.#waiting, windowAfter(this.#inARow)); }

  /** The names that come next and were not given out yet; at most `room`. */
  next(room: number): readonly Bytes[] {
    const count = Math.min(windowAfter(this.#inARow) - this.#waiting, room);
    const names = this.#names!.slice(this.#reached, this.#reached + count);
    this.#reached += names.length;
    return names;
  }
}

/** How many are given out ahead after so many in a row. */
export function windowAfter(inARow: number): number {
  return Math.min(Math.max(inARow / 2, LEAST), MOST);
}

/** Whether more are to be given out, while so many are waited for. */
export function isDue(waiting: number, window: number): boolean {
  return waiting <= window / 2;
}

/** Those names in the order in which `name` follows `last`: as they are, or as they are listed; null if it does in neither. */
function orderOf(names: readonly Bytes[], last: Bytes, name: Bytes, isPassed: (name: Bytes) => boolean): readonly Bytes[] | null {
  if (isNext(names, names.indexOf(last), name, isPassed)) return names;
  const listed = inListingOrder(names);
  return isNext(listed, listed.indexOf(last), name, isPassed) ? listed : null;
}

function inListingOrder(names: readonly Bytes[]): readonly Bytes[] {
  return new Listing(names.map((name) => ({ name, type: DT_REG, ino: 0n }))).entries.map(({ name }) => name);
}

function isNext(names: readonly Bytes[], at: number, name: Bytes, isPassed: (name: Bytes) => boolean): boolean {
  if (at < 0) return false;
  for (let next = at + 1; next <= at + 1 + PASSED && next < names.length; next++) {
    if (names[next] === name) return true;
    if (!isPassed(names[next]!)) return false;
  }
  return false;
}
