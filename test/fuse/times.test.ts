import { expect, test } from "vitest";
import { Times } from "../../src/fuse/times.js";

test("durations are counted, summed up, and their percentiles told to about 6%", () => {
  const times = new Times();
  for (let microseconds = 1; microseconds <= 10_000; microseconds += 1) times.record(microseconds);
  expect([times.count, times.total, times.mean, times.max]).toEqual([10_000, 50_005_000, 5000.5, 10_000]);
  for (const share of [0.01, 0.1, 0.5, 0.9, 0.99]) {
    expect(Math.abs(times.percentile(share) / (share * 10_000) - 1)).toBeLessThan(0.07);
  }
});

test("a percentile is never more than the longest of all, and 0 without any", () => {
  const times = new Times();
  expect([times.percentile(0.5), times.mean, times.max]).toEqual([0, 0, 0]);
  times.record(1000.25);
  expect(times.percentile(0.5)).toBeLessThanOrEqual(1000.25);
});

test("no duration is too short or too long", () => {
  const times = new Times();
  for (const microseconds of [0, 0.01, 0.124, 1e12]) times.record(microseconds);
  expect(times.percentile(0.5)).toBeLessThan(0.125);
  expect([times.count, times.max]).toEqual([4, 1e12]);
  expect(times.percentile(1)).toBeGreaterThan(200e6);
});

test("each step begins where the one before ends", () => {
  let before = -1;
  for (let units = 0; units < 100_000; units += 1) {
    const times = new Times();
    times.record(units / 8);
    times.record(1e9);
    const middle = times.percentile(0.5) * 8;
    expect(middle).toBeGreaterThanOrEqual(before);
    expect(Math.abs(middle - units)).toBeLessThanOrEqual(Math.max(0.5, units / 16));
    before = middle;
    if (units > 1000) units += 97;
  }
});
