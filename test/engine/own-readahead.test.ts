import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ownReadahead } from "../../src/engine/own-readahead.js";

const BACKING_DEVICES = "/sys/class/bdi";
const BLOCK_DEVICES = "/sys/dev/block";

const kib = (file: string): number => Number(readFileSync(file, "utf8"));
const numbers = (device: string): [number, number] => device.split(":").map(Number) as [number, number];

test.runIf(existsSync(BACKING_DEVICES))("the readahead of a device is what the kernel says, in bytes", () => {
  const devices = readdirSync(BACKING_DEVICES).filter((name) => /^\d+:\d+$/.test(name));
  for (const device of devices) expect(ownReadahead(...numbers(device))).toBe(kib(`${BACKING_DEVICES}/${device}/read_ahead_kb`) * 1024);
});

test.runIf(existsSync(BLOCK_DEVICES))("that of a partition is its disk's", () => {
  for (const device of readdirSync(BLOCK_DEVICES).filter((name) => existsSync(`${BLOCK_DEVICES}/${name}/partition`))) {
    expect(ownReadahead(...numbers(device))).toBe(kib(`${BLOCK_DEVICES}/${device}/../queue/read_ahead_kb`) * 1024);
  }
});

test("that of a device of which nothing is known is 0", () => {
  expect(ownReadahead(0, 0xf_ffff)).toBe(0);
});
