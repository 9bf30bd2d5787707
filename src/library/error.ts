/**
 * How the library face reports what went wrong: exceptions in the manner of node:fs. The engine answers with
 * errno values; this is the one place where they become exceptions.
 */
import { getSystemErrorMap } from "node:util";
import { errnoName, isErrno, type Errno } from "../sys/errno.js";
import type { OverlayPath } from "./path.js";

/** A refused operation, with the properties that an error of node:fs has. */
export class OverlayError extends Error {
  override readonly name = "OverlayError";
  /** The name of the errno: `ENOENT`. */
  readonly code: string;

  constructor(
    /** The negated errno, as node:fs has it: -2. */
    readonly errno: number,
    /** What was asked: `open`, `rename`. */
    readonly syscall: string,
    /** The path as it was given. */
    readonly path?: OverlayPath,
    /** The second path of `link`, `rename`, `symlink` and `copyFile`. */
    readonly dest?: OverlayPath,
  ) {
    const code = errnoName(errno);
    const text = getSystemErrorMap().get(errno)?.[1] ?? "refused";
    const from = path === undefined ? "" : ` '${path.toString()}'`;
    const to = dest === undefined ? "" : ` -> '${dest.toString()}'`;
    super(`${code}: ${text}, ${syscall}${from}${to}`);
    this.code = code;
  }
}

/** The answer of an engine call, or its errno as an exception. */
export function expect<T>(answer: T | Errno, syscall: string, path?: OverlayPath, dest?: OverlayPath): T {
  if (isErrno(answer)) throw new OverlayError(answer, syscall, path, dest);
  return answer;
}
