/**
 * Staging: the data of a large file is copied off the thread into a nameless file of the work directory,
 * while everything else is served. The copy-up proper then only adds the metadata and publishes it.
 */
import { S_IFREG, Stat } from "../sys/stat.js";
import { native } from "../sys/native.js";
import { copyDataAsync, reflink } from "./data-copy.js";
import type { FileInode, Inode } from "./inode.js";
import type { OverlayFs } from "./overlay-fs.js";
import { openFile } from "./upper.js";
import { createBuilding, discardBuilding, type Building } from "./building.js";

/** From this size on a copy-up may take longer than a caller elsewhere should wait. */
const LONG_COPY = 1024 * 1024;

/** A copy of an inode's data that waits, or is being made. */
export interface Staged {
  readonly building: Building;
  /** Settles when the copy is made, or has failed. */
  readonly settled: Promise<void>;
  /** Bytes copied; null while it is being made. */
  size: number | null;
  /** 0, or why the copy failed. */
  error: number;
}

const stat = new Stat();

/** Starts, or joins, the copying of an inode's data; null where a copy-up would be short anyway. */
export function stage(fs: OverlayFs, inode: Inode): Promise<void> | null {
  if (inode.isDirectory || inode.type !== S_IFREG || inode.upper || !fs.work) return null;
  if (inode.staged) return inode.staged.size === null && inode.staged.error === 0 ? inode.staged.settled : null;
  const lower = inode.lower!;
  if (native.statx(lower.dirfd(), lower.name, stat.fields) < 0 || stat.size < LONG_COPY) return null;
  const { size } = stat;
  const source = lower.openForReading();
  if (source < 0) return null;
  const building = createBuilding(fs.work, S_IFREG);
  if (typeof building === "number") {
    native.close(source);
    return null;
  }
  if (reflink(source, building.fd) >= 0) {
    native.close(source);
    inode.staged = { building, settled: Promise.resolve(), size, error: 0 };
    return null;
  }
  return begin(fs, inode, building, source, size);
}

function begin(fs: OverlayFs, inode: FileInode, building: Building, source: number, size: number): Promise<void> {
  const settled = copyAndSync(fs, source, building.fd, size).then((error) => {
    native.close(source);
    const own = inode.staged;
    if (own?.building !== building) discardBuilding(fs.work!, building);
    else if (error < 0) own.error = error;
    else own.size = size;
  });
  inode.staged = { building, settled, size: null, error: 0 };
  return settled;
}

async function copyAndSync(fs: OverlayFs, source: number, target: number, size: number): Promise<number> {
  const error = await copyDataAsync(source, target, size);
  return error < 0 || fs.isVolatile ? error : openFile.fsyncAsync(target, false);
}

/** What was staged for an inode, handed over to the copy-up; null where nothing was, or an errno. */
export function takeStaged(fs: OverlayFs, inode: FileInode): Building | null | number {
  const { staged } = inode;
  if (!staged) return null;
  inode.staged = null;
  if (staged.error < 0) {
    discardBuilding(fs.work!, staged.building);
    return staged.error;
  }
  // Not finished: whoever is in a hurry copies anew, and the unfinished one is discarded when it settles.
  return staged.size === null ? null : staged.building;
}

/** The inode goes away before its copy-up. */
export function dropStaged(fs: OverlayFs, inode: FileInode): void {
  const { staged } = inode;
  inode.staged = null;
  if (staged && (staged.size !== null || staged.error < 0)) discardBuilding(fs.work!, staged.building);
}
