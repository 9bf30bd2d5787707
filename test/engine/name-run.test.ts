import { describe, expect, test } from "vitest";
import { Listing } from "../../src/engine/listing.js";
import { NameRun } from "../../src/engine/name-run.js";
import { DT_REG } from "../../src/engine/types.js";
import { bytes, type Bytes } from "../../src/sys/bytes.js";

const many = Array.from({ length: 400 }, (_, i) => bytes(`f${String(i).padStart(3, "0")}`));
const names = many.slice(0, 100);
const listed = new Listing(names.map((name) => ({ name, type: DT_REG, ino: 0n }))).entries.map(({ name }) => name);
const ROOM = 1000;
const never = (): boolean => false;

/** What is given out when `asked` come one after the other. */
function follow(asked: readonly Bytes[], isPassed: (name: Bytes) => boolean = never, room = ROOM): Bytes[][] {
  const run = new NameRun(asked[0]!);
  const all = asked === many ? many : names;
  return asked.slice(1).map((name) => (run.follow(name, () => [...all].reverse(), isPassed) ? [...run.next(room)] : []));
}

describe("names in a row", () => {
  test.each([["of their bytes", names], ["of a listing", listed]])("in the order %s are given out ahead, each once and none that has come", (_, order) => {
    const given = follow(order);
    expect(given[0]).toEqual(order.slice(2, 6));
    expect(given.flat()).toEqual(order.slice(2));
    for (const [i, next] of given.entries()) {
      if (next.length > 0) expect(order.indexOf(next[0]!)).toBeGreaterThan(i + 1);
    }
  });

  test("the longer the row, the more of them, but never more than 64 ahead", () => {
    const ahead = follow(many).map((_, i, given) => given.slice(0, i + 1).flat().length - i);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(65);
    expect(Math.max(...ahead)).toBeGreaterThan(50);
    expect(ahead[0]).toBe(4);
  });

  test("no more than there is room for", () => {
    expect(follow(names.slice(0, 2), never, 3)).toEqual([names.slice(2, 5)]);
  });

  test("in no order are none, and the names are not read again and again", () => {
    const run = new NameRun(names[50]!);
    let reads = 0;
    for (let i = 0; i < 40; i++) {
      expect(run.follow(names[(50 + i * 37) % 100]!, () => { reads++; return [...names]; }, never)).toBe(false);
    }
    expect(reads).toBe(1);
    expect(run.isVain).toBe(true);
  });

  test("go on over names that need not be asked for, and not over others", () => {
    const run = new NameRun(names[0]!);
    run.follow(names[1]!, () => [...names], never);
    expect(run.follow(names[4]!, () => [...names], (name) => name === names[2] || name === names[3])).toBe(true);
    expect(run.follow(names[7]!, () => [...names], never)).toBe(false);
  });

  test("are given out once more where the first one is asked for again, as many ahead as before", () => {
    const run = new NameRun(names[10]!);
    for (const name of names.slice(11)) {
      run.follow(name, () => [...names], never);
      run.next(ROOM);
    }
    expect(run.isBegin(names[11]!)).toBe(false);
    expect(run.isBegin(names[10]!)).toBe(true);
    expect(run.follow(names[10]!, () => [...names], never)).toBe(true);
    expect(run.next(ROOM)).toEqual(names.slice(11, 56));
  });

  test("are over with the last", () => {
    const run = new NameRun(names[97]!);
    run.follow(names[98]!, () => [...names], never);
    expect(run.isOver).toBe(false);
    run.follow(names[99]!, () => [...names], never);
    expect(run.isOver).toBe(true);
    expect(run.next(ROOM)).toEqual([]);
  });
});
