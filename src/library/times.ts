/** Points in time between callers and the engine: nanoseconds are kept. */
import type { Time } from "../engine/types.js";

/** A Date, seconds since 1970 (as in node:fs), or nanoseconds since 1970 as a bigint. */
export type TimeLike = Date | number | bigint;

const NANOSECONDS = 1_000_000_000n;

function fromNanoseconds(value: bigint): Time {
  const remainder = value % NANOSECONDS;
  const nsec = remainder < 0n ? remainder + NANOSECONDS : remainder;
  return { sec: Number((value - nsec) / NANOSECONDS), nsec: Number(nsec) };
}

/** Throws RangeError for a time that is no number. */
export function toTime(value: TimeLike): Time {
  if (typeof value === "bigint") return fromNanoseconds(value);
  const seconds = typeof value === "number" ? value : value.getTime() / 1000;
  if (!Number.isFinite(seconds)) throw new RangeError(`not a time: ${String(value)}`);
  const sec = Math.floor(seconds);
  const nsec = Math.round((seconds - sec) * 1e9);
  return nsec === 1e9 ? { sec: sec + 1, nsec: 0 } : { sec, nsec };
}

export function toNanoseconds(sec: number, nsec: number): bigint {
  return BigInt(sec) * NANOSECONDS + BigInt(nsec);
}
