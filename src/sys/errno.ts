/**
 * Errors as values. A call that fails answers with a negative errno, as the kernel does inside itself:
 * a missing name is the most frequent answer of all and must not cost an exception.
 */
import { constants as os } from "node:os";

declare const brand: unique symbol;

/** A negated errno, for example `-ENOENT`. Always below zero. */
export type Errno = number & { readonly [brand]: "Errno" };

/** Linux errno numbers by name (positive), as in `errno(3)`. */
export const E = { ...os.errno, ENODATA: 61, EREMOTE: 66, ENOTSUP: 95, EUCLEAN: 117 } as const;

/** Whether an answer is an errno. Objects and non-negative numbers are results. */
export function isErrno(answer: unknown): answer is Errno {
  return typeof answer === "number" && answer < 0;
}

/** The errno for a positive code: `fail(E.ENOENT)` is `-ENOENT`. */
export function fail(code: number): Errno {
  return -code as Errno;
}

const names = new Map<number, string>(Object.entries(E).map(([name, code]) => [code, name]));

/** The name of an errno, for messages: `ENOENT`. */
export function errnoName(error: number): string {
  return names.get(Math.abs(error)) ?? `errno ${Math.abs(error)}`;
}
