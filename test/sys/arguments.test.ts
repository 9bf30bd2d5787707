import { expect } from "vitest";
import type { Bytes } from "../../src/sys/bytes.js";
import { AT_FDCWD } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native, type Native } from "../../src/sys/native.js";
import { Stat } from "../../src/sys/stat.js";
import { test } from "./sandbox.js";

/** The addon as JavaScript sees it, to hand it what TypeScript would not let through. */
const untyped = native as unknown as Readonly<Record<keyof Native, (...values: unknown[]) => unknown>>;

test("an argument of a wrong type throws TypeError", () => {
  expect(() => untyped.openat("3", "a", 0, 0)).toThrow(TypeError);
  expect(() => untyped.openat(AT_FDCWD, 3, 0, 0)).toThrow(TypeError);
  expect(() => untyped.openat(AT_FDCWD)).toThrow("argument 2 must be a string");
  expect(() => untyped.read(0, "buffer")).toThrow(TypeError);
  expect(() => untyped.read(0, new Uint16Array(8))).toThrow(TypeError);
  expect(() => untyped.fsyncAsync(0, 1)).toThrow(TypeError);
  expect(() => untyped.setgroups([1])).toThrow(TypeError);
  expect(() => untyped.pollStart(0, 1)).toThrow(TypeError);
  expect(() => untyped.pollStop({})).toThrow(TypeError);
  expect(() => untyped.syslog(0, 1)).toThrow(TypeError);
});

test("a block of fields that is too short throws instead of being overrun", () => {
  expect(() => native.statx(AT_FDCWD, "." as Bytes, new Float64Array(21))).toThrow(TypeError);
  expect(() => native.fstatfs(0, new Float64Array(9))).toThrow(TypeError);
});

test("an offset or length outside the buffer throws RangeError", () => {
  const buffer = new Uint8Array(8);
  for (const [offset, length] of [[0, 9], [8, 1], [9, 0], [-1, 1], [0, -1], [4, 2 ** 53]] as const) {
    expect(() => native.pread(0, buffer, offset, length, 0)).toThrow(RangeError);
    expect(() => native.pwrite(0, buffer, offset, length, 0)).toThrow(RangeError);
  }
  expect(() => native.write(0, buffer, 9)).toThrow(RangeError);
});

test("a path is at most 4095 bytes long and holds no NUL", ({ sandbox }) => {
  const { fields } = new Stat();
  const look = (name: string): number => native.statx(sandbox.dirfd, name as Bytes, fields);
  expect(look("x/".repeat(2047) + "x")).toBe(-E.ENOENT);
  expect(look("x/".repeat(2048))).toBe(-E.ENAMETOOLONG);
  expect(look("x".repeat(100_000))).toBe(-E.ENAMETOOLONG);
  expect(look("\xff".repeat(256))).toBe(-E.ENAMETOOLONG);
  expect(look("a\0b")).toBe(-E.EINVAL);
});

test("a descriptor that is not open is EBADF", () => {
  const buffer = new Uint8Array(8);
  expect(native.close(-1)).toBe(-E.EBADF);
  expect(native.dup(-1)).toBe(-E.EBADF);
  expect(native.read(-1, buffer)).toBe(-E.EBADF);
  expect(native.pread(-1, buffer, 0, 8, 0)).toBe(-E.EBADF);
  expect(native.statx(-1, "a" as Bytes, new Stat().fields)).toBe(-E.EBADF);
});
