import { expect, test } from "vitest";
import { InodeNumbers } from "../../src/engine/inode-number.js";

test("where all layers are on one file system the numbers pass unchanged", () => {
  const numbers = new InodeNumbers([7, 7, 7]);
  expect(numbers.on(7, 12345n)).toBe(12345n);
});

test("one number on two file systems gives two numbers", () => {
  const numbers = new InodeNumbers([7, 8]);
  expect(numbers.on(7, 5n)).toBe(5n);
  expect(numbers.on(8, 5n)).not.toBe(5n);
  expect(BigInt.asUintN(32, numbers.on(8, 5n))).toBe(5n);
});

test("a device that is met later, as a btrfs subvolume, gets numbers of its own", () => {
  const numbers = new InodeNumbers([7, 8]);
  const seen = new Set([7, 8, 9].map((device) => numbers.on(device, 5n)));
  expect(seen.size).toBe(3);
});

test("numbers that leave no room become others, each another one and always the same", () => {
  const inner = [5n, 6n, 1n << 61n, (1n << 61n) | 5n, (1n << 62n) | 5n, (3n << 61n) | 5n, (1n << 63n) | 5n];
  const numbers = new InodeNumbers([7, 8]);
  const again = new InodeNumbers([7, 8]);
  const all = [7, 8].flatMap((device) => inner.map((ino) => numbers.on(device, ino)));
  expect(new Set(all).size).toBe(2 * inner.length);
  expect([7, 8].flatMap((device) => inner.map((ino) => again.on(device, ino)))).toEqual(all);
  expect(all.every((ino) => ino > 0n && ino < 1n << 64n)).toBe(true);
});

test("more file systems than there was room for have numbers of their own", () => {
  const numbers = new InodeNumbers([7]);
  const all = Array.from({ length: 20 }, (_, index) => [5n, 6n].map((ino) => numbers.on(7 + index, ino))).flat();
  expect(new Set(all).size).toBe(40);
});
