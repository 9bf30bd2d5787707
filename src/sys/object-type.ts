/** What kinds of objects a file system has, in words. */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from "./stat.js";

export type ObjectType = "file" | "directory" | "symlink" | "fifo" | "socket" | "character device" | "block device";

const types: ReadonlyMap<number, ObjectType> = new Map([
  [S_IFREG, "file"], [S_IFDIR, "directory"], [S_IFLNK, "symlink"], [S_IFIFO, "fifo"], [S_IFCHR, "character device"], [S_IFBLK, "block device"],
]);

/** The type of an object by its mode. */
export function typeOf(mode: number): ObjectType {
  return types.get(mode & S_IFMT) ?? "socket";
}
