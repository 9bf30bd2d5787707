/**
 * Changes to names: what may be made, removed, linked and moved. A mount gets these checks from the kernel
 * before its daemon is asked (fs/namei.c); without a mount they are made here, with the same errno.
 */
import type { Inode } from "../engine/inode.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../sys/constants.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import type { Context } from "./context.js";
import type { Place } from "./walk.js";

/** unlink(2): EISDIR for a directory. */
export function unlinkPlace(context: Context, place: Place): number {
  if (place.last !== "name") return -E.EISDIR;
  const inode = place.existing;
  if (isErrno(inode)) return inode;
  return inode.isDirectory ? -E.EISDIR : context.engine.unlink(place.parent, place.name);
}

/** rmdir(2): ENOTEMPTY, ENOTDIR, EBUSY for the root, EINVAL for `.`. */
export function rmdirPlace(context: Context, place: Place): number {
  if (place.last === "root") return -E.EBUSY;
  if (place.last === "dot") return -E.EINVAL;
  if (place.last === "dotdot") return -E.ENOTEMPTY;
  const inode = place.existing;
  if (isErrno(inode)) return inode;
  return inode.isDirectory ? context.engine.rmdir(place.parent, place.name) : -E.ENOTDIR;
}

/** link(2): EPERM for a directory; a symlink is linked itself. */
export function linkPlace(context: Context, from: Place, to: Place): number {
  const inode = from.existing;
  if (isErrno(inode)) return inode;
  if (to.inode) return -E.EEXIST;
  if (to.slash) return -E.ENOENT;
  if (inode.isDirectory) return -E.EPERM;
  return context.drop(context.engine.link(inode, to.parent, to.name));
}

/** renameat2(2) with 0, RENAME_NOREPLACE or RENAME_EXCHANGE. */
export function renamePlace(context: Context, from: Place, to: Place, flags: number): number {
  if (from.last !== "name" || to.last !== "name") return -E.EBUSY;
  const source = from.existing;
  if (isErrno(source)) return source;
  const refused = flags === RENAME_EXCHANGE ? refusesExchange(to) : refusesReplacement(source, to, flags);
  if (refused < 0) return refused;
  if (to.isBelow(source)) return -E.EINVAL;
  if (to.inode && from.isBelow(to.inode)) return flags === RENAME_EXCHANGE ? -E.EINVAL : -E.ENOTEMPTY;
  if (source === to.inode) return 0;
  return context.engine.rename(from.parent, from.name, to.parent, to.name, flags);
}

function refusesExchange(to: Place): number {
  const target = to.existing;
  return isErrno(target) ? target : 0;
}

function refusesReplacement(source: Inode, to: Place, flags: number): number {
  if (to.slash && !source.isDirectory) return -E.ENOTDIR;
  const target = to.inode;
  if (!target) return 0;
  if (flags === RENAME_NOREPLACE) return -E.EEXIST;
  if (source.isDirectory && !target.isDirectory) return -E.ENOTDIR;
  return !source.isDirectory && target.isDirectory ? -E.EISDIR : 0;
}

/** mkdir(2): EEXIST where something stands, a dangling symlink too. */
export function mkdirPlace(context: Context, place: Place, mode: number): number {
  if (place.inode) return -E.EEXIST;
  return context.drop(context.engine.mkdir(place.parent, place.name, mode, context.caller));
}

/** symlink(2), mknod(2): ENOENT where the new name ends in a slash. */
export function refusesSlash(place: Place): Errno | null {
  return place.slash ? fail(E.ENOENT) : null;
}
