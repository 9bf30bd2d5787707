import { symlinkSync } from "node:fs";
import { expect } from "vitest";
import { bytes, type Bytes } from "../../src/sys/bytes.js";
import { XATTR_CREATE, XATTR_REPLACE } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { self, strange, test, testAsRoot } from "./sandbox.js";

const attribute = "user.\xe4ttribute" as Bytes;

/** Every call once on one target; each answer is what xattr(7) promises. */
function roundTrip(dirfd: number, name: Bytes, key: Bytes): void {
  const buffer = Buffer.alloc(256);
  const value = Buffer.from("a\0\xff", "latin1");
  expect(native.getxattrat(dirfd, name, key, buffer)).toBe(-E.ENODATA);
  expect(native.setxattrat(dirfd, name, key, value, XATTR_REPLACE)).toBe(-E.ENODATA);
  expect(native.setxattrat(dirfd, name, key, value, 0)).toBe(0);
  expect(native.setxattrat(dirfd, name, key, value, XATTR_CREATE)).toBe(-E.EEXIST);
  expect(native.getxattrat(dirfd, name, key, new Uint8Array(0))).toBe(3);
  expect(native.getxattrat(dirfd, name, key, new Uint8Array(2))).toBe(-E.ERANGE);
  expect(native.getxattrat(dirfd, name, key, buffer)).toBe(3);
  expect(buffer.subarray(0, 3)).toEqual(value);
  const size = native.listxattrat(dirfd, name, new Uint8Array(0));
  expect(native.listxattrat(dirfd, name, buffer)).toBe(size);
  expect(buffer.toString("latin1", 0, size).split("\0")).toContain(key);
  expect(native.removexattrat(dirfd, name, key)).toBe(0);
  expect(native.removexattrat(dirfd, name, key)).toBe(-E.ENODATA);
  expect(native.setxattrat(dirfd, name, key, new Uint8Array(0), 0)).toBe(0);
  expect(native.getxattrat(dirfd, name, key, buffer)).toBe(0);
  expect(native.removexattrat(dirfd, name, key)).toBe(0);
}

test("xattrs of a name under an O_PATH directory", ({ sandbox }) => {
  sandbox.file(strange);
  roundTrip(sandbox.dirfd, strange, attribute);
});

test("xattrs of an open file by its descriptor", ({ sandbox }) => {
  roundTrip(sandbox.file(strange), self, attribute);
});

test("xattrs of an O_PATH descriptor itself", ({ sandbox }) => {
  sandbox.file(strange);
  roundTrip(sandbox.dirfd, self, attribute);
  roundTrip(sandbox.pathOnly(strange), self, attribute);
});

testAsRoot("xattrs of a symlink are its own, by name and by descriptor", ({ sandbox }) => {
  sandbox.file(strange);
  symlinkSync(Buffer.from(strange, "latin1"), `${sandbox.path}/link`);
  roundTrip(sandbox.dirfd, bytes("link"), bytes("trusted.overlay.test"));
  roundTrip(sandbox.pathOnly(bytes("link")), self, bytes("trusted.overlay.test"));
});

test("xattrs of a missing name are ENOENT", ({ sandbox }) => {
  expect(native.getxattrat(sandbox.dirfd, bytes("missing"), attribute, new Uint8Array(8))).toBe(-E.ENOENT);
  expect(native.getxattrat(-1, self, attribute, new Uint8Array(8))).toBeLessThan(0);
});
