import { symlinkSync } from "node:fs";
import { expect } from "vitest";
import { bytes, type Bytes } from "../../src/sys/bytes.js";
import { UTIME_NOW, UTIME_OMIT } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { Stat } from "../../src/sys/stat.js";
import { self, strange, test, testAsRoot } from "./sandbox.js";

function stat(dirfd: number, name: Bytes): Stat {
  const found = new Stat();
  expect(native.statx(dirfd, name, found.fields)).toBe(0);
  return found;
}

test("fchmodat changes by name and by descriptor, never through a symlink", ({ sandbox }) => {
  sandbox.file(strange);
  symlinkSync(Buffer.from(strange, "latin1"), `${sandbox.path}/link`);
  expect(native.fchmodat(sandbox.dirfd, strange, 0o4711)).toBe(0);
  expect(stat(sandbox.dirfd, strange).mode & 0o7777).toBe(0o4711);
  expect(native.fchmodat(sandbox.pathOnly(strange), self, 0o600)).toBe(0);
  expect(native.fchmodat(sandbox.dirfd, bytes("link"), 0o777)).toBe(-E.EOPNOTSUPP);
  expect(native.fchmodat(sandbox.pathOnly(bytes("link")), self, 0o777)).toBe(-E.EOPNOTSUPP);
  expect(stat(sandbox.dirfd, strange).mode & 0o7777).toBe(0o600);
});

testAsRoot("fchownat changes what is not -1, by name and by descriptor, a symlink itself", ({ sandbox }) => {
  sandbox.file(strange);
  symlinkSync(Buffer.from(strange, "latin1"), `${sandbox.path}/link`);
  expect(native.fchownat(sandbox.dirfd, strange, 12, 34)).toBe(0);
  expect(native.fchownat(sandbox.pathOnly(strange), self, -1, 56)).toBe(0);
  expect(native.fchownat(sandbox.dirfd, bytes("link"), 4294967294, -1)).toBe(0);
  expect(native.fchownat(sandbox.pathOnly(bytes("link")), self, -1, 78)).toBe(0);
  expect(stat(sandbox.dirfd, strange)).toMatchObject({ uid: 12, gid: 56 });
  expect(stat(sandbox.dirfd, bytes("link"))).toMatchObject({ uid: 4294967294, gid: 78 });
});

test("utimensat sets nanoseconds, omits, and knows times before 1970", ({ sandbox }) => {
  sandbox.file(strange);
  expect(native.utimensat(sandbox.dirfd, strange, 1, 2, 3, 4)).toBe(0);
  expect(stat(sandbox.dirfd, strange)).toMatchObject({ atimeSec: 1, atimeNsec: 2, mtimeSec: 3, mtimeNsec: 4 });
  expect(native.utimensat(sandbox.pathOnly(strange), self, 0, UTIME_OMIT, -5, 6)).toBe(0);
  expect(stat(sandbox.dirfd, strange)).toMatchObject({ atimeSec: 1, atimeNsec: 2, mtimeSec: -5, mtimeNsec: 6 });
  expect(native.utimensat(sandbox.dirfd, strange, 0, UTIME_NOW, 0, UTIME_NOW)).toBe(0);
  expect(Math.abs(stat(sandbox.dirfd, strange).mtimeSec - Date.now() / 1000)).toBeLessThan(60);
  expect(native.utimensat(sandbox.dirfd, strange, 0, -1, 0, 0)).toBe(-E.EINVAL);
});

test("utimensat changes a symlink itself, by name and by descriptor", ({ sandbox }) => {
  symlinkSync("nowhere", `${sandbox.path}/link`);
  expect(native.utimensat(sandbox.dirfd, bytes("link"), 1, 0, 2, 0)).toBe(0);
  expect(stat(sandbox.dirfd, bytes("link")).mtimeSec).toBe(2);
  expect(native.utimensat(sandbox.pathOnly(bytes("link")), self, 1, 0, 3, 0)).toBe(0);
  expect(stat(sandbox.dirfd, bytes("link")).mtimeSec).toBe(3);
});

test("file flags are read and written", ({ sandbox }) => {
  const fd = sandbox.file(strange);
  const noDump = 0x40;
  const flags = native.getFileFlags(fd);
  if (flags === -E.ENOTTY) return;
  expect(native.setFileFlags(fd, flags | noDump)).toBe(0);
  expect(native.getFileFlags(fd) & noDump).toBe(noDump);
  expect(native.getFileFlags(sandbox.dirfd)).toBe(-E.EBADF);
});
