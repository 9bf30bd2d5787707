/**
 * The words of the command line as bytes. Node decodes them as UTF-8 and loses what is not; the kernel keeps
 * them whole in /proc/self/cmdline, of which the program's own words are the last.
 */
import { readFileSync } from "node:fs";
import { bytes, type Bytes } from "../sys/bytes.js";

/** The first word of a daemon that the launcher started, before those that were given to the launcher. */
export const DAEMON = bytes("--daemon");

/** The last `count` words of `cmdline`, in which each word ends in NUL. */
export function lastWords(cmdline: string, count: number): readonly Bytes[] {
  const words = cmdline.split("\0").slice(0, -1) as Bytes[];
  return words.slice(words.length - count);
}

/** The words behind the program's name. */
export function commandWords(): readonly Bytes[] {
  const decoded = process.argv.slice(2);
  if (!decoded.some((word) => word.includes("\uFFFD"))) return decoded.map(bytes);
  try {
    return lastWords(readFileSync("/proc/self/cmdline", "latin1"), decoded.length);
  } catch {
    return decoded.map(bytes);
  }
}
