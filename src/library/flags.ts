/** Open flags: the words of node:fs, or the O_* bits of open(2). */
import { constants } from "node:fs";

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = constants;

/** The words of node:fs without their synchronous twins; every write here is synchronous to the engine. */
export type OpenFlags = "r" | "r+" | "w" | "wx" | "w+" | "wx+" | "a" | "ax" | "a+" | "ax+";

const words: Readonly<Record<OpenFlags, number>> = {
  r: O_RDONLY,
  "r+": O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
  "w+": O_RDWR | O_CREAT | O_TRUNC,
  "wx+": O_RDWR | O_CREAT | O_TRUNC | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
  ax: O_WRONLY | O_CREAT | O_APPEND | O_EXCL,
  "a+": O_RDWR | O_CREAT | O_APPEND,
  "ax+": O_RDWR | O_CREAT | O_APPEND | O_EXCL,
};

/** Throws TypeError for a word that is none. */
export function openBits(flags: OpenFlags | number): number {
  if (typeof flags === "number") return flags;
  const bits = (words as Readonly<Record<string, number | undefined>>)[flags];
  if (bits === undefined) throw new TypeError(`not an open flag: '${flags}'`);
  return bits;
}
