import { readFileSync, symlinkSync, truncateSync } from "node:fs";
import { expect } from "vitest";
import { bytes } from "../../src/sys/bytes.js";
import {
  LOCK_EX, LOCK_NB, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_TMPFILE, O_WRONLY, RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS, SEEK_DATA, SEEK_HOLE, SEEK_SET,
} from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { self, strange, test } from "./sandbox.js";

test("openat creates with a mode, and is close-on-exec", ({ sandbox }) => {
  const fd = sandbox.keep(native.openat(sandbox.dirfd, strange, O_CREAT | O_EXCL | O_WRONLY, 0o600));
  expect(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")).toMatch(/flags:\s+02\d{6}\n/);
  expect(native.openat(sandbox.dirfd, strange, O_CREAT | O_EXCL | O_WRONLY, 0o600)).toBe(-E.EEXIST);
  expect(native.openat(sandbox.dirfd, bytes("missing"), O_RDONLY, 0)).toBe(-E.ENOENT);
});

test("openat of the empty name opens anew what an O_PATH descriptor names", ({ sandbox }) => {
  sandbox.file(strange, "content");
  const fd = sandbox.keep(native.openat(sandbox.pathOnly(strange), self, O_RDONLY | O_NOFOLLOW, 0));
  expect(native.pread(fd, Buffer.alloc(16), 0, 16, 0)).toBe(7);
  symlinkSync("nowhere", `${sandbox.path}/link`);
  expect(native.openat(sandbox.pathOnly(bytes("link")), self, O_RDONLY, 0)).toBe(-E.ELOOP);
});

test("openat2 stays beneath its directory and follows no symlink if told so", ({ sandbox }) => {
  sandbox.file(strange);
  symlinkSync(Buffer.from(strange, "latin1"), `${sandbox.path}/link`);
  expect(native.close(native.openat2(sandbox.dirfd, strange, O_RDONLY, 0, RESOLVE_BENEATH))).toBe(0);
  expect(native.openat2(sandbox.dirfd, bytes("../x"), O_RDONLY, 0, RESOLVE_BENEATH)).toBe(-E.EXDEV);
  expect(native.openat2(sandbox.dirfd, bytes("link"), O_RDONLY, 0, RESOLVE_NO_SYMLINKS)).toBe(-E.ELOOP);
});

test("dup gives a descriptor that outlives the first", ({ sandbox }) => {
  const first = native.openat(sandbox.dirfd, strange, O_CREAT | O_RDWR, 0o600);
  const second = sandbox.keep(native.dup(first));
  expect(native.close(first)).toBe(0);
  expect(native.ftruncate(second, 5)).toBe(0);
});

test("pwrite and pread move the named part of a buffer", ({ sandbox }) => {
  const fd = sandbox.file(strange);
  expect(native.pwrite(fd, Buffer.from("..hello.."), 2, 5, 2 ** 33)).toBe(5);
  const buffer = Buffer.alloc(9, "-");
  expect(native.pread(fd, buffer, 1, 8, 2 ** 33)).toBe(5);
  expect(buffer.toString()).toBe("-hello---");
  expect(native.pread(fd, buffer, 0, 9, 2 ** 34)).toBe(0);
  expect(native.pread(fd, buffer, 0, 0, 0)).toBe(0);
  expect(native.pread(fd, buffer, 0, 9, -1)).toBe(-E.EINVAL);
});

test("read and write use the position of the descriptor", ({ sandbox }) => {
  const fd = sandbox.file(strange);
  expect(native.write(fd, Buffer.from("abcdef"), 4)).toBe(4);
  expect(native.lseek(fd, 1, SEEK_SET)).toBe(1);
  const buffer = Buffer.alloc(8);
  expect(native.read(fd, buffer)).toBe(3);
  expect(buffer.toString("latin1", 0, 3)).toBe("bcd");
});

test("lseek finds data and holes", ({ sandbox }) => {
  const fd = sandbox.file(strange);
  native.ftruncate(fd, 2 ** 32);
  native.pwrite(fd, Buffer.alloc(4096, "x"), 0, 4096, 2 ** 31);
  expect(native.lseek(fd, 0, SEEK_DATA)).toBe(2 ** 31);
  expect(native.lseek(fd, 2 ** 31, SEEK_HOLE)).toBe(2 ** 31 + 4096);
  expect(native.lseek(fd, 2 ** 32, SEEK_DATA)).toBe(-E.ENXIO);
});

test("fallocate extends a file", ({ sandbox }) => {
  const fd = sandbox.file(strange);
  expect(native.fallocate(fd, 0, 0, 8192)).toBe(0);
  expect(native.pread(fd, Buffer.alloc(9000), 0, 9000, 0)).toBe(8192);
  expect(native.fallocate(fd, 0, 0, 0)).toBe(-E.EINVAL);
});

test("copyFileRange copies once, at positions", ({ sandbox }) => {
  const from = sandbox.file(bytes("from"), "0123456789");
  const to = sandbox.file(bytes("to"));
  expect(native.copyFileRange(from, 2, to, 1, 5)).toBe(5);
  expect(readFileSync(`${sandbox.path}/to`, "latin1")).toBe("\x0023456");
  expect(native.copyFileRange(from, 0, to, 0, -1)).toBe(-E.EINVAL);
});

test("ficlone shares the blocks, or is refused by a file system that cannot", ({ sandbox }) => {
  const result = native.ficlone(sandbox.file(bytes("to")), sandbox.file(bytes("from"), "data"));
  expect([0, -E.EOPNOTSUPP]).toContain(result);
});

test("fsync, fdatasync and syncfs settle", ({ sandbox }) => {
  const fd = sandbox.file(strange, "data");
  expect(native.fsync(fd)).toBe(0);
  expect(native.fdatasync(fd)).toBe(0);
  expect(native.syncfs(fd)).toBe(0);
  expect(native.fsync(sandbox.dirfd)).toBe(-E.EBADF);
});

test("flock keeps a second open file out", ({ sandbox }) => {
  expect(native.flock(sandbox.file(strange), LOCK_EX | LOCK_NB)).toBe(0);
  expect(native.flock(sandbox.file(strange), LOCK_EX | LOCK_NB)).toBe(-E.EWOULDBLOCK);
});

test("a file without a name can be given one by its descriptor", ({ sandbox }) => {
  const fd = sandbox.keep(native.openat(sandbox.dirfd, bytes("."), O_TMPFILE | O_RDWR, 0o600));
  native.pwrite(fd, Buffer.from("later"), 0, 5, 0);
  expect(native.linkat(fd, self, sandbox.dirfd, bytes("named"))).toBe(0);
  expect(readFileSync(`${sandbox.path}/named`, "latin1")).toBe("later");
});

test("fsyncAsync settles with 0 or an errno", async ({ sandbox }) => {
  const fd = sandbox.file(strange, "data");
  expect(await Promise.all([native.fsyncAsync(fd, false), native.fsyncAsync(fd, true)])).toEqual([0, 0]);
  expect(await native.fsyncAsync(-1, false)).toBe(-E.EBADF);
});

for (const name of ["copyFileRangeAsync", "copyAsync"] as const) {
  const copy = (...words: Parameters<typeof native.copyAsync>): Promise<number> => native[name](...words);

  test(`${name} copies up to the length or the end of file`, async ({ sandbox }) => {
    const from = sandbox.file(bytes("from"), "0123456789");
    const to = sandbox.file(bytes("to"));
    expect(await copy(from, 2, to, 0, 4)).toBe(4);
    expect(await copy(from, 6, to, 4, 2 ** 40)).toBe(4);
    expect(readFileSync(`${sandbox.path}/to`, "latin1")).toBe("23456789");
    expect(await copy(from, 100, to, 8, 10)).toBe(0);
    expect(await copy(-1, 0, to, 0, 1)).toBe(-E.EBADF);
    expect(await copy(from, 0, -1, 0, 1)).toBe(-E.EBADF);
  });

  test(`${name} says what the target refuses`, async ({ sandbox }) => {
    const full = sandbox.keep(native.openat(sandbox.dirfd, bytes("/dev/full"), O_RDWR, 0));
    expect(await copy(sandbox.file(bytes("from"), "0123456789"), 0, full, 0, 10)).toBe(-E.ENOSPC);
  });
}

test("copyAsync copies all bytes of what takes several buffers", async ({ sandbox }) => {
  const content = Buffer.from(Array.from({ length: 1_300_001 }, (_, i) => (i * 7 + (i >> 9)) & 0xff));
  const from = sandbox.file(bytes("from"));
  native.pwrite(from, content, 0, content.length, 0);
  expect(await native.copyAsync(from, 1, sandbox.file(bytes("to")), 3, content.length)).toBe(content.length - 1);
  expect(readFileSync(`${sandbox.path}/to`).subarray(3).equals(content.subarray(1))).toBe(true);
});

test("copyFileRangeAsync takes more than one step for what is larger than 64 MiB", async ({ sandbox }) => {
  const from = sandbox.file(bytes("from"));
  const to = sandbox.file(bytes("to"));
  const size = 130 * 2 ** 20;
  truncateSync(`${sandbox.path}/from`, size);
  native.pwrite(from, Buffer.from("end"), 0, 3, size - 3);
  expect(await native.copyFileRangeAsync(from, 0, to, 0, size)).toBe(size);
  const buffer = Buffer.alloc(3);
  native.pread(to, buffer, 0, 3, size - 3);
  expect(buffer.toString()).toBe("end");
});

test("copyFileRangeAsync falls back to read and write for files of the kernel's own making", async ({ sandbox }) => {
  const from = sandbox.keep(native.openat(sandbox.dirfd, bytes("/proc/self/status"), O_RDONLY, 0));
  const to = sandbox.file(bytes("to"));
  expect(await native.copyFileRangeAsync(from, 0, to, 0, 2 ** 30)).toBeGreaterThan(100);
  expect(readFileSync(`${sandbox.path}/to`, "latin1")).toMatch(/^Name:/);
});
