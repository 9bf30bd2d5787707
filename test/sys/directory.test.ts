import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { expect } from "vitest";
import { bytes, bytesOf, type Bytes } from "../../src/sys/bytes.js";
import {
  AT_REMOVEDIR, O_DIRECTORY, O_RDONLY, RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT,
} from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { S_IFCHR, S_IFIFO, Stat } from "../../src/sys/stat.js";
import { self, strange, test, testAsRoot, type Sandbox } from "./sandbox.js";

function stat(sandbox: Sandbox, name: Bytes): Stat {
  const found = new Stat();
  expect(native.statx(sandbox.dirfd, name, found.fields)).toBe(0);
  return found;
}

test("mkdirat and unlinkat make and remove under any bytes", ({ sandbox }) => {
  expect(native.mkdirat(sandbox.dirfd, strange, 0o750)).toBe(0);
  expect(native.mkdirat(sandbox.dirfd, strange, 0o750)).toBe(-E.EEXIST);
  expect(readdirSync(sandbox.path, "latin1")).toEqual([strange]);
  expect(native.unlinkat(sandbox.dirfd, strange, 0)).toBe(-E.EISDIR);
  expect(native.unlinkat(sandbox.dirfd, strange, AT_REMOVEDIR)).toBe(0);
});

test("getdents64 gives the names as they are, then 0", ({ sandbox }) => {
  sandbox.file(strange);
  const fd = sandbox.keep(native.openat(sandbox.dirfd, self, O_RDONLY | O_DIRECTORY, 0));
  const buffer = Buffer.alloc(4096);
  const filled = native.getdents64(fd, buffer);
  const names: Bytes[] = [];
  for (let at = 0; at < filled; at += buffer.readUInt16LE(at + 16)) {
    names.push(bytesOf(buffer, at + 19, buffer.indexOf(0, at + 19)));
  }
  expect(names.sort()).toEqual([".", "..", strange].sort());
  expect(native.getdents64(fd, buffer)).toBe(0);
  expect(native.getdents64(fd, new Uint8Array(0))).toBe(0);
  expect(native.getdents64(sandbox.dirfd, buffer)).toBe(-E.EBADF);
});

test("mknodat makes a pipe", ({ sandbox }) => {
  expect(native.mknodat(sandbox.dirfd, strange, S_IFIFO | 0o600, 0, 0)).toBe(0);
  expect(stat(sandbox, strange).type).toBe(S_IFIFO);
});

test("mknodat makes a whiteout (device 0/0), for which no privilege is needed", ({ sandbox }) => {
  expect(native.mknodat(sandbox.dirfd, strange, S_IFCHR, 0, 0)).toBe(0);
  expect(stat(sandbox, strange)).toMatchObject({ type: S_IFCHR, rdevMajor: 0, rdevMinor: 0 });
});

test("linkat links a symlink itself, by name and by descriptor", ({ sandbox }) => {
  symlinkSync("nowhere", `${sandbox.path}/link`);
  expect(native.linkat(sandbox.dirfd, bytes("link"), sandbox.dirfd, bytes("second"))).toBe(0);
  expect(native.linkat(sandbox.pathOnly(bytes("link")), self, sandbox.dirfd, strange)).toBe(0);
  expect(stat(sandbox, strange)).toMatchObject({ nlink: 3, ino: stat(sandbox, bytes("link")).ino });
  expect(native.linkat(sandbox.dirfd, bytes("missing"), sandbox.dirfd, bytes("x"))).toBe(-E.ENOENT);
  expect(native.linkat(sandbox.dirfd, bytes("link"), sandbox.dirfd, strange)).toBe(-E.EEXIST);
});

test("renameat2 replaces, refuses to replace, and exchanges", ({ sandbox }) => {
  const [a, b] = [bytes("a"), bytes("b")];
  sandbox.file(a);
  sandbox.file(b);
  const { ino } = stat(sandbox, a);
  expect(native.renameat2(sandbox.dirfd, a, sandbox.dirfd, b, RENAME_NOREPLACE)).toBe(-E.EEXIST);
  expect(native.renameat2(sandbox.dirfd, a, sandbox.dirfd, b, RENAME_EXCHANGE)).toBe(0);
  expect(stat(sandbox, b).ino).toBe(ino);
  expect(native.renameat2(sandbox.dirfd, b, sandbox.dirfd, a, 0)).toBe(0);
  expect(existsSync(`${sandbox.path}/b`)).toBe(false);
});

testAsRoot("renameat2 leaves a whiteout if told so", ({ sandbox }) => {
  sandbox.file(strange);
  expect(native.renameat2(sandbox.dirfd, strange, sandbox.dirfd, bytes("b"), RENAME_WHITEOUT)).toBe(0);
  expect(stat(sandbox, strange)).toMatchObject({ type: S_IFCHR, rdevMajor: 0, rdevMinor: 0 });
});

test("warmAsync reads directories and tells the time for each entry; what is not there is left out", async ({ sandbox }) => {
  native.mkdirat(sandbox.dirfd, bytes("d"), 0o755);
  native.mkdirat(sandbox.dirfd, bytes("d/sub"), 0o755);
  expect(await native.warmAsync(sandbox.dirfd, Buffer.from("d\0none\0"), true)).toBeGreaterThan(0);
  expect(await native.warmAsync(sandbox.dirfd, Buffer.from("none\0"), false)).toBe(0);
  expect(await native.warmAsync(sandbox.dirfd, Buffer.from("no end"), false)).toBe(0);
  expect(await native.warmAsync(sandbox.dirfd, Buffer.alloc(0), false)).toBe(0);
});
