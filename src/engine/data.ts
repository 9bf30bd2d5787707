/**
 * File data: reads come from where the data is now, changes copy up first. All is served by inode, whoever
 * opened it and whatever its names are.
 */
import { bytes } from "../sys/bytes.js";
import { native } from "../sys/native.js";
import { E } from "../sys/errno.js";
import { S_IFREG, Stat } from "../sys/stat.js";
import { syncsNothing } from "./config.js";
import { copyUp } from "./copy-up.js";
import { DataFile } from "./data-file.js";
import { pathOf } from "./events.js";
import type { Inode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { onOwnDescriptor } from "./own-descriptor.js";
import { mayAllocate, mayChange, mayChangeData, mayWrite } from "./protection.js";
import { ITSELF, type RealFile } from "./real.js";
import { openFile, setTimes } from "./upper.js";

const stat = new Stat();

/** A descriptor for reading the inode's data, or an errno: EISDIR, EINVAL for what has no data. */
function reading(fs: OverlayFs, inode: Inode): number {
  if (inode.isDirectory) return -E.EISDIR;
  return inode.type === S_IFREG ? DataFile.descriptor(fs, inode, false) : -E.EINVAL;
}

/** A descriptor for changing the inode's data, which is in the upper then, or an errno. */
function writing(fs: OverlayFs, inode: Inode): number {
  if (inode.isDirectory) return -E.EISDIR;
  if (inode.type !== S_IFREG) return -E.EINVAL;
  const error = mayChangeData(fs, inode) || copyUp(fs, inode, "all");
  return error < 0 ? error : DataFile.descriptor(fs, inode, true);
}

/**
 * A descriptor of the file that holds an inode's data for good: no copy-up will ever move it. It is open for reading,
 * and in the upper for writing too; -EAGAIN where the data may still move.
 */
export function settledData(fs: OverlayFs, inode: Inode): number {
  if (inode.isDirectory || inode.type !== S_IFREG) return -E.EINVAL;
  if (!fs.work) return DataFile.descriptor(fs, inode, false);
  return inode.upper && !inode.metacopy ? DataFile.descriptor(fs, inode, true) : -E.EAGAIN;
}

/** pread(2) to `buffer[offset…]`; the bytes read. */
export function readData(
  fs: OverlayFs, inode: Inode, buffer: Uint8Array, offset: number, length: number, position: number,
): number {
  const fd = reading(fs, inode);
  if (fd < 0) return fd;
  if (position === 0) fs.walkAhead.read();
  if (!inode.isDirectory) inode.data?.reads(position, length);
  return native.pread(fd, buffer, offset, length, position);
}

/** pwrite(2) from `buffer[offset…]`; the bytes written. */
export function writeData(
  fs: OverlayFs, inode: Inode, buffer: Uint8Array, offset: number, length: number, position: number,
): number {
  const fd = writing(fs, inode);
  if (fd < 0) return fd;
  const refused = mayWrite(fs, inode, fd, buffer, offset, length, position);
  if (refused < 0) return refused;
  const written = openFile.pwrite(fd, buffer, offset, length, position);
  if (written > 0) wrote(fs, inode, position, written);
  return written;
}

/** What was written goes to the disk early, where it ever has to. */
function wrote(fs: OverlayFs, inode: Inode, position: number, length: number): void {
  fs.onEvent?.({ kind: "write", path: pathOf(inode), offset: position, bytes: length });
  if (!syncsNothing(fs.config) && !inode.isDirectory) inode.data?.wrote(position, length);
}

/** As writeData, and the mtime stays what it was. */
export function writeKeepingMtime(
  fs: OverlayFs, inode: Inode, buffer: Uint8Array, offset: number, length: number, position: number,
): number {
  const fd = writing(fs, inode);
  if (fd < 0) return fd;
  const refused = mayWrite(fs, inode, fd, buffer, offset, length, position);
  if (refused < 0) return refused;
  const found = native.statx(fd, ITSELF, stat.fields);
  const written = openFile.pwrite(fd, buffer, offset, length, position);
  if (written > 0) wrote(fs, inode, position, written);
  if (found >= 0 && written > 0) setTimes(inode.upper!, null, { sec: stat.mtimeSec, nsec: stat.mtimeNsec });
  return written;
}

export function allocate(fs: OverlayFs, inode: Inode, mode: number, offset: number, length: number): number {
  const refused = mayAllocate(fs, inode, mode);
  const fd = refused < 0 ? refused : writing(fs, inode);
  const error = fd < 0 ? fd : openFile.fallocate(fd, mode, offset, length);
  if (error >= 0) fs.onEvent?.({ kind: "metadata", path: pathOf(inode), changes: [bytes("space")] });
  return error;
}

export function seek(fs: OverlayFs, inode: Inode, offset: number, whence: number): number {
  const fd = reading(fs, inode);
  return fd < 0 ? fd : native.lseek(fd, offset, whence);
}

/** copy_file_range(2), once; the bytes copied. */
export function copyRange(
  fs: OverlayFs, from: Inode, fromOffset: number, to: Inode, toOffset: number, length: number,
): number {
  const target = mayChange(fs, to) || writing(fs, to);
  if (target < 0) return target;
  const source = reading(fs, from);
  const copied = source < 0 ? source : openFile.copyFileRange(source, fromOffset, target, toOffset, length);
  if (copied > 0) fs.onEvent?.({ kind: "write", path: pathOf(to), offset: toOffset, bytes: copied });
  return copied;
}

/** The descriptor to sync for an inode; null where nothing of it is in the upper, or an errno. */
function syncing(fs: OverlayFs, inode: Inode): number | null {
  if (!inode.upper || syncsNothing(fs.config) || !fs.work) return null;
  if (inode.isDirectory) return inode.upper.fd();
  if (inode.metacopy) return syncMetacopy(inode.upper);
  return inode.type === S_IFREG ? DataFile.descriptor(fs, inode, true) : null;
}

/** A metacopy has nothing to write back but its attributes; null or an errno. */
function syncMetacopy(file: RealFile): number | null {
  const fd = file.openForReading();
  if (fd < 0) return fd;
  const error = openFile.fsync(fd);
  native.close(fd);
  return error < 0 ? error : null;
}

/** fsync(2) or fdatasync(2), while the caller waits; 0 or an errno. */
export function syncNow(fs: OverlayFs, inode: Inode, dataOnly: boolean): number {
  const fd = syncing(fs, inode);
  if (fd === null || fd < 0) return fd ?? 0;
  return dataOnly ? openFile.fdatasync(fd) : openFile.fsync(fd);
}

/** As syncNow, off the thread; a number where there is nothing to wait for. */
export function sync(fs: OverlayFs, inode: Inode, dataOnly: boolean): number | Promise<number> {
  const fd = syncing(fs, inode);
  return fd === null ? 0 : onOwnDescriptor(fd, (own) => openFile.fsyncAsync(own, dataOnly));
}
