/** What /proc tells of a thread: by a descriptor from before the mount, which may cover /proc and would be asked by itself then. */
import { readFileSync } from "node:fs";
import { bytes } from "../sys/bytes.js";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_RDONLY } from "../sys/constants.js";
import { native } from "../sys/native.js";

const PROC = native.openat(AT_FDCWD, bytes("/proc"), O_PATH | O_DIRECTORY, 0);
const LONGEST_LINK = 256;

/** Opens a file of a thread for reading; a descriptor or a negated errno. */
export function openOfThread(pid: number, name: string): number {
  return native.openat(PROC, bytes(`${pid}/${name}`), O_RDONLY, 0);
}

/** The text of a file of a thread; empty where it can't be read. */
export function textOfThread(pid: number, name: string): string {
  const fd = openOfThread(pid, name);
  if (fd < 0) return "";
  try {
    return readFileSync(fd, "latin1");
  } catch {
    return "";
  } finally {
    native.close(fd);
  }
}

/** What a link of a thread leads to, null where that can't be read. */
export function linkOfThread(pid: number | "self", name: string): string | null {
  const buffer = Buffer.alloc(LONGEST_LINK);
  const length = native.readlinkat(PROC, bytes(`${pid}/${name}`), buffer);
  return length < 0 ? null : buffer.toString("latin1", 0, length);
}
