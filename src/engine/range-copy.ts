/**
 * Whether copy_file_range(2) can do better than reading and writing. A file system may have a copy of its own, which
 * spares a network the data, or a device. One that has none, and that refused to share blocks, has the kernel copy
 * through a pipe of a few pages: larger pieces through memory take four fifths of that time (docs/performance.md).
 */
import { native } from "../sys/native.js";
import { BTRFS_SUPER_MAGIC, EXT4_SUPER_MAGIC, STATFS_FIELDS, StatfsField, TMPFS_MAGIC, XFS_SUPER_MAGIC } from "../sys/statfs.js";

/** Those known to have no copy_file_range of their own. */
const WITHOUT: ReadonlySet<number> = new Set([EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC]);

/** Whether the file system of an open file may have one. */
export function mayCopyRanges(fd: number): boolean {
  const statfs = new Float64Array(STATFS_FIELDS);
  return native.fstatfs(fd, statfs) < 0 || !WITHOUT.has(statfs[StatfsField.Type]!);
}
