/**
 * Listing merged directories: the names of all layers from the top, less what whiteouts hide, each with the
 * inode number that stat gives for it.
 * Source: Documentation/filesystems/overlayfs.rst, "readdir"; fs/overlayfs/readdir.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import type { DirectoryInode, Inode } from "./inode.js";
import { DOT, DOT_DOT, Listing, type UnplacedEntry } from "./listing.js";
import { findChild } from "./lookup.js";
import { learnLowerNames, releaseLowerNames } from "./known-names.js";
import { hiddenBy, isMarkName } from "./oci.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readEntries, type RealEntry } from "./real-entries.js";
import type { RealDirectory } from "./real.js";
import { direntType, DT_CHR, DT_DIR, DT_REG, DT_UNKNOWN } from "./types.js";
import { isWhiteout } from "./whiteout.js";

const stat = new Stat();

/** The listing of a directory, kept in the inode until its reader is through. */
export function listDirectory(fs: OverlayFs, directory: DirectoryInode): Listing | Errno {
  if (directory.listing) return directory.listing;
  const entries = collectEntries(fs, directory);
  if (isErrno(entries)) return entries;
  directory.listing = new Listing(entries);
  return directory.listing;
}

/** Its reader is through: the listing need not be kept. */
export function releaseListing(directory: DirectoryInode): void {
  directory.listing = null;
  releaseLowerNames(directory);
}

function collectEntries(fs: OverlayFs, directory: DirectoryInode): UnplacedEntry[] | Errno {
  const result: UnplacedEntry[] = [
    { name: DOT, type: DT_DIR, ino: directory.ino },
    { name: DOT_DOT, type: DT_DIR, ino: (directory.parent ?? directory).ino },
  ];
  if (directory.removed) return result;
  const { reals } = directory;
  const read: RealEntry[][] = [];
  for (const real of reals) {
    const entries = readEntries(real);
    if (isErrno(entries)) return entries;
    read.push(entries);
  }
  learnLowerNames(directory, directory.upper ? read.slice(1) : read);
  const seen = directory.isMerged ? new Set<Bytes>() : null;
  for (const [i, real] of reals.entries()) {
    showEach(fs, real, read[i]!, seen, (entry, type) => {
      result.push({ name: entry.name, type, ino: inoOf(fs, directory, real, entry, type) });
      return true;
    });
  }
  return result;
}

/**
 * Calls `show` for each name that a layer adds to those `seen` in the layers above it (null if it is the only one), with its
 * type, until that answers false; whether it never did.
 */
function showEach(
  fs: OverlayFs, real: RealDirectory, entries: readonly RealEntry[], seen: Set<Bytes> | null,
  show: (entry: RealEntry, type: number) => boolean,
): boolean {
  for (const entry of entries) {
    if (seen?.has(entry.name) || (fs.hasOciMarks && isMarkName(entry.name))) continue;
    seen?.add(entry.name);
    const type = visibleType(fs, real, entry);
    if (type !== null && !show(entry, type)) return false;
  }
  if (seen && fs.hasOciMarks) hideMarked(entries, seen);
  return true;
}

/** What a layer's marks hide of the layers below. */
function hideMarked(entries: readonly RealEntry[], seen: Set<Bytes>): void {
  for (const { name } of entries) {
    const hidden = isMarkName(name) ? hiddenBy(name) : null;
    if (hidden !== null) seen.add(hidden);
  }
}

function deviceOf(real: RealDirectory): number {
  if (real.device < 0 && native.statx(real.dirfd(), real.name, stat.fields) >= 0) real.device = stat.dev;
  return Math.max(real.device, 0);
}

/** The type of an entry; null for a whiteout, and for what went away meanwhile. */
function visibleType(fs: OverlayFs, real: RealDirectory, entry: RealEntry): number | null {
  if (fs.work?.isSharedWhiteout(real, entry)) return null;
  const mayBeWhiteout = entry.type === DT_CHR || (real.xwhiteouts && entry.type === DT_REG);
  if (entry.type !== DT_UNKNOWN && !mayBeWhiteout) return entry.type;
  if (native.statx(real.fd(), entry.name, stat.fields) < 0) return null;
  return isWhiteout(real, entry.name, stat) ? null : direntType(stat.mode);
}

/** The inode number: that of the origin where the object was, or may have been, copied up or merged. */
function inoOf(
  fs: OverlayFs, directory: DirectoryInode, real: RealDirectory, entry: RealEntry, type: number,
): bigint {
  const known = directory.children?.get(entry.name);
  if (known) return known.ino;
  const mayHaveOrigin = real.layer.isUpper && (directory.impure || (type === DT_DIR && directory.lower.length > 0));
  if (!mayHaveOrigin) return fs.numbers.on(deviceOf(real), entry.ino);
  const inode = findChild(fs, directory, entry.name);
  if (typeof inode !== "object") return fs.numbers.on(deviceOf(real), entry.ino);
  fs.inodes.forget(inode, 0);
  return inode.ino;
}

/** A name has come to a directory, or stands for something else now. */
export function nameAdded(fs: OverlayFs, directory: DirectoryInode, name: Bytes, inode: Inode): void {
  fs.misses.forget(directory, name);
  directory.listing?.add({ name, type: direntType(inode.type), ino: inode.ino });
}

/** A name has gone from a directory. */
export function nameRemoved(directory: DirectoryInode, name: Bytes): void {
  directory.listing?.remove(name);
}

/**
 * Whether a directory shows nothing, so that it may be removed: the whiteouts in its upper, which must be
 * cleared first, or ENOTEMPTY.
 */
export function checkEmpty(fs: OverlayFs, directory: DirectoryInode): readonly Bytes[] | Errno {
  const seen = new Set<Bytes>();
  let inUpper: readonly Bytes[] = [];
  for (const real of directory.reals) {
    const entries = readEntries(real);
    if (isErrno(entries)) return entries;
    if (!showEach(fs, real, entries, seen, () => false)) return fail(E.ENOTEMPTY);
    if (real.layer.isUpper) inUpper = entries.map((entry) => entry.name);
  }
  return inUpper;
}
