/** What is asked of the kernel about idle processors, over a socket in place of /dev/cpu_dma_latency. */
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { IdleLatency } from "../../src/fuse/idle-latency.js";
import { native } from "../../src/sys/native.js";

const LONG = 60;
let latency: IdleLatency;
let kernel: number;

beforeEach(() => {
  const pair = native.socketpair();
  if (typeof pair === "number") throw new Error("no socketpair");
  latency = new IdleLatency(pair[0]);
  kernel = pair[1];
  native.setNonblocking(kernel);
});

afterEach(() => {
  latency.close();
  native.close(kernel);
});

/** `count` requests, each `gap` milliseconds after the last one was answered. */
function requests(count: number, gap: number): void {
  for (let i = 0; i < count; i++) {
    latency.sleeps(i, 1);
    latency.wakes(i + gap);
  }
}

/** The latencies that were asked for since last time. */
function asked(): number[] {
  const buffer = Buffer.alloc(64);
  const length = native.read(kernel, buffer);
  const values: number[] = [];
  for (let offset = 0; offset < length; offset += 4) values.push(buffer.readInt32LE(offset));
  return values;
}

test("requests that follow on each answer keep idle processors awake, asked for once", () => {
  requests(100, 0.1);
  expect(asked()).toEqual([0]);
});

test("requests now and then do not", () => {
  requests(100, 0.9);
  expect(asked()).toEqual([]);
});

test("soon after the last request all is as before, and the next run of requests begins anew", async () => {
  requests(100, 0.1);
  await setTimeout(LONG);
  expect(asked()).toEqual([0, -1]);
  expect(latency.isKeptAwake).toBe(false);
  requests(1, 0.1);
  expect(asked()).toEqual([]);
  requests(4, 0.1);
  expect(asked()).toEqual([0]);
});

test("where the device cannot be opened nothing is done", () => {
  const without = new IdleLatency(-13);
  for (let i = 0; i < 10; i++) {
    without.sleeps(i, 1);
    without.wakes(i);
  }
  expect(without.isKeptAwake).toBe(false);
  without.close();
});
