/**
 * What fuse-native 2.2.6 gets wrong between its C half and its operations, put right on one mount. Each mend
 * says what would happen without it; nothing else of the package is touched.
 */
import type { Fuse, FuseHalf } from "./binding.js";
import type { Operations } from "./operations.js";

/** Mends a mount that has not been mounted yet; `options` is what libfuse gets behind `-o`. */
export function mend(fuse: Fuse, half: FuseHalf, operations: Operations, options: string): void {
  mendMount(fuse, half, options);
  mendOpenFileAttributes(fuse, operations);
  mendXattrs(fuse, operations);
  mendTimes(fuse, half);
}

/**
 * It would refuse a mountpoint that is itself a mount, know no `ro`, `nonempty` or `use_ino`, and unmount by a
 * shell command with the mountpoint in it.
 */
function mendMount(fuse: Fuse, half: FuseHalf, options: string): void {
  fuse._open = (done): void => {
    const thread = Buffer.alloc(half.sizeof_fuse_thread_t);
    fuse._thread = thread;
    fuse._openCallback = done;
    try {
      half.fuse_native_mount(fuse.mnt, `-o${options}`, thread, fuse, fuse._malloc, fuse._handlers, fuse._getImplementedArray());
    } catch (error) {
      fuse._openCallback = null;
      done(error instanceof Error ? error : new Error(String(error)));
    }
  };
  fuse._close = (done): void => {
    if (fuse._thread) half.fuse_native_unmount(fuse.mnt, fuse._thread);
    done(null);
  };
}

/** It would ask for the attributes of an open file by its path, which another file may have by now. */
function mendOpenFileAttributes(fuse: Fuse, operations: Operations): void {
  const encode = Object.getPrototypeOf(fuse) as Pick<Fuse, "_op_getattr">;
  fuse._op_fgetattr = (signal, path, handle): void => {
    const byHandle: Pick<Operations, "getattr"> = { getattr: (_, done) => operations.fgetattr(path, handle, done) };
    encode._op_getattr.call({ ops: byHandle }, signal, path);
  };
}

/**
 * It would not tell how large the caller's buffer is, and libfuse would answer what lies behind the buffer in
 * memory; and it would add 128 bytes to the size of each list.
 */
function mendXattrs(fuse: Fuse, operations: Operations): void {
  fuse._op_getxattr = (signal, path, name, buffer): void => {
    operations.getxattr(path, name, buffer, (outcome) => signal(outcome, buffer.buffer));
  };
  fuse._op_listxattr = (signal, path, buffer): void => {
    operations.listxattr(path, buffer, (outcome) => signal(outcome, buffer.buffer));
  };
}

/** Where `atime` and `mtime` stand in fuse_thread_locals_t of its fuse-native.c, on a 64-bit machine. */
const ATIME_OFFSET = 104;
const MTIME_OFFSET = 112;

/**
 * Its C half hands out the atime in the place of the mtime. The right one stands in the request, of which the
 * atime must be what was handed out; else the operation gets NaN, which it refuses. A time before 1970 would
 * arrive as one after the year 500,000,000.
 */
function mendTimes(fuse: Fuse, half: FuseHalf): void {
  const handler = fuse._handlers[half.op_utimens]!;
  fuse._handlers[half.op_utimens] = (thread, opcode, path, low, high): void => {
    const [atime, mtime] = timesOf(thread, Number(low), Number(high));
    handler(thread, opcode, path, atime % WORD, Math.trunc(atime / WORD), mtime % WORD, Math.trunc(mtime / WORD));
  };
}

const WORD = 2 ** 32;

/** atime and mtime of a request in milliseconds; NaN where they are not where they should be. */
export function timesOf(thread: Buffer, low: number, high: number): readonly [atime: number, mtime: number] {
  if (thread.length < MTIME_OFFSET + 8) return [NaN, NaN];
  const atime = thread.readBigInt64LE(ATIME_OFFSET);
  const given = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  return atime === given ? [Number(atime), Number(thread.readBigInt64LE(MTIME_OFFSET))] : [NaN, NaN];
}
