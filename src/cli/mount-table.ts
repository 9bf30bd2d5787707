/** Reads /proc/self/mountinfo, the kernel's list of mounts, as described in proc(5). */
import { readFileSync } from "node:fs";
import type { Bytes } from "../sys/bytes.js";

/** One mount. */
export interface MountEntry {
  readonly mountpoint: Bytes;
  /** The file system type with its subtype: `fuse.ovlfs`. */
  readonly type: string;
}

/** A field of mountinfo, in which blank, tab, newline and backslash stand as three octal digits. */
function unescapeField(field: string): Bytes {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8))) as Bytes;
}

/** The mounts that `table` lists, in its order. */
export function parseMountTable(table: string): readonly MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of table.split("\n")) {
    const [before, behind] = line.split(" - ");
    const mountpoint = before?.split(" ")[4];
    const type = behind?.split(" ")[0];
    if (mountpoint !== undefined && type !== undefined) entries.push({ mountpoint: unescapeField(mountpoint), type });
  }
  return entries;
}

/** The mount that is seen at `mountpoint` (an absolute path without symlinks): the last one made there. */
export function mountAt(mountpoint: Bytes): MountEntry | undefined {
  return parseMountTable(readFileSync("/proc/self/mountinfo", "latin1")).findLast((entry) => entry.mountpoint === mountpoint);
}
