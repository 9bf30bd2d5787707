import { expect, test } from "vitest";
import { InodeNumbers } from "../../src/engine/inode-number.js";

const warnings: string[] = [];
const log = { warn: (message: string) => void warnings.push(message) };

test("where all layers are on one file system the numbers pass unchanged", () => {
  const numbers = new InodeNumbers([7, 7, 7], log);
  expect(numbers.on(7, 12345n)).toBe(12345n);
});

test("one number on two file systems gives two numbers", () => {
  const numbers = new InodeNumbers([7, 8], log);
  expect(numbers.on(7, 5n)).toBe(5n);
  expect(numbers.on(8, 5n)).not.toBe(5n);
  expect(BigInt.asUintN(32, numbers.on(8, 5n))).toBe(5n);
});

test("a device that is met later, as a btrfs subvolume, gets numbers of its own", () => {
  const numbers = new InodeNumbers([7, 8], log);
  const seen = new Set([7, 8, 9].map((device) => numbers.on(device, 5n)));
  expect(seen.size).toBe(3);
});

test("a number too large for the room that is left is logged", () => {
  const numbers = new InodeNumbers([7, 8], log);
  warnings.length = 0;
  numbers.on(8, 1n << 63n);
  expect(warnings).toHaveLength(1);
});
