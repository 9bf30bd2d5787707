/**
 * Copying a file's data: by reflink where the file system can share blocks, else extent by extent with holes
 * left as holes, by copy_file_range(2) where the file system may have its own way for that. What is to be copied is
 * planned first, so that the same plan can be carried out at once or off the thread. The disk begins with a copy at
 * once, by sync_file_range(2), which promises nothing: whoever publishes a copy calls `syncCopy` first, and finds most of
 * it written.
 */
import { SEEK_DATA, SEEK_HOLE } from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import type { Stat } from "../sys/stat.js";
import { syncsNothing } from "./config.js";
import type { Layer } from "./layer.js";
import type { OverlayFs } from "./overlay-fs.js";
import type { Place } from "./real.js";
import { openFile } from "./upper.js";

/** A stretch of data between holes, in bytes. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/** Bytes that `Stat.blocks` counts by. */
const STAT_BLOCK = 512;
const buffer = Buffer.allocUnsafeSlow(256 * 1024);
/** Bytes copied off the thread before the disk is told of them. */
const STEP = 16 * 1024 * 1024;

type Synced = Pick<OverlayFs, "config">;

const mustSync = ({ config }: Synced): boolean => !syncsNothing(config);

/** Copies all data of an open file of a layer into another open one, by reflink where that goes; 0 or an errno. */
export function copyAll(fs: Synced, fd: number, { layer }: Place, target: number, stat: Stat): number {
  if (reflink(fd, layer, target) >= 0) return 0;
  const error = copyBytes(fd, layer, target, stat.size, isDense(stat));
  if (error >= 0 && mustSync(fs)) openFile.startWriteback(target, 0, 0);
  return error;
}

/** Whether a file has blocks for all of its size, and so no holes that count. */
export function isDense({ size, blocks }: Stat): boolean {
  return blocks * STAT_BLOCK >= size;
}

/** What was copied is on the disk, as far as the mount wants it to be, and may be published; 0 or an errno. */
export function syncCopy(fs: Synced, target: number): number {
  return mustSync(fs) ? openFile.fsync(target) : 0;
}

function copyBytes(source: number, layer: Layer, target: number, size: number, isDense: boolean): number {
  return isDense && size <= buffer.length ? copySmall(source, target, size) : copyData(source, layer, target, size);
}

/** A few pages without a hole; 0 or an errno. */
function copySmall(source: number, target: number, size: number): number {
  const copied = copyBuffered(source, target, 0, size);
  if (copied < 0 || copied === size) return Math.min(copied, 0);
  return openFile.ftruncate(target, size);
}

/** Shares the source's blocks with the target; 0, or an errno where the file systems can't. */
export function reflink(source: number, layer: Layer, target: number): number {
  if (!layer.mayReflink) return -E.EOPNOTSUPP;
  const error = openFile.ficlone(target, source);
  if (error === -E.EOPNOTSUPP || error === -E.EXDEV || error === -E.ENOTTY) layer.mayReflink = false;
  return error;
}

/** The data extents of a file of `size` bytes; one of all where the file system does not tell holes. */
export function dataExtents(fd: number, size: number): Extent[] {
  const extents: Extent[] = [];
  let position = 0;
  while (position < size) {
    const start = native.lseek(fd, position, SEEK_DATA);
    if (start === -E.ENXIO) break;
    if (start < 0) return [{ start: 0, length: size }];
    const hole = native.lseek(fd, start, SEEK_HOLE);
    const end = hole < 0 ? size : Math.min(hole, size);
    if (end <= start) break;
    extents.push({ start, length: end - start });
    position = end;
  }
  return extents;
}

/** Copies a file's data and sets the size; 0 or an errno. */
function copyData(source: number, layer: Layer, target: number, size: number): number {
  for (const extent of dataExtents(source, size)) {
    const error = copyExtent(source, layer, target, extent);
    if (error < 0) return error;
  }
  return openFile.ftruncate(target, size);
}

/** As copyData and syncCopy, on libuv's pool. */
export async function copyAndSyncAsync(fs: Synced, source: number, layer: Layer, target: number, size: number): Promise<number> {
  for (const extent of dataExtents(source, size)) {
    const error = await copyExtentAsync(fs, source, layer, target, extent);
    if (error < 0) return error;
  }
  const error = openFile.ftruncate(target, size);
  return error < 0 || !mustSync(fs) ? error : openFile.fsyncAsync(target, false);
}

async function copyExtentAsync(fs: Synced, source: number, layer: Layer, target: number, { start, length }: Extent): Promise<number> {
  for (let done = 0; done < length;) {
    const at = start + done;
    const copied = await copyPieceAsync(source, layer, target, at, Math.min(STEP, length - done));
    if (copied < 0) return copied;
    // The source is shorter than it was: the rest reads as zeros, as the size is set behind it.
    if (copied === 0) break;
    if (mustSync(fs)) await openFile.startWritebackAsync(target, at, copied);
    done += copied;
  }
  return 0;
}

function copyPieceAsync(source: number, layer: Layer, target: number, at: number, length: number): Promise<number> {
  return layer.mayCopyRanges ? openFile.copyFileRangeAsync(source, at, target, at, length) : openFile.copyAsync(source, at, target, at, length);
}

function copyExtent(source: number, layer: Layer, target: number, { start, length }: Extent): number {
  for (let done = 0; done < length;) {
    const copied = copyPiece(source, layer, target, start + done, length - done);
    if (copied < 0) return copied;
    if (copied === 0) break;
    done += copied;
  }
  return 0;
}

/** Some of a stretch; the bytes copied. */
function copyPiece(source: number, layer: Layer, target: number, at: number, length: number): number {
  if (layer.mayCopyRanges && length > buffer.length) {
    const copied = openFile.copyFileRange(source, at, target, at, length);
    if (!mustBuffer(copied)) return copied;
  }
  return copyBuffered(source, target, at, Math.min(buffer.length, length));
}

/** copy_file_range(2) can't: other file systems, or one of them has no such call. */
function mustBuffer(result: number): boolean {
  return result === -E.EXDEV || result === -E.EINVAL || result === -E.EOPNOTSUPP || result === -E.ENOSYS;
}

/** All that there was to read, `length` bytes at most, or an errno. */
function copyBuffered(source: number, target: number, at: number, length: number): number {
  const read = native.pread(source, buffer, 0, length, at);
  for (let done = 0; done < read;) {
    // The end of a disk or a quota cuts a write short; what there is then must not pass for all that there is to copy.
    const written = openFile.pwrite(target, buffer, done, read - done, at + done);
    if (written <= 0) return written || -E.EIO;
    done += written;
  }
  return read;
}
