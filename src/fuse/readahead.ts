/**
 * How far the kernel reads ahead in files of this mount. INIT can only lower that from the default of 128 KiB, with
 * which a single READ is under way at a time; root can raise it afterwards, in the mount's directory of /sys/class/bdi
 * (sysfs-class-bdi in the kernel's ABI documents). Nothing depends on it: whoever may not, goes without.
 *
 * All of this is done off the thread: the paths may lie in the mount, where this daemon is asked for them.
 */
import { readFile, stat, writeFile } from "node:fs/promises";
import { toBuffer, type Bytes } from "../sys/bytes.js";
import { deviceMajor, deviceMinor } from "../sys/device.js";

/** KiB. Twice the default has two READs under way; more was not faster, and costs more where reads are scattered. */
const READAHEAD = 256;

/** Raises the readahead of what is mounted at `mountpoint`, and is served. */
export async function raiseReadahead(mountpoint: Bytes): Promise<void> {
  if (process.geteuid!() !== 0) return;
  try {
    const { dev } = await stat(toBuffer(mountpoint));
    const file = `/sys/class/bdi/${deviceMajor(dev)}:${deviceMinor(dev)}/read_ahead_kb`;
    if (Number(await readFile(file, "latin1")) < READAHEAD) await writeFile(file, String(READAHEAD));
  } catch {
    // Not ours to change: a container has no /sys, or one that is read-only.
  }
}
