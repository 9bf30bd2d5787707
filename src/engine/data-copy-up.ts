/**
 * The data of a metacopy follows. Where it was copied ahead, off the thread, that file takes the metacopy's place;
 * else it is copied into the upper file, which stays a metacopy until all of it is there and on the disk, and
 * taking the mark away publishes it.
 * Source: ovl_copy_up_meta_inode_data in fs/overlayfs/copy_up.c.
 */
import { native } from "../sys/native.js";
import { typeOf } from "../sys/object-type.js";
import { Stat } from "../sys/stat.js";
import { copyAll, syncCopy } from "./data-copy.js";
import { publishOver, type Building } from "./building.js";
import { closeData, DataFile } from "./data-file.js";
import { pathOf } from "./events.js";
import type { FileInode } from "./inode.js";
import { dataOf } from "./lower-data.js";
import { unmarkMetacopy } from "./metacopy.js";
import { applyMetadata } from "./metadata.js";
import type { OverlayFs } from "./overlay-fs.js";
import { onOpened } from "./real-flags.js";
import { readXattr } from "./real-xattr.js";
import { keepTimes } from "./parent-times.js";
import { nameOf } from "./provenance.js";
import { RealFile, type Place } from "./real.js";
import { dropStaged, failStaged, findStaged } from "./staging.js";
import { openForWriting, setTimes, setXattr } from "./upper.js";
import type { Work } from "./work.js";
import { XATTR_CAPABILITY } from "./xattr-names.js";

const stat = new Stat();

/** Gives a metacopy of the upper its data, or none if it is about to be emptied; 0 or an errno. */
export function copyUpData(fs: OverlayFs, inode: FileInode, isNeeded: boolean): number {
  const staged = isNeeded ? findStaged(inode) : null;
  if (typeof staged === "number") return staged;
  const source = dataOf(fs, inode);
  if (typeof source === "number") return source;
  // Its name may have gone, or another come, while the data was copied.
  const error = staged && inode.hasOneName ? replace(fs, fs.work!, inode, staged) : copyInPlace(fs, inode, source, isNeeded);
  if (error >= 0) copiedUp(fs, inode, source, isNeeded ? stat.size : 0);
  return error;
}

function copiedUp(fs: OverlayFs, inode: FileInode, { layer }: RealFile, bytes: number): void {
  fs.counts.copiedBytes += bytes;
  fs.onEvent?.({ kind: "copy-up", path: pathOf(inode), type: typeOf(inode.type), from: nameOf(fs, layer), part: "data", bytes });
}

/** A file with all of the data, copied ahead, takes the place of the metacopy. */
function replace(fs: OverlayFs, work: Work, inode: FileInode, building: Building): number {
  fs.credentials.restore();
  const upper = inode.upper!;
  const { name } = inode;
  const parent = inode.parent!;
  const directory = parent.upper!;
  const found = native.statx(upper.dirfd(), upper.name, stat.fields);
  let error = found < 0 ? found : applyMetadata(fs, building.place, { lower: upper, stat, origin: null, isIndexed: false });
  if (error >= 0) error = copyMarks(upper, building.place);
  if (error >= 0) error = keepTimes(directory, () => publishOver(work, building, directory, name));
  if (error < 0) {
    failStaged(fs, inode, building, error);
    return error;
  }
  dropStaged(fs, inode, building);
  upper.release();
  const file = new RealFile(directory, name);
  inode.upper = file;
  inode.metacopy = null;
  closeData(inode);
  inode.data = DataFile.adopt(fs.descriptors, file, building.fd);
  return 0;
}

/** What the overlay itself wrote of a file, but for what makes it a metacopy; 0 or an errno. */
function copyMarks(from: RealFile, to: Place): number {
  const { origin, protattr } = from.layer.xattrs;
  for (const mark of [origin, protattr]) {
    const value = readXattr(from, mark);
    const error = typeof value === "number" ? 0 : setXattr(to, mark, value, 0);
    if (error < 0) return error;
  }
  return 0;
}

function copyInPlace(fs: OverlayFs, inode: FileInode, source: RealFile, isNeeded: boolean): number {
  const upper = inode.upper!;
  const found = native.statx(upper.dirfd(), upper.name, stat.fields);
  if (found < 0) return found;
  let error = isNeeded && stat.size > 0 ? fill(fs, upper, source) : 0;
  if (error >= 0) error = unmarkMetacopy(upper);
  if (error < 0) return error;
  inode.metacopy = null;
  closeData(inode);
  dropStaged(fs, inode, null);
  return 0;
}

function fill(fs: OverlayFs, upper: RealFile, source: RealFile): number {
  // Writing takes file capabilities away, which this is no reason for.
  const capability = readXattr(upper, XATTR_CAPABILITY);
  const kept = typeof capability === "number" ? null : Buffer.from(capability);
  const target = openForWriting(upper);
  if (target < 0) return target;
  let error = onOpened(source, (fd) => copyAll(fs, fd, source, target, stat));
  if (error >= 0 && kept) error = setXattr(upper, XATTR_CAPABILITY, kept, 0);
  if (error >= 0) error = syncCopy(fs, target);
  native.close(target);
  if (error >= 0) setTimes(upper, { sec: stat.atimeSec, nsec: stat.atimeNsec }, { sec: stat.mtimeSec, nsec: stat.mtimeNsec });
  return error;
}
