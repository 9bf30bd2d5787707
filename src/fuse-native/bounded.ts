/**
 * fuse-native answers with the full length of an xattr or list even where the caller's buffer is shorter,
 * and libfuse then sends what lies behind the buffer. Here the two operations are answered with ERANGE instead.
 */
import { E } from "../sys/errno.js";
import type { FuseClass } from "./binding.js";

type Signal = (outcome: number, buffer: ArrayBufferLike) => void;
type DoneWith<T> = (error: number, value?: T) => void;

interface XattrOperations {
  getxattr(path: string, name: string, position: number, done: DoneWith<Buffer>): void;
  listxattr(path: string, done: DoneWith<readonly string[]>): void;
}

/** The class with the two operations replaced. */
export function bounded(Base: FuseClass): FuseClass {
  class Bounded extends Base {
    declare readonly ops: XattrOperations;

    _op_getxattr(signal: Signal, path: string, name: string, buffer: Buffer, position: number): void {
      this.ops.getxattr(path, name, position, (error, value) => {
        signal(error < 0 || !value ? error : fill(buffer, value), buffer.buffer);
      });
    }

    _op_listxattr(signal: Signal, path: string, buffer: Buffer): void {
      this.ops.listxattr(path, (error, names) => {
        const list = Buffer.from((names ?? []).map((name) => `${name}\0`).join(""));
        signal(error < 0 ? error : fill(buffer, list), buffer.buffer);
      });
    }
  }
  return Bounded;
}

/** The length of the value; an empty buffer asks for just that. */
function fill(buffer: Buffer, value: Buffer): number {
  if (buffer.length === 0) return value.length;
  return value.length > buffer.length ? -E.ERANGE : value.copy(buffer);
}
