/**
 * A copy-up changes the directory that it copies to, which in the merged tree has not changed: its times are
 * put back as they were.
 * Source: ovl_set_timestamps on the parent in fs/overlayfs/copy_up.c.
 */
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { ITSELF, type RealDirectory } from "./real.js";
import { setTimes } from "./upper.js";

const stat = new Stat();

/** Makes a change in a directory of the upper and puts its times back, as well as that goes; answers as the change. */
export function keepTimes(directory: RealDirectory, change: () => number): number {
  const found = native.statx(directory.fd(), ITSELF, stat.fields);
  if (found < 0) return found;
  const atime = { sec: stat.atimeSec, nsec: stat.atimeNsec };
  const mtime = { sec: stat.mtimeSec, nsec: stat.mtimeNsec };
  const result = change();
  // Also when it failed: temporary names have touched nothing here.
  setTimes(directory, atime, mtime);
  return result;
}
