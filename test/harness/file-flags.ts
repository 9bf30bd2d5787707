/** The flags of chattr(1) of a path, by both of the interfaces that there are. */
import { AT_FDCWD, O_NONBLOCK, O_RDONLY } from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";
import { check, raw } from "./syscalls.js";

const FSXATTR_SIZE = 28;
const WORDS = 5;

export function flagsOf(path: string): number {
  return onOpened(path, (fd) => check(native.getFileFlags(fd), `FS_IOC_GETFLAGS ${path}`));
}

export function setFlags(path: string, flags: number): void {
  onOpened(path, (fd) => check(native.setFileFlags(fd, flags), `FS_IOC_SETFLAGS ${path}`));
}

export function extendedFlagsOf(path: string): number[] {
  const buffer = new Uint8Array(FSXATTR_SIZE);
  onOpened(path, (fd) => check(native.getExtendedFlags(fd, buffer), `FS_IOC_FSGETXATTR ${path}`));
  return [...new Uint32Array(buffer.buffer, 0, WORDS)];
}

export function setExtendedFlags(path: string, words: readonly number[]): void {
  const buffer = new Uint8Array(FSXATTR_SIZE);
  new Uint32Array(buffer.buffer, 0, WORDS).set(words);
  onOpened(path, (fd) => check(native.setExtendedFlags(fd, buffer), `FS_IOC_FSSETXATTR ${path}`));
}

function onOpened<T>(path: string, act: (fd: number) => T): T {
  const fd = check(native.openat(AT_FDCWD, raw(path), O_RDONLY | O_NONBLOCK, 0), `open ${path}`);
  try {
    return act(fd);
  } finally {
    native.close(fd);
  }
}
