/**
 * Making the inode for what a lookup found, or finding the one that stands for it already: names of one upper
 * file are one inode, and where there is an index so are the names of one lower file.
 * Source: ovl_get_inode in fs/overlayfs/inode.c; the index part of ovl_lookup in namei.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { Stat } from "../sys/stat.js";
import { followsRedirects } from "./config.js";
import { findEntry, indexName, verifyDirectory } from "./index-directory.js";
import { DirectoryInode, FileInode, type Indexed, type Inode, type MetacopyData } from "./inode.js";
import { readMetacopy } from "./metacopy.js";
import { encodeOrigin, lowerKeyOf, readOrigin } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import type { RealDirectory, RealFile } from "./real.js";
import { joinPath, readRedirect } from "./redirect.js";
import { readNlink } from "./union-nlink.js";

const empty = Buffer.alloc(0);
const entryStat = new Stat();

/** The real directories of one merged directory. */
export interface DirectoryStack {
  readonly upper: RealDirectory | null;
  readonly lower: readonly RealDirectory[];
  /** The number in the merged tree. */
  readonly ino: bigint;
  readonly isOpaque: boolean;
  readonly redirect: Bytes | null;
}

export function enterDirectory(fs: OverlayFs, parent: DirectoryInode, name: Bytes, stack: DirectoryStack): Inode | Errno {
  const { upper, lower } = stack;
  const directory = new DirectoryInode(fs.inodes.nextId(), stack.ino, parent, name, upper, lower);
  directory.opaque = stack.isOpaque;
  directory.redirect = stack.redirect;
  if (upper) readUpperMarks(directory, upper);
  if (fs.index?.all && lower.length > 0) {
    const entry = indexName(encodeOrigin(fs, lower[0]!));
    const error = verifyDirectory(fs, fs.index, entry, upper);
    if (error < 0 && error !== -E.ENOENT) return fail(-error);
    if (error === 0) directory.indexName = entry;
  }
  fs.inodes.add(directory, parent, name);
  return directory;
}

/** What the upper part of a directory says of its content. */
export function readUpperMarks(directory: DirectoryInode, upper: RealDirectory): void {
  const { impure, origin } = upper.layer.xattrs;
  directory.impure = native.getxattrat(upper.dirfd(), upper.name, impure, empty) >= 0;
  directory.mayHoldWhiteouts = directory.lower.length > 0 || upper.layer.hasOciMarks
    || native.getxattrat(upper.dirfd(), upper.name, origin, empty) >= 0;
}

/** The real files of one file: at least one of `upper` and `lower`. */
export interface FileStack {
  readonly upper: RealFile | null;
  readonly lower: RealFile | null;
  /** Those of the topmost. */
  readonly attributes: Stat;
  /** Set where the topmost holds attributes only. */
  readonly metacopy: MetacopyData | null;
  readonly redirect: Bytes | null;
}

export function enterFile(fs: OverlayFs, parent: DirectoryInode, name: Bytes, stack: FileStack): Inode | Errno {
  return stack.upper ? enterUpper(fs, parent, name, stack, stack.upper) : enterLower(fs, parent, name, stack, stack.lower!);
}

function enterUpper(fs: OverlayFs, parent: DirectoryInode, name: Bytes, stack: FileStack, upper: RealFile): Inode | Errno {
  const { attributes } = stack;
  const { type, nlink } = attributes;
  const key = nlink > 1 ? attributes.ino : null;
  // Also where this is the only name left: another may have gone while the file was held.
  const known = fs.inodes.byLinkKey(attributes.ino);
  if (known) return attach(fs, known, parent, name);
  const ownIno = fs.numbers.of(attributes);
  const origin = readOrigin(fs, upper, type);
  const indexed = origin.lower && origin.handle ? indexOf(fs, indexName(origin.handle), upper, attributes, origin.lower.nlink) : null;
  if (isErrno(indexed)) return indexed;
  // A copy of one name of a hard-linked lower is another file than that lower, unless the index joins them.
  const keepsNumber = origin.lower !== null && (indexed !== null || (!fs.index?.all && origin.lower.nlink === 1));
  const ino = keepsNumber ? origin.lower.ino : ownIno;
  const inode = new FileInode(fs.inodes.nextId(), type, ino, upper, stack.lower, keepsNumber);
  inode.metacopy = stack.metacopy;
  inode.redirect = stack.redirect;
  inode.indexed = indexed;
  fs.inodes.add(inode, parent, name);
  if (key !== null) fs.inodes.setLinkKey(inode, key);
  return inode;
}

/** The index entry of an upper file, if it is the same file. */
function indexOf(fs: OverlayFs, name: Bytes, upper: RealFile, attributes: Stat, lowerNlink: number): Indexed | null | Errno {
  if (!fs.index) return null;
  const entry = findEntry(fs.index, name, attributes.type, entryStat);
  if (isErrno(entry)) return entry === -E.ENOENT ? null : entry;
  if (entryStat.ino !== attributes.ino) return null;
  return { name, nlink: readNlink(upper, lowerNlink, attributes.nlink, attributes.nlink), lowerNlink };
}

function enterLower(fs: OverlayFs, parent: DirectoryInode, name: Bytes, stack: FileStack, lower: RealFile): Inode | Errno {
  const { attributes } = stack;
  const hasLinks = attributes.nlink > 1;
  if (fs.index && (hasLinks || fs.index.all)) {
    const found = enterByIndex(fs, parent, name, stack, lower);
    if (found) return found;
  }
  // Without an index a copy-up would break the link, so each name is a file of its own.
  const key = hasLinks && (fs.index || !fs.upper) ? lowerKeyOf(attributes) : null;
  const known = key === null ? undefined : fs.inodes.byLowerKey(key);
  if (known) return attach(fs, known, parent, name);
  const inode = new FileInode(fs.inodes.nextId(), attributes.type, fs.numbers.of(attributes), null, lower, false);
  inode.metacopy = stack.metacopy;
  if (!attributes.isImmutable && !attributes.isAppendOnly) inode.protection = 0;
  fs.inodes.add(inode, parent, name);
  if (key !== null) fs.inodes.setLowerKey(inode, key);
  return inode;
}

/** The inode of a lower file that was copied up under another of its names; null if none was. */
function enterByIndex(fs: OverlayFs, parent: DirectoryInode, name: Bytes, stack: FileStack, lower: RealFile): Inode | null | Errno {
  const { attributes } = stack;
  const entryName = indexName(encodeOrigin(fs, lower));
  const upper = findEntry(fs.index!, entryName, attributes.type, entryStat);
  if (isErrno(upper)) return upper === -E.ENOENT ? null : upper;
  const known = fs.inodes.byLinkKey(entryStat.ino);
  if (known) return attach(fs, known, parent, name);
  const key = entryStat.ino;
  const { nlink } = entryStat;
  const metacopy = readMetacopy(upper);
  const redirect = readRedirect(upper);
  if (metacopy < 0 || isErrno(redirect)) return fail(E.EIO);
  if ((metacopy > 0 && !fs.config.metacopy) || (redirect && !followsRedirects(fs.config))) return fail(E.EPERM);
  const inode = new FileInode(fs.inodes.nextId(), attributes.type, fs.numbers.of(attributes), upper, lower, true);
  inode.metacopy = metacopy > 0 ? stack.metacopy ?? { data: lower, path: [], isVerified: false } : null;
  inode.redirect = redirect && (redirect.path ? joinPath(redirect.path) : redirect.name);
  inode.indexed = { name: entryName, nlink: readNlink(upper, attributes.nlink, nlink, nlink), lowerNlink: attributes.nlink };
  fs.inodes.add(inode, parent, name);
  fs.inodes.setLinkKey(inode, key);
  return inode;
}

function attach(fs: OverlayFs, inode: FileInode, parent: DirectoryInode, name: Bytes): Inode {
  fs.inodes.attach(inode, parent, name);
  return inode;
}
