/**
 * What arrives here and is refused: the errno goes to the caller, and the log says once, by name, what is
 * refused and why. All that libfuse 2 can't carry, also what never arrives, stands in limits.ts.
 */
import type { Log } from "../engine/types.js";
import type { Errno } from "../sys/errno.js";

export const REFUSED = {
  rawNames: "names, link targets and xattr names that are not UTF-8 (EILSEQ): fuse-native makes JavaScript strings of them",
  acls: "to set POSIX ACLs (EOPNOTSUPP): libfuse 2 does not negotiate FUSE_POSIX_ACL",
  times: "to set times on this machine (EOPNOTSUPP): fuse-native gives the access time for both, and the other was not found",
} as const;

export type Refused = (typeof REFUSED)[keyof typeof REFUSED];

/** The errno, logged. */
export function refuse(log: Log, refused: Refused, error: Errno): Errno {
  log.warn(`--transport fuse-native refuses ${refused}; use the default transport`, refused);
  return error;
}
