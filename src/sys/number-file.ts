/** Files of /sys and /proc that hold a number. */
import { native } from "./native.js";

const DIGITS = 32;

/** The decimal number in an open file; -1 where none can be read. */
export function numberIn(fd: number): number {
  const digits = Buffer.alloc(DIGITS);
  const length = native.read(fd, digits);
  return length > 0 ? Number(digits.toString("latin1", 0, length)) : -1;
}
