/** Reads /proc/self/mountinfo, the kernel's list of mounts, as described in proc(5). */
import { readFileSync } from "node:fs";
import type { Bytes } from "./bytes.js";

/** One mount. */
export interface MountEntry {
  readonly mountpoint: Bytes;
  /** The file system type with its subtype: `fuse.ovlfs`. */
  readonly type: string;
  /** The directory of the file system that is seen at the mount point: `/`, or less where a part was bound. */
  readonly root: Bytes;
  /** What the file system itself says of its options, each still with the escapes of the table. */
  readonly superOptions: readonly string[];
}

/** A field of mountinfo, in which blank, tab, newline and backslash stand as three octal digits. */
export function unescapeField(field: string): Bytes {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8))) as Bytes;
}

/** The mounts that `table` lists, in its order. */
export function parseMountTable(table: string): readonly MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of table.split("\n")) {
    const [before, behind] = line.split(" - ");
    const [, , , root, mountpoint] = before?.split(" ") ?? [];
    const [type, , superOptions] = behind?.split(" ") ?? [];
    if (root === undefined || mountpoint === undefined || type === undefined) continue;
    entries.push({
      mountpoint: unescapeField(mountpoint), type, root: unescapeField(root),
      superOptions: superOptions?.split(",") ?? [],
    });
  }
  return entries;
}

/** The mounts that this process sees. */
export function readMountTable(): readonly MountEntry[] {
  return parseMountTable(readFileSync("/proc/self/mountinfo", "latin1"));
}

/** The mount that is seen at `mountpoint` (an absolute path without symlinks): the last one made there. */
export function mountAt(mountpoint: Bytes, mounts: readonly MountEntry[] = readMountTable()): MountEntry | undefined {
  return mounts.findLast((entry) => entry.mountpoint === mountpoint);
}
