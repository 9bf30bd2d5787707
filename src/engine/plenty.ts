/** Whether a file system has so much room that what is held of it for a while, without need, is nobody's loss. */
import { native } from "../sys/native.js";
import { STATFS_FIELDS, StatfsField } from "../sys/statfs.js";

const BYTES = 512 * 1024 * 1024;
const INODES = 16_384;

const statfs = new Float64Array(STATFS_FIELDS);

/** `fd` is a file or directory of it. */
export function hasPlenty(fd: number): boolean {
  if (native.fstatfs(fd, statfs) < 0) return false;
  // Some have no fixed number of inodes.
  const hasInodes = statfs[StatfsField.Files] === 0 || statfs[StatfsField.Ffree]! >= INODES;
  return hasInodes && statfs[StatfsField.Bavail]! * statfs[StatfsField.Frsize]! >= BYTES;
}
