/**
 * Lookup: what a name of a merged directory is. The layers are asked from the top; the first file ends the
 * search, directories of one name are merged until one is opaque, a whiteout ends it with nothing.
 * Source: Documentation/filesystems/overlayfs.rst, "Upper and Lower"; ovl_lookup in fs/overlayfs/namei.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { NAME_MAX } from "../sys/limits.js";
import { native } from "../sys/native.js";
import { S_IFREG, Stat } from "../sys/stat.js";
import { getAttributes, present } from "./merged-stat.js";
import { DirectoryInode, FileInode, type Inode } from "./inode.js";
import type { Miss } from "./misses.js";
import { readOrigin } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { RealFile, type RealDirectory } from "./real.js";
import { descend, follow, type Trail } from "./redirect.js";
import { isWhiteout, opacity } from "./whiteout.js";
import { XATTR_IMPURE, XATTR_METACOPY, XATTR_ORIGIN } from "./xattr-names.js";

const stat = new Stat();
/** The attributes of the topmost real object of the inode that was made, or met again, last. */
const topmost = new Stat();
const empty = Buffer.alloc(0);

/** The inode of a name, or why there is none, or an errno. Adds no reference. */
export function findChild(fs: OverlayFs, parent: DirectoryInode, name: Bytes): Inode | Miss | Errno {
  const known = parent.children?.get(name);
  if (known) return known;
  if (parent.removed) return fail(E.ENOENT);
  if (name.length > NAME_MAX) return fail(E.ENAMETOOLONG);
  if (parent.upper) {
    const kind = probe(fs, parent.upper, name);
    if (kind === "file") return upperFile(fs, parent, name);
    if (kind === "directory") return mergedDirectory(fs, parent, name, parent.upper);
    if (kind !== "absent") return kind;
  }
  return lowerObject(fs, parent, name);
}

/** As findChild, and fills `out` with what stat(2) answers for the inode, where possible from the same call. */
export function findChildWithAttributes(fs: OverlayFs, parent: DirectoryInode, name: Bytes, out: Stat): Inode | Miss | Errno {
  const known = parent.children?.get(name);
  if (known) {
    const error = getAttributes(known, out);
    return error < 0 ? fail(-error) : known;
  }
  const found = findChild(fs, parent, name);
  if (typeof found !== "object") return found;
  out.fields.set(topmost.fields);
  present(found, out);
  return found;
}

/** As findChild, for those to whom a missing name is ENOENT. */
export function requireChild(fs: OverlayFs, parent: DirectoryInode, name: Bytes): Inode | Errno {
  const found = findChild(fs, parent, name);
  return typeof found === "string" ? fail(E.ENOENT) : found;
}

type Kind = "absent" | "whiteout" | "file" | "directory";

/** What one real directory has under a name; its attributes go to `stat`. */
function probe(fs: OverlayFs, directory: RealDirectory, name: Bytes): Kind | Errno {
  const fd = directory.fd();
  if (fd < 0) return fail(-fd);
  const found = native.statx(fd, name, stat.fields);
  if (found < 0) return found === -E.ENOENT || found === -E.ENAMETOOLONG ? "absent" : fail(-found);
  if (stat.isDirectory) return isTrap(fs) ? fail(E.ELOOP) : "directory";
  return isWhiteout(directory, name, stat) ? "whiteout" : "file";
}

function isTrap(fs: OverlayFs): boolean {
  return fs.traps.size > 0 && fs.traps.has(`${stat.dev}:${stat.ino}`);
}

/** A file of the upper, whose attributes are in `stat`. */
function upperFile(fs: OverlayFs, parent: DirectoryInode, name: Bytes): Inode | Errno {
  topmost.fields.set(stat.fields);
  const key = stat.nlink > 1 ? stat.ino : null;
  const known = key === null ? undefined : fs.inodes.byLinkKey(key);
  if (known) {
    fs.inodes.attach(known, parent, name);
    return known;
  }
  const real = new RealFile(parent.upper!, name);
  const { type } = stat;
  let ino = fs.numbers.of(stat);
  if (isMetacopy(fs, real)) return fail(E.EPERM);
  const origin = readOrigin(fs, real, type);
  ino = origin.ino ?? ino;
  const inode = new FileInode(fs.inodes.nextId(), type, ino, real, null, origin.hasOrigin);
  fs.inodes.add(inode, parent, name);
  if (key !== null) fs.inodes.setLinkKey(inode, key);
  return inode;
}

/** A file that is metadata only is refused, as by the kernel with metacopy=off. */
function isMetacopy(fs: OverlayFs, file: RealFile): boolean {
  if (stat.type !== S_IFREG) return false;
  const dirfd = file.dirfd();
  if (native.getxattrat(dirfd, file.name, XATTR_METACOPY, empty) < 0) return false;
  fs.log.warn("refusing to follow metacopy: the file's data is in another layer", "metacopy");
  return true;
}

/** The first thing that the lowers of `parent` have under a name. */
function lowerObject(fs: OverlayFs, parent: DirectoryInode, name: Bytes): Inode | Miss | Errno {
  for (let i = 0; i < parent.lower.length; i++) {
    const directory = parent.lower[i]!;
    const kind = probe(fs, directory, name);
    if (kind === "absent") continue;
    if (kind === "whiteout") return "absent";
    if (kind === "file") return lowerFile(fs, parent, name, directory);
    if (kind === "directory") return mergedDirectory(fs, parent, name, null, i);
    return kind;
  }
  return "absent";
}

function lowerFile(fs: OverlayFs, parent: DirectoryInode, name: Bytes, directory: RealDirectory): Inode | Errno {
  topmost.fields.set(stat.fields);
  const real = new RealFile(directory, name);
  if (!isLast(fs, directory) && isMetacopy(fs, real)) return fail(E.EPERM);
  const inode = new FileInode(fs.inodes.nextId(), stat.type, fs.numbers.of(stat), null, real, false);
  if (!stat.isImmutable && !stat.isAppendOnly) inode.protection = 0;
  fs.inodes.add(inode, parent, name);
  return inode;
}

/** Whether no layer is below that of `directory`: then its marks say nothing. */
function isLast(fs: OverlayFs, directory: RealDirectory): boolean {
  return directory.layer.index === fs.lower.length;
}

/**
 * The directory `name`, merged from the upper (if it is there) and the lowers of `parent` from index `start`.
 * `stat` holds the attributes of its topmost part.
 */
function mergedDirectory(
  fs: OverlayFs, parent: DirectoryInode, name: Bytes, upperParent: RealDirectory | null, start = 0,
): Inode | Errno {
  topmost.fields.set(stat.fields);
  const ownIno = fs.numbers.of(stat);
  const upper = upperParent?.child(name) ?? null;
  const lower: RealDirectory[] = [];
  let trail: Trail | null = { name, path: null };
  let opaque = false;
  if (upper) {
    const mark = opacity(upper);
    opaque = mark === "opaque";
    const below: Trail | Errno | null = opaque ? null : follow(upper, trail);
    if (isErrno(below)) return below;
    trail = below;
  }
  const ino = trail ? collect(fs, parent, trail, start, lower) : null;
  if (isErrno(ino)) return ino;
  const directory = new DirectoryInode(fs.inodes.nextId(), ino ?? ownIno, parent, name, upper, lower);
  directory.opaque = opaque;
  if (upper) readUpperMarks(directory, upper);
  fs.inodes.add(directory, parent, name);
  return directory;
}

/** What the upper part of a directory says of its content. */
export function readUpperMarks(directory: DirectoryInode, upper: RealDirectory): void {
  directory.impure = native.getxattrat(upper.dirfd(), upper.name, XATTR_IMPURE, empty) >= 0;
  directory.mayHoldWhiteouts = directory.lower.length > 0
    || native.getxattrat(upper.dirfd(), upper.name, XATTR_ORIGIN, empty) >= 0;
}

/** Collects the lower parts of a directory; answers with the st_ino of the topmost, null if there is none. */
function collect(
  fs: OverlayFs, parent: DirectoryInode, trail: Trail, start: number, into: RealDirectory[],
): bigint | null | Errno {
  let ino: bigint | null = null;
  const bases = parent.lower.slice(start);
  let layerIndex = trail.path ? 1 : (bases[0]?.layer.index ?? 1);
  let position = 0;
  while (trail.path ? layerIndex <= fs.lower.length : position < bases.length) {
    const step = locate(fs, bases, position, layerIndex, trail);
    if (isErrno(step)) return step;
    const { directory, stop, trail: below } = step;
    position++;
    layerIndex = (directory?.layer.index ?? layerIndex) + 1;
    const kind: Kind | Errno = directory ? probe(fs, directory, trail.name) : "absent";
    if (isErrno(kind)) return kind;
    if (kind === "file" || kind === "whiteout") break;
    const found: RealDirectory | null = kind === "directory" ? directory!.child(trail.name) : null;
    if (found) {
      ino ??= fs.numbers.of(stat);
      into.push(found);
    }
    trail = below;
    if (stop) break;
    if (!found || isLast(fs, found)) continue;
    const mark = opacity(found);
    found.xwhiteouts = mark === "xwhiteouts";
    if (mark === "opaque") break;
    const next = follow(found, trail);
    if (isErrno(next)) return next;
    trail = next;
  }
  return ino;
}

/** The real directory that may hold the trail's last name in the layer that comes next. */
function locate(fs: OverlayFs, bases: readonly RealDirectory[], position: number, layerIndex: number, trail: Trail) {
  if (!trail.path) return { directory: bases[position]!, stop: false, trail };
  return descend(fs.lower[layerIndex - 1]!.root, { ...trail, path: trail.path });
}

/** Whether a lower layer shows something under a name, so that removing it takes a whiteout. */
export function isLowerPositive(fs: OverlayFs, parent: DirectoryInode, name: Bytes): boolean {
  for (const directory of parent.lower) {
    const kind = probe(fs, directory, name);
    if (kind === "absent") continue;
    // Where a layer can't be read something may be there.
    return kind !== "whiteout";
  }
  return false;
}
