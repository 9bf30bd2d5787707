/**
 * Resolves and checks a mount point before anything is mounted. What is returned is absolute and free of
 * symlinks, so that nobody has to walk it again through the mount that then covers it.
 */
import { realpathSync, statfsSync, statSync } from "node:fs";
import { bytesOf, display, toBuffer, type Bytes } from "../sys/bytes.js";
import { codeOf } from "./failure.js";
import { UsageError } from "./usage-error.js";

/** The absolute path of `path` without symlinks. Walks up to the mount point but never asks what is mounted on it. */
export function realPath(path: Bytes): Bytes {
  return bytesOf(realpathSync.native(toBuffer(path), "buffer"));
}

/** The real path of the directory to mount on; throws UsageError where nothing can be mounted. */
export function resolveMountpoint(path: Bytes): Bytes {
  const shown = display(path);
  try {
    const real = realPath(path);
    if (!statSync(toBuffer(real)).isDirectory()) {
      throw new UsageError(`the mount point '${shown}' is not a directory; name a directory`);
    }
    // Attributes of a stale mount may still be cached; statfs always asks the daemon, and meets ENOTCONN.
    statfsSync(toBuffer(real));
    return real;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    switch (codeOf(error)) {
      case "ENOENT": throw new UsageError(`the mount point '${shown}' does not exist; make it with 'mkdir' first`);
      case "ENOTDIR": throw new UsageError(`the mount point '${shown}' is not a directory; name a directory`);
      case "EACCES": throw new UsageError(`the mount point '${shown}' cannot be reached: permission denied; name a directory of your own`);
      case "ENAMETOOLONG": throw new UsageError(`the mount point '${shown}' is too long for a path; name it by a shorter one`);
      case "ENOTCONN": case "ECONNABORTED":
        throw new UsageError(`the mount point '${shown}' is a stale mount left by a killed daemon; run 'ovlfs umount ${shown}' first`);
      default: throw new UsageError(`the mount point '${shown}' cannot be used: ${codeOf(error)}; name another directory`);
    }
  }
}
