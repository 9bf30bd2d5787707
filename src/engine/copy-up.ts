/**
 * Copy-up: before its first change an object of a lower is copied to the upper, whole, with all that belongs
 * to it: data, mode, owner, times, xattrs. It is built in the work directory and published by one link or
 * rename; missing parents come first, and a parent's times are put back as they were. With metacopy=on a change
 * of attributes alone leaves the data where it is; with an index, names of one lower file stay one file.
 * Source: Documentation/filesystems/overlayfs.rst, "Non-directories"; fs/overlayfs/copy_up.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { typeOf } from "../sys/object-type.js";
import { S_IFLNK, S_IFREG, Stat } from "../sys/stat.js";
import { createBuilding, discardBuilding, publishNew, type Building } from "./building.js";
import { copyAll, syncCopy } from "./data-copy.js";
import { copyUpData } from "./data-copy-up.js";
import { closeData, DataFile } from "./data-file.js";
import { nameAdded } from "./directory.js";
import { pathOf } from "./events.js";
import { markImpure } from "./impure.js";
import { addDirectory, indexName, removeUnlinked, type Index } from "./index-directory.js";
import type { DirectoryInode, FileInode, Inode, Link } from "./inode.js";
import { knowEmpty } from "./known-names.js";
import { linkUp } from "./link-up.js";
import { dataOf } from "./lower-data.js";
import { markMetacopy, maySkipData } from "./metacopy.js";
import { applyMetadata, type Metadata } from "./metadata.js";
import { encodeOrigin } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { applyOverride } from "./override-stat.js";
import { keepTimes } from "./parent-times.js";
import { nameOf } from "./provenance.js";
import { onOpened } from "./real-flags.js";
import { readLink } from "./real-link.js";
import { RealFile, type RealDirectory } from "./real.js";
import { dropStaged, failStaged, findStaged, findWhole } from "./staging.js";
import { makeDirectory, makeNode, makeSymlink, openFile, removeFile, rename } from "./upper.js";
import type { Work } from "./work.js";

const stat = new Stat();

/**
 * What the change that follows needs of the data: all of it, none because the file is about to be emptied, or
 * nothing at all because only attributes change.
 */
export type DataNeeded = "all" | "none" | "untouched";

/** Makes sure that an inode stands in the upper; 0 or an errno (EROFS without an upper). */
export function copyUp(fs: OverlayFs, inode: Inode, data: DataNeeded = "untouched"): number {
  if (inode.upper) {
    return data !== "untouched" && !inode.isDirectory && inode.metacopy ? copyUpData(fs, inode, data === "all") : 0;
  }
  if (!fs.work) return -E.EROFS;
  fs.credentials.restore();
  if (!inode.isDirectory && !inode.parent) return copyUpNameless(fs, fs.work, inode, data);
  const missing: Inode[] = [];
  for (let at: Inode | null = inode; at && !at.upper; at = at.parent) missing.push(at);
  for (let i = missing.length - 1; i >= 0; i--) {
    const error = copyUpOne(fs, fs.work, missing[i]!, data);
    if (error < 0) return error;
    if (i > 0) fs.onAttributesChanged?.(missing[i]!);
  }
  return 0;
}

/** Copies up an inode whose parent stands in the upper. */
function copyUpOne(fs: OverlayFs, work: Work, inode: Inode, data: DataNeeded): number {
  if (inode.isDirectory && inode.removed) return -E.ENOENT;
  const { name } = inode;
  const parent = inode.parent!;
  const whole = data === "none" ? null : findWhole(inode);
  const metadata = whole?.metadata ?? metadataOf(fs, inode);
  if (typeof metadata === "number") return metadata;
  const size = whole?.size ?? stat.size;
  const error = !inode.isDirectory && metadata.isIndexed
    ? copyUpToIndex(fs, work, inode, metadata, data, { parent, name })
    : copyUpToParent(fs, work, inode, metadata, data, { parent, name });
  if (error >= 0) copiedUp(fs, inode, metadata, data === "none" ? 0 : size);
  return error;
}

/** An inode now stands in the upper; a file's data, `size` bytes, as well, unless it is a metacopy. */
function copiedUp(fs: OverlayFs, inode: Inode, { lower }: Metadata, size: number): void {
  const isMetacopy = !inode.isDirectory && inode.metacopy !== null;
  const bytes = inode.type === S_IFREG && !isMetacopy ? size : 0;
  fs.counts.copyUps++;
  fs.counts.copiedBytes += bytes;
  fs.onEvent?.({
    kind: "copy-up", path: pathOf(inode), type: typeOf(inode.type), from: nameOf(fs, lower.layer), part: isMetacopy ? "attributes" : "all", bytes,
  });
  if (bytes > 0 && !inode.isDirectory) fs.copyAhead.copied(inode);
}

function copyUpToParent(
  fs: OverlayFs, work: Work, inode: Inode, metadata: Metadata, data: DataNeeded, { parent, name }: Link,
): number {
  const impure = markImpure(fs, parent);
  if (impure < 0) return impure;
  const upperParent = parent.upper!;
  return keepTimes(upperParent, () => copyUpTo(fs, work, inode, metadata, data, upperParent, name));
}

/** A file with several names in the lower: its upper is the index entry, and each name a link of it. */
function copyUpToIndex(
  fs: OverlayFs, work: Work, inode: FileInode, metadata: Metadata, data: DataNeeded, link: Link,
): number {
  const index = fs.index!;
  const name = indexName(metadata.origin!);
  const { nlink } = stat;
  const { metacopy, hasOrigin, lostLinks } = inode;
  const isOfLower = { upper: null, indexed: null, metacopy, hasOrigin, lostLinks } satisfies Partial<FileInode>;
  const error = copyUpTo(fs, work, inode, metadata, data, index.directory, name);
  if (error < 0) return error;
  inode.indexed = { name, nlink: nlink - inode.lostLinks, lowerNlink: nlink };
  inode.lostLinks = 0;
  if (native.statx(inode.upper!.dirfd(), inode.upper!.name, stat.fields) >= 0) fs.inodes.setLinkKey(inode, stat.ino);
  const linked = linkUp(fs, inode, link.parent, link.name);
  if (linked < 0 && removeUnlinked(index, name)) {
    closeData(inode);
    fs.inodes.dropLinkKey(inode);
    Object.assign(inode, isOfLower);
  }
  return linked;
}

function copyUpTo(
  fs: OverlayFs, work: Work, inode: Inode, metadata: Metadata, data: DataNeeded, directory: RealDirectory, name: Bytes,
): number {
  if (inode.isDirectory) return copyUpDirectory(fs, work, inode, metadata, directory, name);
  return inode.type === S_IFREG
    ? copyUpRegular(fs, work, inode, metadata, directory, name, data)
    : copyUpSpecial(fs, work, inode, metadata, directory, name);
}

/** What is to be carried over to the upper; `stat` receives the attributes of the lower object. */
function metadataOf(fs: OverlayFs, inode: Inode): Metadata | number {
  const lower = inode.isDirectory ? inode.lower[0]! : inode.lower!;
  const dirfd = lower.dirfd();
  const found = dirfd < 0 ? dirfd : native.statx(dirfd, lower.name, stat.fields);
  if (found < 0) return found;
  if (stat.type !== inode.type) return -E.ESTALE;
  applyOverride(lower, stat);
  const hasLinks = !inode.isDirectory && stat.nlink > 1;
  const isIndexed = needsIndex(fs.index, hasLinks);
  // A copy of one name of a hard-linked lower is no longer that lower, unless the index says so: no origin.
  return { lower, stat, origin: hasLinks && !isIndexed ? null : encodeOrigin(fs, lower), isIndexed };
}

function needsIndex(index: Index | null, hasLinks: boolean): boolean {
  return index !== null && (index.all || hasLinks);
}

function copyUpDirectory(
  fs: OverlayFs, work: Work, inode: DirectoryInode, metadata: Metadata, parent: RealDirectory, name: Bytes,
): number {
  const temporary = work.temporaryName();
  const made = makeDirectory(work.directory, temporary, 0o700);
  if (made < 0) return made;
  const directory = work.directory.child(temporary);
  const entry = metadata.isIndexed && metadata.origin ? indexName(metadata.origin) : null;
  const error = publishNamed(fs, work, temporary, directory, metadata, parent, name, entry);
  if (error < 0) return error;
  knowEmpty(directory);
  inode.upper = directory;
  inode.indexName = entry;
  inode.mayHoldWhiteouts = true;
  return 0;
}

function copyUpSpecial(fs: OverlayFs, work: Work, inode: FileInode, metadata: Metadata, parent: RealDirectory, name: Bytes): number {
  const temporary = work.temporaryName();
  const made = makeSpecial(work, inode, temporary);
  if (made < 0) return made;
  const file = new RealFile(work.directory, temporary);
  const error = publishNamed(fs, work, temporary, file, metadata, parent, name, null);
  if (error < 0) return error;
  settle(fs, inode, file, metadata);
  return 0;
}

/** Completes what was built under a temporary name and moves it to its place; 0 or an errno. */
function publishNamed(
  fs: OverlayFs, work: Work, temporary: Bytes, real: RealDirectory | RealFile, metadata: Metadata,
  parent: RealDirectory, name: Bytes, indexEntry: Bytes | null,
): number {
  let error = applyMetadata(fs, real, metadata);
  if (error >= 0 && indexEntry) error = addDirectory(fs, fs.index!, real as RealDirectory, indexEntry);
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
  fs: OverlayFs, work: Work, inode: FileInode, metadata: Metadata, parent: RealDirectory, name: Bytes, data: DataNeeded,
): number {
  const source = dataOf(fs, inode);
  if (typeof source === "number") return source;
  const isMetacopy = data === "untouched" && fs.config.metacopy && maySkipData(fs, source);
  const building = isMetacopy ? buildMetacopy(fs, work, metadata, source) : buildRegular(fs, work, inode, metadata, source, data);
  if (typeof building === "number") return building;
  const error = publishNew(work, building, parent, name);
  if (error < 0) {
    failStaged(fs, inode, building, error);
    return error;
  }
  adopt(fs, inode, new RealFile(parent, name), building, metadata, isMetacopy ? source : null);
  return 0;
}

/** An unlinked file that is still in use: its copy never gets a name. */
function copyUpNameless(fs: OverlayFs, work: Work, inode: FileInode, data: DataNeeded): number {
  if (inode.type !== S_IFREG) return -E.ENOENT;
  const metadata = metadataOf(fs, inode);
  if (typeof metadata === "number") return metadata;
  const source = dataOf(fs, inode);
  if (typeof source === "number") return source;
  const building = buildRegular(fs, work, inode, metadata, source, data === "none" ? "none" : "all");
  if (typeof building === "number") return building;
  const held = native.dup(building.fd);
  if (held < 0) {
    failStaged(fs, inode, building, held);
    return held;
  }
  if (building.name !== null) removeFile(work.directory, building.name);
  const { size } = stat;
  adopt(fs, inode, RealFile.nameless(work.directory, held), building, metadata, null);
  inode.lostLinks = 0;
  copiedUp(fs, inode, metadata, data === "none" ? 0 : size);
  return 0;
}

/** The upper file, complete but for its name. */
function buildRegular(
  fs: OverlayFs, work: Work, inode: FileInode, metadata: Metadata, source: RealFile, data: DataNeeded,
): Building | number {
  const staged = data === "none" ? null : findStaged(inode);
  if (typeof staged === "number") return staged;
  const building = staged ?? createBuilding(work, 0o600);
  if (typeof building === "number") return building;
  if (staged && inode.staged!.metadata) return staged;
  const needsData = !staged && data !== "none" && stat.size > 0;
  const error = needsData ? fill(fs, building, metadata, source) : applyMetadata(fs, building.place, metadata);
  if (error < 0) {
    failStaged(fs, inode, building, error);
    return error;
  }
  return building;
}

/** Gives the file data and metadata; the data is on the disk before anything can lead to it. 0 or an errno. */
function fill(fs: OverlayFs, building: Building, metadata: Metadata, source: RealFile): number {
  return onOpened(source, (fd) => {
    let error = copyAll(fs, fd, source, building.fd, stat);
    // The disk works meanwhile.
    if (error >= 0) error = applyMetadata(fs, building.place, metadata, source === metadata.lower ? fd : null);
    return error < 0 ? error : syncCopy(fs, building.fd);
  });
}

/** The upper file with all but the data, which stays in `source`. */
function buildMetacopy(fs: OverlayFs, work: Work, metadata: Metadata, source: RealFile): Building | number {
  const building = createBuilding(work, 0o600);
  if (typeof building === "number") return building;
  let error = markMetacopy(fs, building.place, source);
  if (error >= 0) error = openFile.ftruncate(building.fd, metadata.stat.size);
  if (error >= 0) error = applyMetadata(fs, building.place, metadata);
  if (error >= 0) return building;
  discardBuilding(work, building);
  return error;
}

/** The inode now stands in the upper, and its data is served from the file just built, or from `source` on. */
function adopt(fs: OverlayFs, inode: FileInode, file: RealFile, building: Building, metadata: Metadata, source: RealFile | null): void {
  dropStaged(fs, inode, building);
  if (source) {
    inode.metacopy ??= { data: source, path: [], isVerified: true };
    native.close(building.fd);
  } else {
    closeData(inode);
    inode.metacopy = null;
  }
  settle(fs, inode, file, metadata);
  if (!source) inode.data = DataFile.adopt(fs.descriptors, file, building.fd);
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
