import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { bytes } from "../../src/sys/bytes.js";
import {
  AT_FDCWD, MNT_DETACH, MOUNT_ATTR_NOATIME, MOUNT_ATTR_RDONLY, MS_NODEV, MS_NOSUID, O_CREAT, O_RDONLY, O_RDWR,
} from "../../src/sys/constants.js";
import { E } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { strange, test, testAsRoot } from "./sandbox.js";

testAsRoot("mount and umount2 a file system", ({ sandbox }) => {
  const target = bytes(sandbox.path);
  expect(native.mount(bytes("sys-test"), target, bytes("tmpfs"), MS_NOSUID | MS_NODEV, bytes("size=64k"))).toBe(0);
  const line = readFileSync("/proc/self/mounts", "utf8").split("\n").find((mount) => mount.startsWith("sys-test "));
  expect(native.umount2(target, MNT_DETACH)).toBe(0);
  expect(line).toMatch(/tmpfs rw,nosuid,nodev.*size=64k/);
  expect(native.umount2(target, 0)).toBe(-E.EINVAL);
  expect(native.mount(bytes("x"), target, bytes("no such type"), 0, bytes(""))).toBe(-E.ENODEV);
});

testAsRoot("a private copy of a mount can be read-only while the mount itself is not", ({ sandbox }) => {
  sandbox.file(strange, "seen");
  const copy = sandbox.keep(native.cloneMount(sandbox.dirfd));
  expect(native.mountSetattr(copy, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME)).toBe(0);
  expect(native.openat(copy, bytes("new"), O_CREAT | O_RDWR, 0o600)).toBe(-E.EROFS);
  const buffer = Buffer.alloc(8);
  expect(native.read(sandbox.keep(native.openat(copy, strange, O_RDONLY, 0)), buffer)).toBe(4);
  expect(native.mkdirat(sandbox.dirfd, bytes("new"), 0o755)).toBe(0);
  expect(native.mountSetattr(sandbox.file(bytes("file")), MOUNT_ATTR_RDONLY)).toBe(-E.EINVAL);
});

test("a descriptor is received over a socket from a child", async ({ sandbox }) => {
  const pair = native.socketpair();
  if (typeof pair === "number") throw new Error(`socketpair: ${pair}`);
  const [ours, theirs] = pair;
  const send = `import socket, array, os
s = socket.socket(fileno=3)
s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [os.open("/proc/self/comm", os.O_RDONLY)]))])`;
  const child = spawn("python3", ["-c", send], { stdio: ["ignore", "inherit", "inherit", theirs] });
  const ended = new Promise((resolve) => child.on("exit", resolve).on("error", resolve));
  native.close(theirs);
  const fd = native.receiveFd(ours);
  await ended;
  expect(sandbox.keep(fd)).toBeGreaterThan(2);
  expect(native.receiveFd(ours)).toBe(-E.ECONNRESET);
  native.close(ours);
});

test("what is no /dev/fuse takes no backing file", ({ sandbox }) => {
  const fd = sandbox.file(strange);
  expect(native.fuseBackingOpen(fd, fd)).toBe(-E.ENOTTY);
  expect(native.fuseBackingClose(fd, 1)).toBe(-E.ENOTTY);
  expect(native.openat(AT_FDCWD, bytes("/proc/self/nothing"), O_RDONLY, 0)).toBe(-E.ENOENT);
});

testAsRoot("a file system can be made that is mounted nowhere", ({ sandbox }) => {
  const context = sandbox.keep(native.fsopen(bytes("tmpfs")));
  expect(native.fsmount(context)).toBe(-E.EINVAL);
  expect(native.fsconfigCreate(context)).toBe(0);
  const root = sandbox.keep(native.fsmount(context));
  expect(native.mkdirat(root, strange, 0o755)).toBe(0);
  expect(native.mkdirat(root, strange, 0o755)).toBe(-E.EEXIST);
  expect(native.fsopen(bytes("no such type"))).toBe(-E.ENODEV);
});
