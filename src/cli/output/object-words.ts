/** What an object of a layer is called. */
import type { Entry } from "../../inspect/merged-directory.js";
import type { DirectoryStep, FileStep } from "../../inspect/steps.js";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../../sys/stat.js";

const TYPES = new Map([
  [S_IFREG, "file"], [S_IFDIR, "directory"], [S_IFLNK, "symlink"], [S_IFCHR, "character device"], [S_IFBLK, "block device"],
  [S_IFIFO, "fifo"], [S_IFSOCK, "socket"],
]);

export function typeName({ stat }: Pick<DirectoryStep | FileStep, "stat">): string {
  return TYPES.get(stat.type) ?? "unknown";
}

/** The type of what is seen under a name; `unreadable` where looking it up is refused. */
export function typeOf(entry: Entry | null): string {
  return entry?.provider ? typeName(entry.provider) : "unreadable";
}
