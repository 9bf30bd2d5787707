import { describe, expect, test } from "vitest";
import { MassForget } from "../../src/cli/spare-memory.js";

const IDLE = 1;
const BUSY = 500;

/** The answers to one look after the other, each an inode count and the milliseconds worked. */
function looks(...found: readonly (readonly [number, number])[]): boolean[] {
  const forgotten = new MassForget();
  return found.map(([count, worked]) => forgotten.isDue(count, worked));
}

describe("memory is given back", () => {
  test("when most inodes are forgotten and the daemon is idle, by four collections", () => {
    expect(looks([100_000, IDLE], [10, IDLE], [10, IDLE], [10, IDLE], [10, IDLE], [10, IDLE])).toEqual([false, true, true, true, true, false]);
  });

  test("not while it works", () => {
    expect(looks([100_000, BUSY], [10, BUSY], [10, BUSY], [10, IDLE], [10, BUSY], [10, IDLE])).toEqual([false, false, false, true, false, true]);
  });

  test("not for few inodes, and not while many are left", () => {
    expect(looks([10_000, IDLE], [10, IDLE])).toEqual([false, false]);
    expect(looks([1_000_000, IDLE], [500_000, IDLE])).toEqual([false, false]);
  });

  test("again after the next walk", () => {
    expect(looks([100_000, IDLE], [10, IDLE], [10, IDLE], [10, IDLE], [10, IDLE], [90_000, BUSY], [10, IDLE])).toEqual([false, true, true, true, true, false, true]);
  });
});
