/**
 * System calls for tests: the project's own binding, with a thrown error in place of a negative errno. Tests
 * speak through it rather than through node:fs because names and xattr values are bytes, times are
 * nanoseconds, and an answer must be the errno itself. A path is a string of bytes (see src/sys/bytes.ts).
 */
import type { Bytes } from "../../src/sys/bytes.js";
import { errnoName, isErrno } from "../../src/sys/errno.js";

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
