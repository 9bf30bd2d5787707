/**
 * System calls for tests: the project's own binding, with a thrown error in place of a negative errno. Tests
 * speak through it rather than through node:fs because names and xattr values are bytes, times are
 * nanoseconds, and an answer must be the errno itself. A path is a string of bytes (see src/sys/bytes.ts).
 */
import type { Bytes } from "../../src/sys/bytes.js";
import { AT_FDCWD, O_RDONLY } from "../../src/sys/constants.js";
import { errnoName, isErrno } from "../../src/sys/errno.js";
import { native } from "../../src/sys/native.js";
import { STATFS_FIELDS, StatfsField } from "../../src/sys/statfs.js";

/** What the kernel refused; `code` is the errno's name. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly code: string, what: string) {
    super(`${what}: ${code}`);
  }
}

/** The answer, or the error that it is. */
export function check(answer: number, what: string): number {
  if (isErrno(answer)) throw new Refused(errnoName(answer), what);
  return answer;
}

/** The errno's name that `action` is refused with, or "done". */
export function outcome(action: () => unknown): string {
  try {
    action();
    return "done";
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

/** A byte string from a literal: `raw("caf\xe9")` is a name that is not UTF-8. */
export function raw(text: string): Bytes {
  return text as Bytes;
}

/** Of a file system: sizes in `blockSize` bytes, `free` to anybody. */
export interface Room {
  readonly blockSize: number;
  readonly blocks: number;
  readonly free: number;
  readonly files: number;
  readonly nameLength: number;
}

/** statfs(2) */
export function statfs(path: string): Room {
  const fd = check(native.openat(AT_FDCWD, raw(path), O_RDONLY, 0), "open");
  const fields = new Float64Array(STATFS_FIELDS);
  const error = native.fstatfs(fd, fields);
  native.close(fd);
  check(error, "fstatfs");
  const at = (field: StatfsField): number => fields[field]!;
  return {
    blockSize: at(StatfsField.Bsize), blocks: at(StatfsField.Blocks), free: at(StatfsField.Bavail), files: at(StatfsField.Files),
    nameLength: at(StatfsField.Namelen),
  };
}
