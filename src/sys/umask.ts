/** The umask of this process, read without Node's deprecated `process.umask()`. */
import { native } from "./native.js";

/** There is no call that reads it, so it is set and put back at once; no other thread of ours makes files. */
export function currentUmask(): number {
  const mask = native.umask(0o077);
  native.umask(mask);
  return mask;
}
