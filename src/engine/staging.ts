/**
 * Staging: the data of a large file, a lower's or a metacopy's, is copied off the thread into a nameless file of
 * the work directory, while everything else is served. The copy-up proper then only adds the metadata and
 * publishes it.
 */
import { E } from "../sys/errno.js";
import { S_IFREG, Stat } from "../sys/stat.js";
import { native } from "../sys/native.js";
import { copyAndSyncAsync, reflink } from "./data-copy.js";
import type { FileInode, Inode } from "./inode.js";
import type { Layer } from "./layer.js";
import { inTurn, mayCopyLong } from "./long-copies.js";
import { dataOf } from "./lower-data.js";
import type { Metadata } from "./metadata.js";
import type { OverlayFs } from "./overlay-fs.js";
import { createBuilding, discardBuilding, type Building } from "./building.js";

/** Bytes: from this size on a copy-up may take longer than a caller elsewhere should wait. */
export const LONG_COPY = 1024 * 1024;

/** A copy of an inode's data that waits, or is being made. */
export interface Staged {
  /** Null where only the end of the copying brings it. */
  building: Building | null;
  /** Settles when the copy is made, or has failed. */
  readonly settled: Promise<void>;
  /** Bytes copied; null while it is being made. */
  size: number | null;
  /** What it was made with (but for the attributes, which the copy has), where it is complete and on the disk; null for data alone. */
  readonly metadata: Metadata | null;
  /** 0, or why the copy-up failed; all who waited for it are told so, and its building is gone. */
  error: number;
}

const stat = new Stat();

/** Starts, or joins, the copying of an inode's data; null where a copy-up would be short anyway. */
export function stage(fs: OverlayFs, inode: Inode): Promise<void> | null {
  if (inode.isDirectory || inode.type !== S_IFREG || !fs.work || !mayCopyLong) return null;
  if (inode.upper && !isReplaceable(inode)) return null;
  if (inode.staged?.error === 0) return inode.staged.size === null ? inode.staged.settled : null;
  inode.staged = null;
  const { real } = inode;
  if (native.statx(real.dirfd(), real.name, stat.fields) < 0 || stat.size < LONG_COPY) return null;
  if (inode.upper && stat.nlink > 1) return null;
  const { size } = stat;
  const data = dataOf(fs, inode);
  if (typeof data === "number") return null;
  const source = data.openForReading();
  if (source < 0) return null;
  const building = createBuilding(fs.work, S_IFREG);
  if (typeof building === "number") {
    native.close(source);
    return null;
  }
  if (reflink(source, data.layer, building.fd) >= 0) {
    native.close(source);
    inode.staged = { building, settled: Promise.resolve(), size, error: 0, metadata: null };
    return null;
  }
  return begin(fs, inode, building, source, data.layer, size);
}

/** A metacopy of the upper that another file can take the place of: it has one name, and its number from a lower. */
function isReplaceable({ metacopy, hasOneName, indexed, hasOrigin }: FileInode): boolean {
  return metacopy !== null && hasOneName && indexed === null && hasOrigin;
}

function begin(fs: OverlayFs, inode: FileInode, building: Building, source: number, layer: Layer, size: number): Promise<void> {
  const settled = inTurn(() => {
    // While it waited another copy may have been made, in a hurry, or the inode dropped.
    return inode.staged?.building === building ? copyAndSyncAsync(fs, source, layer, building.fd, size) : Promise.resolve(-E.ECANCELED);
  }).then((error) => {
    native.close(source);
    const own = inode.staged;
    if (own?.building !== building) discardBuilding(fs.work!, building);
    else if (error < 0) failStaged(fs, inode, building, error);
    else own.size = size;
  });
  inode.staged = { building, settled, size: null, error: 0, metadata: null };
  return settled;
}

/** What was staged for an inode, for its copy-up; null where nothing was, or an errno. */
export function findStaged(inode: FileInode): Building | null | number {
  const { staged } = inode;
  if (!staged) return null;
  if (staged.error < 0) return staged.error;
  // Not finished: whoever is in a hurry copies anew.
  return staged.size === null ? null : staged.building;
}

/** As findStaged, for a copy that has its metadata too; null where there is none. */
export function findWhole(inode: Inode): { readonly metadata: Metadata; readonly size: number } | null {
  const staged = inode.isDirectory ? null : inode.staged;
  if (!staged?.metadata || staged.size === null) return null;
  return { metadata: staged.metadata, size: staged.size };
}

/** The copy-up with this building failed: it is given up, and who waited for it is not to begin anew. */
export function failStaged(fs: OverlayFs, inode: FileInode, building: Building, error: number): void {
  discardBuilding(fs.work!, building);
  if (inode.staged?.building === building) inode.staged.error = error;
}

/** The inode stands in the upper, with `used` as its file, or goes away: nothing else is needed any more. */
export function dropStaged(fs: OverlayFs, inode: FileInode, used: Building | null): void {
  const { staged } = inode;
  inode.staged = null;
  // One that is not finished is discarded when it is.
  if (staged?.building && staged.building !== used && staged.size !== null && staged.error === 0) discardBuilding(fs.work!, staged.building);
}
