/**
 * Copy-up: before its first change an object of a lower is copied to the upper, whole, with all that belongs
 * to it: data, mode, owner, times, xattrs. It is built in the work directory and published by one link or
 * rename; missing parents come first, and a parent's times are put back as they were.
 * Source: Documentation/filesystems/overlayfs.rst, "Non-directories"; fs/overlayfs/copy_up.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFLNK, S_IFREG, Stat } from "../sys/stat.js";
import { createBuilding, publishNew, type Building } from "./building.js";
import { copyData, reflink } from "./data-copy.js";
import { closeData, DataFile } from "./data-file.js";
import { nameAdded } from "./directory.js";
import { markImpure } from "./impure.js";
import type { DirectoryInode, FileInode, Inode } from "./inode.js";
import { applyMetadata, type Metadata } from "./metadata.js";
import { encodeOrigin } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readLink } from "./real-link.js";
import { RealFile, type RealDirectory } from "./real.js";
import { dropStaged, failStaged, findStaged } from "./staging.js";
import { makeDirectory, makeNode, makeSymlink, openFile, removeFile, rename, setTimes } from "./upper.js";
import type { Work } from "./work.js";

const stat = new Stat();
const parentStat = new Stat();

/** Whether the data is copied too, or the file is about to be emptied anyway. */
export type DataNeeded = "all" | "none";

/** Makes sure that an inode stands in the upper; 0 or an errno (EROFS without an upper). */
export function copyUp(fs: OverlayFs, inode: Inode, data: DataNeeded = "all"): number {
  if (inode.upper) return 0;
  if (!fs.work) return -E.EROFS;
  fs.credentials.restore();
  if (!inode.isDirectory && inode.links.length === 0) return copyUpNameless(fs, fs.work, inode, data);
  const missing: Inode[] = [];
  for (let at: Inode | null = inode; at && !at.upper; at = parentOf(at)) missing.push(at);
  for (let i = missing.length - 1; i >= 0; i--) {
    const error = copyUpOne(fs, fs.work, missing[i]!, data);
    if (error < 0) return error;
    if (i > 0) fs.onAttributesChanged?.(missing[i]!);
  }
  return 0;
}

function parentOf(inode: Inode): DirectoryInode | null {
  return inode.isDirectory ? inode.parent : (inode.links[0]?.parent ?? null);
}

/** Copies up an inode whose parent stands in the upper. */
function copyUpOne(fs: OverlayFs, work: Work, inode: Inode, data: DataNeeded): number {
  if (inode.isDirectory && inode.removed) return -E.ENOENT;
  const parent = parentOf(inode)!;
  const name = inode.isDirectory ? inode.name : inode.links[0]!.name;
  const upperParent = parent.upper!;
  const times = native.statx(upperParent.fd(), "" as Bytes, parentStat.fields);
  if (times < 0) return times;
  const impure = markImpure(fs, parent);
  if (impure < 0) return impure;
  const error = inode.isDirectory
    ? copyUpDirectory(fs, work, inode, upperParent, name)
    : inode.type === S_IFREG
      ? copyUpRegular(fs, work, inode, upperParent, name, data)
      : copyUpSpecial(fs, work, inode, upperParent, name);
  // Best effort, also when the copy-up failed: the temporary names have touched nothing here.
  setTimes(upperParent, { sec: parentStat.atimeSec, nsec: parentStat.atimeNsec }, { sec: parentStat.mtimeSec, nsec: parentStat.mtimeNsec });
  return error;
}

/** What is to be carried over to the upper; `stat` receives the attributes of the lower object. */
function metadataOf(inode: Inode): Metadata | number {
  const lower = inode.isDirectory ? inode.lower[0]! : inode.lower!;
  const dirfd = lower.dirfd();
  const found = dirfd < 0 ? dirfd : native.statx(dirfd, lower.name, stat.fields);
  if (found < 0) return found;
  if (stat.type !== inode.type) return -E.ESTALE;
  // A copy of one name of a hard-linked lower is no longer that lower: no origin.
  const hasOrigin = inode.isDirectory || stat.nlink === 1;
  return { lower, stat, origin: hasOrigin ? encodeOrigin(lower) : null };
}

function copyUpDirectory(fs: OverlayFs, work: Work, inode: DirectoryInode, parent: RealDirectory, name: Bytes): number {
  const metadata = metadataOf(inode);
  if (typeof metadata === "number") return metadata;
  const temporary = work.temporaryName();
  const made = makeDirectory(work.directory, temporary, 0o700);
  if (made < 0) return made;
  const directory = work.directory.child(temporary);
  const error = publishNamed(fs, work, temporary, directory, metadata, parent, name);
  if (error < 0) return error;
  inode.upper = directory;
  inode.mayHoldWhiteouts = true;
  return 0;
}

function copyUpSpecial(fs: OverlayFs, work: Work, inode: FileInode, parent: RealDirectory, name: Bytes): number {
  const metadata = metadataOf(inode);
  if (typeof metadata === "number") return metadata;
  const temporary = work.temporaryName();
  const made = makeSpecial(work, inode, temporary);
  if (made < 0) return made;
  const file = new RealFile(work.directory, temporary);
  const error = publishNamed(fs, work, temporary, file, metadata, parent, name);
  if (error < 0) return error;
  settle(fs, inode, file, metadata);
  return 0;
}

/** Completes what was built under a temporary name and moves it to its place; 0 or an errno. */
function publishNamed(
  fs: OverlayFs, work: Work, temporary: Bytes, real: RealDirectory | RealFile, metadata: Metadata, parent: RealDirectory, name: Bytes,
): number {
  let error = applyMetadata(fs, real, metadata);
  if (error >= 0) error = rename(work.directory, temporary, parent, name, 0);
  if (error < 0) work.discard(temporary);
  else real.move(parent, name);
  return error;
}

/** A symlink, device, fifo or socket like the lower one, under a temporary name. */
function makeSpecial(work: Work, inode: FileInode, temporary: Bytes): number {
  if (inode.type !== S_IFLNK) return makeNode(work.directory, temporary, inode.type, stat.rdevMajor, stat.rdevMinor);
  const target = readLink(inode.lower!);
  return typeof target === "number" ? target : makeSymlink(work.directory, temporary, target);
}

function copyUpRegular(
  fs: OverlayFs, work: Work, inode: FileInode, parent: RealDirectory, name: Bytes, data: DataNeeded,
): number {
  const built = buildRegular(fs, work, inode, data);
  if (typeof built === "number") return built;
  const { building, metadata } = built;
  const error = publishNew(work, building, parent, name);
  if (error < 0) {
    failStaged(fs, inode, building, error);
    return error;
  }
  adopt(fs, inode, new RealFile(parent, name), building, metadata);
  return 0;
}

/** An unlinked file that is still in use: its copy never gets a name. */
function copyUpNameless(fs: OverlayFs, work: Work, inode: FileInode, data: DataNeeded): number {
  if (inode.type !== S_IFREG) return -E.ENOENT;
  const built = buildRegular(fs, work, inode, data);
  if (typeof built === "number") return built;
  const { building, metadata } = built;
  const held = native.dup(building.fd);
  if (held < 0) {
    failStaged(fs, inode, building, held);
    return held;
  }
  if (building.name !== null) removeFile(work.directory, building.name);
  adopt(fs, inode, RealFile.nameless(work.directory, held), building, metadata);
  inode.lostLinks = 0;
  return 0;
}

/** The upper file, complete but for its name. */
function buildRegular(
  fs: OverlayFs, work: Work, inode: FileInode, data: DataNeeded,
): { building: Building; metadata: Metadata } | number {
  const metadata = metadataOf(inode);
  if (typeof metadata === "number") return metadata;
  const staged = data === "all" ? findStaged(inode) : null;
  if (typeof staged === "number") return staged;
  const building = staged ?? createBuilding(work, 0o600);
  if (typeof building === "number") return building;
  let error = 0;
  if (!staged && data === "all" && stat.size > 0) error = copyAllData(fs, inode.lower!, building.fd);
  if (error >= 0) error = applyMetadata(fs, building.place, metadata);
  if (error < 0) {
    failStaged(fs, inode, building, error);
    return error;
  }
  return { building, metadata };
}

function copyAllData(fs: OverlayFs, lower: RealFile, target: number): number {
  const source = lower.openForReading();
  if (source < 0) return source;
  let error = reflink(source, target);
  if (error < 0) error = copyData(source, target, stat.size);
  native.close(source);
  return error < 0 || fs.isVolatile ? error : openFile.fsync(target);
}

/** The inode now stands in the upper, and its data is served from the file just built. */
function adopt(fs: OverlayFs, inode: FileInode, file: RealFile, building: Building, metadata: Metadata): void {
  closeData(inode);
  dropStaged(fs, inode, building);
  settle(fs, inode, file, metadata);
  inode.data = DataFile.adopt(fs.descriptors, file, building.fd);
}

function settle(fs: OverlayFs, inode: FileInode, file: RealFile, metadata: Metadata): void {
  inode.upper = file;
  inode.hasOrigin = metadata.origin !== null;
  if (inode.hasOrigin) return;
  // The link to the other names of the lower is broken, so this is another file now, with its own number.
  if (native.statx(file.dirfd(), file.name, stat.fields) >= 0) inode.ino = fs.numbers.of(stat);
  fs.onAttributesChanged?.(inode);
  for (const { parent, name } of inode.links) {
    nameAdded(fs, parent, name, inode);
    fs.onListingChanged?.(parent);
  }
}

