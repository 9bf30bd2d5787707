/**
 * The choke point: every change that the engine makes to a file or a directory goes through here, and only
 * here may the calls of `Changes` be used. Each call checks that what it is about to change belongs to the
 * upper layer, so that no fault elsewhere can reach a lower.
 */
import type { Bytes } from "../sys/bytes.js";
import { AT_REMOVEDIR, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, O_TMPFILE, UTIME_OMIT } from "../sys/constants.js";
import { native, type Changes } from "../sys/native.js";
import { S_IFCHR } from "../sys/stat.js";
import { nameCame } from "./known-names.js";
import type { Time } from "./types.js";
import type { Place, RealDirectory } from "./real.js";

const changes: Changes = native;

/** Thrown if the engine was about to change a lower layer: a fault of ours, never an answer to a caller. */
export class LowerLayerFault extends Error {}

function requireUpper({ layer }: Place): void {
  if (!layer.isUpper) throw new LowerLayerFault(`a change was aimed at lower layer ${layer.index}`);
}

function guard(place: Place): number {
  requireUpper(place);
  return place.dirfd();
}

function guardDirectory(directory: RealDirectory): number {
  requireUpper(directory);
  return directory.fd();
}

const KEEP: Time = { sec: 0, nsec: UTIME_OMIT };

/** The names of a directory that are known follow each change (known-names.ts); answers with the result of the change. */
function added(directory: RealDirectory, name: Bytes, result: number): number {
  if (result >= 0) nameCame(directory, name);
  return result;
}

function removed(directory: RealDirectory, name: Bytes, result: number): number {
  if (result >= 0) directory.names?.delete(name);
  return result;
}

/** Makes an empty regular file and opens it for reading and writing; a descriptor or a negated errno. */
export function createFile(directory: RealDirectory, name: Bytes, mode: number): number {
  const dirfd = guardDirectory(directory);
  return dirfd < 0 ? dirfd : added(directory, name, native.openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
}

/** Makes a file without a name on the directory's file system; a descriptor or a negated errno. */
export function createNameless(directory: RealDirectory, mode: number): number {
  const dirfd = guardDirectory(directory);
  return dirfd < 0 ? dirfd : native.openat(dirfd, "." as Bytes, O_RDWR | O_TMPFILE, mode);
}

export function makeDirectory(directory: RealDirectory, name: Bytes, mode: number): number {
  const dirfd = guardDirectory(directory);
  return dirfd < 0 ? dirfd : added(directory, name, changes.mkdirat(dirfd, name, mode));
}

export function makeNode(directory: RealDirectory, name: Bytes, mode: number, major: number, minor: number): number {
  const dirfd = guardDirectory(directory);
  return dirfd < 0 ? dirfd : added(directory, name, changes.mknodat(dirfd, name, mode, major, minor));
}

/** A whiteout: a character device with the device number 0/0. */
export function makeWhiteout(directory: RealDirectory, name: Bytes): number {
  return makeNode(directory, name, S_IFCHR, 0, 0);
}

export function makeSymlink(directory: RealDirectory, name: Bytes, target: Bytes): number {
  const dirfd = guardDirectory(directory);
  return dirfd < 0 ? dirfd : added(directory, name, changes.symlinkat(target, dirfd, name));
}

export function linkFile(file: Place, directory: RealDirectory, name: Bytes): number {
  const from = guard(file);
  const to = guardDirectory(directory);
  return from < 0 ? from : to < 0 ? to : added(directory, name, changes.linkat(from, file.name, to, name));
}

export function removeFile(directory: RealDirectory, name: Bytes): number {
  const dirfd = guardDirectory(directory);
  return dirfd < 0 ? dirfd : removed(directory, name, changes.unlinkat(dirfd, name, 0));
}

export function removeDirectory(directory: RealDirectory, name: Bytes): number {
  const dirfd = guardDirectory(directory);
  return dirfd < 0 ? dirfd : removed(directory, name, changes.unlinkat(dirfd, name, AT_REMOVEDIR));
}

export function rename(from: RealDirectory, oldName: Bytes, to: RealDirectory, newName: Bytes, flags: number): number {
  const source = guardDirectory(from);
  const target = guardDirectory(to);
  return source < 0 ? source : target < 0 ? target : added(to, newName, changes.renameat2(source, oldName, target, newName, flags));
}

export function setMode(place: Place, mode: number): number {
  const dirfd = guard(place);
  return dirfd < 0 ? dirfd : changes.fchmodat(dirfd, place.name, mode);
}

/** -1 leaves an id as it is. */
export function setOwner(place: Place, uid: number, gid: number): number {
  const dirfd = guard(place);
  return dirfd < 0 ? dirfd : changes.fchownat(dirfd, place.name, uid, gid);
}

/** Null leaves a time as it is. */
export function setTimes(place: Place, newAtime: Time | null, newMtime: Time | null): number {
  const dirfd = guard(place);
  if (dirfd < 0) return dirfd;
  const atime = newAtime ?? KEEP;
  const mtime = newMtime ?? KEEP;
  return changes.utimensat(dirfd, place.name, atime.sec, atime.nsec, mtime.sec, mtime.nsec);
}

export function setXattr(place: Place, name: Bytes, value: Uint8Array, flags: number): number {
  const dirfd = guard(place);
  return dirfd < 0 ? dirfd : changes.setxattrat(dirfd, place.name, name, value, flags);
}

export function removeXattr(place: Place, name: Bytes): number {
  const dirfd = guard(place);
  return dirfd < 0 ? dirfd : changes.removexattrat(dirfd, place.name, name);
}

/** `fd` is `place`, opened. */
export function setFileFlags(place: Place, fd: number, flags: number): number {
  requireUpper(place);
  return changes.setFileFlags(fd, flags);
}

/** `fd` is `place`, opened; `extended` is a struct fsxattr. */
export function setExtendedFlags(place: Place, fd: number, extended: Uint8Array): number {
  requireUpper(place);
  return changes.setExtendedFlags(fd, extended);
}

/** Calls on an open file of the upper; whoever opened it for writing has been through the guard. */
export const openFile: Pick<
  Changes,
  | "pwrite" | "ftruncate" | "fallocate" | "copyFileRange" | "copyFileRangeAsync" | "copyAsync" | "ficlone"
  | "fsync" | "fdatasync" | "fsyncAsync" | "startWriteback" | "startWritebackAsync" | "syncfs"
> = native;

/** As `Changes.copyWholeAsync`, on the file system of a directory of the upper. */
export function copyWhole(
  directory: RealDirectory, count: number, files: Float64Array, attribute: Bytes, values: Uint8Array, refused: number,
  syncs: boolean,
): Promise<number[]> {
  return changes.copyWholeAsync(guardDirectory(directory), count, files, attribute, values, refused, syncs);
}

/** Opens a file of the upper for reading and writing; a descriptor or a negated errno. */
export function openForWriting(file: Place): number {
  const dirfd = guard(file);
  if (dirfd < 0) return dirfd;
  return native.openat(dirfd, file.name, file.name ? O_RDWR | O_NOFOLLOW : O_RDWR, 0);
}
