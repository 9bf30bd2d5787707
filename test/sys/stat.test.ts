import { lstatSync, statfsSync, symlinkSync } from "node:fs";
import { expect } from "vitest";
import { bytes, bytesOf, type Bytes } from "../../src/sys/bytes.js";
import { AT_FDCWD } from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { S_IFLNK, S_IFREG, Stat } from "../../src/sys/stat.js";
import { self, strange, test, testAsRoot } from "./sandbox.js";

test("statx fills what lstat knows", ({ sandbox }) => {
  sandbox.file(bytes("file"), "12345");
  const stat = new Stat();
  expect(native.statx(sandbox.dirfd, bytes("file"), stat.fields)).toBe(0);
  const known = lstatSync(`${sandbox.path}/file`, { bigint: true });
  expect(stat).toMatchObject({
    mode: Number(known.mode), nlink: 1, uid: Number(known.uid), gid: Number(known.gid), ino: known.ino, size: 5,
    blocks: Number(known.blocks), blksize: Number(known.blksize), type: S_IFREG,
  });
  expect(BigInt(stat.mtimeSec) * 1_000_000_000n + BigInt(stat.mtimeNsec)).toBe(known.mtimeNs);
  expect(BigInt(stat.ctimeSec) * 1_000_000_000n + BigInt(stat.ctimeNsec)).toBe(known.ctimeNs);
  expect(BigInt(stat.atimeSec) * 1_000_000_000n + BigInt(stat.atimeNsec)).toBe(known.atimeNs);
  expect(stat.mountId).toBeGreaterThan(0);
  expect(stat.mask & 0x7ff).toBe(0x7ff);
});

test("statx does not follow a symlink, by name or by descriptor", ({ sandbox }) => {
  symlinkSync("nowhere", `${sandbox.path}/link`);
  const stat = new Stat();
  expect(native.statx(sandbox.dirfd, bytes("link"), stat.fields)).toBe(0);
  expect(stat.type).toBe(S_IFLNK);
  expect(native.statx(sandbox.pathOnly(bytes("link")), self, stat.fields)).toBe(0);
  expect(stat.type).toBe(S_IFLNK);
});

test("statx of the empty name is the descriptor itself", ({ sandbox }) => {
  const [open, named] = [new Stat(), new Stat()];
  expect(native.statx(sandbox.file(strange), self, open.fields)).toBe(0);
  expect(native.statx(sandbox.dirfd, strange, named.fields)).toBe(0);
  expect(open.ino).toBe(named.ino);
  expect(native.statx(sandbox.dirfd, self, open.fields)).toBe(0);
  expect(open.isDirectory).toBe(true);
  expect(native.statx(AT_FDCWD, self, open.fields)).toBe(0);
});

testAsRoot("statx tells the number of a device", ({ sandbox }) => {
  expect(native.mknodat(sandbox.dirfd, bytes("device"), 0o020600, 259, 1048575)).toBe(0);
  const stat = new Stat();
  native.statx(sandbox.dirfd, bytes("device"), stat.fields);
  expect([stat.rdevMajor, stat.rdevMinor]).toEqual([259, 1048575]);
});

test("statx of a missing name is ENOENT and leaves the fields alone", ({ sandbox }) => {
  const stat = new Stat();
  stat.size = 7;
  expect(native.statx(sandbox.dirfd, bytes("missing"), stat.fields)).toBe(-E.ENOENT);
  expect(stat.size).toBe(7);
});

test("fstatfs works on an O_PATH descriptor", ({ sandbox }) => {
  const fields = new Float64Array(10);
  expect(native.fstatfs(sandbox.dirfd, fields)).toBe(0);
  const known = statfsSync(sandbox.path);
  expect([fields[0], fields[1], fields[2], fields[5]]).toEqual([known.type, known.bsize, known.blocks, known.files]);
  expect(fields[7]).toBe(255);
});

test("readlinkat gives the bytes of the target, by name and by descriptor", ({ sandbox }) => {
  expect(native.symlinkat(strange, sandbox.dirfd, bytes("link"))).toBe(0);
  const buffer = Buffer.alloc(64);
  expect(native.readlinkat(sandbox.dirfd, bytes("link"), buffer)).toBe(strange.length);
  expect(bytesOf(buffer, 0, strange.length)).toBe(strange);
  expect(native.readlinkat(sandbox.pathOnly(bytes("link")), self, buffer)).toBe(strange.length);
  sandbox.file(bytes("file"));
  expect(native.readlinkat(sandbox.dirfd, bytes("file"), buffer)).toBe(-E.EINVAL);
});

test("faccessat asks for the effective user, by name and by descriptor", ({ sandbox }) => {
  sandbox.file(strange);
  expect(native.faccessat(sandbox.dirfd, strange, 4)).toBe(0);
  expect(native.faccessat(sandbox.dirfd, strange, 1)).toBe(-E.EACCES);
  expect(native.faccessat(sandbox.pathOnly(strange), self, 4)).toBe(0);
  expect(native.faccessat(sandbox.dirfd, "missing" as Bytes, 0)).toBe(-E.ENOENT);
});
