/**
 * Making new objects. Where nothing stands in the upper one system call makes them there, as the caller, so
 * that the file system does ownership, umask and default ACLs. Where a whiteout stands, the object is built
 * in the work directory and renamed over it, a directory being marked opaque first.
 * Source: ovl_create_upper and ovl_create_over_whiteout in fs/overlayfs/dir.c.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { NAME_MAX } from "../sys/limits.js";
import { native } from "../sys/native.js";
import { RENAME_EXCHANGE } from "../sys/constants.js";
import { typeOf } from "../sys/object-type.js";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, Stat } from "../sys/stat.js";
import { inherit, type Inherited } from "./acl.js";
import { allowsOfflineChanges } from "./config.js";
import { copyUp } from "./copy-up.js";
import { DataFile } from "./data-file.js";
import { nameAdded } from "./directory.js";
import { pathOf, type EventListener } from "./events.js";
import { DirectoryInode, FileInode, type Inode } from "./inode.js";
import { knowEmpty } from "./known-names.js";
import { findChild } from "./lookup.js";
import { getAttributes, present } from "./merged-stat.js";
import type { Miss } from "./misses.js";
import type { OverlayFs } from "./overlay-fs.js";
import { createOverride } from "./override-stat.js";
import { mayAdd } from "./protection.js";
import { isMarkName } from "./oci.js";
import { dropMark } from "./oci-marks.js";
import { canClear, markOpaque } from "./opaque.js";
import { ITSELF, RealFile, type Place, type RealDirectory } from "./real.js";
import type { Caller } from "./types.js";
import {
  createFile, createNameless, makeDirectory, makeNode, makeSymlink, rename, setMode, setOwner, setXattr,
} from "./upper.js";
import type { Work } from "./work.js";
import { XATTR_ACL_ACCESS, XATTR_ACL_DEFAULT } from "./xattr-names.js";

/** What is to be made. */
export interface Blueprint {
  /** Type and permission bits. */
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  /** The target of a symlink. */
  readonly target: Bytes | null;
  readonly caller: Caller;
}

const stat = new Stat();

/**
 * Makes a new object; its inode (no reference added), or an errno: EEXIST, EROFS, ENOENT … Fills `out`, if given, with what
 * stat(2) answers for it.
 */
export function make(
  fs: OverlayFs, parent: DirectoryInode, name: Bytes, blueprint: Blueprint, out: Stat | null = null,
): Inode | Errno {
  const miss = claimName(fs, parent, name);
  if (isErrno(miss)) return miss;
  const upper = parent.upper!;
  const isOverWhiteout = miss === "whiteout" || (miss === "marked" && (blueprint.mode & S_IFMT) === S_IFDIR);
  const fd = isOverWhiteout
    ? makeOverWhiteout(fs, fs.work!, upper, name, blueprint, miss)
    : makeInUpper(fs, upper, name, blueprint);
  if (fd < 0) return fail(-fd);
  if (miss === "marked") dropMark(upper, name);
  const inode = enter(fs, parent, name, blueprint, fd);
  if (isErrno(inode)) return inode;
  const noted = createOverride(upper, inode.real, blueprint.caller);
  if (noted < 0) fs.log.warn(`the owner of a new file could not be noted in its xattr (errno ${String(-noted)})`, "override");
  nameAdded(fs, parent, name, inode);
  if (inode.isDirectory) settleOpaque(fs, parent, inode, miss);
  if (fs.onEvent) tellCreated(fs.onEvent, inode, blueprint);
  return withAttributes(fs, inode, out);
}

/** A new inode, and its attributes, which are known since it was entered, unless xattrs have changed it since; or an errno. */
function withAttributes(fs: OverlayFs, inode: Inode, out: Stat | null): Inode | Errno {
  if (!out) return inode;
  if (inode.isDirectory || inode.upper!.layer.statOverride !== null) {
    const error = getAttributes(inode, out);
    if (error < 0) fs.inodes.forget(inode, 0);
    return error < 0 ? fail(-error) : inode;
  }
  out.fields.set(stat.fields);
  present(inode, out);
  return inode;
}

function tellCreated(tell: EventListener, inode: Inode, { target }: Pick<Blueprint, "target">): void {
  const path = pathOf(inode);
  if (inode.isDirectory && inode.opaque && path !== null) tell({ kind: "opaque", path });
  tell({ kind: "create", path, type: typeOf(inode.type), ...(target === null ? {} : { target }) });
}

/** A new directory hides what a lower may get under its name later; one over a whiteout does so already. */
function settleOpaque(fs: OverlayFs, parent: DirectoryInode, directory: DirectoryInode, miss: Miss): void {
  if (miss === "absent" && (parent.lower.length === 0 || allowsOfflineChanges(fs.config))) return;
  // Here it only spares lookups, so it may fail.
  directory.opaque = miss !== "absent" || markOpaque(fs.work!, directory.upper!) >= 0;
}

/** Makes sure that a name is free and its directory in the upper; what stands there instead, or an errno. */
export function claimName(fs: OverlayFs, parent: DirectoryInode, name: Bytes): Miss | Errno {
  if (!fs.work) return fail(E.EROFS);
  if (name.length > NAME_MAX) return fail(E.ENAMETOOLONG);
  if (fs.hasOciMarks && isMarkName(name)) return fail(E.EINVAL);
  if (parent.removed) return fail(E.ENOENT);
  const found = missing(fs, parent, name);
  if (isErrno(found)) return found;
  const error = mayAdd(fs, parent) || copyUp(fs, parent);
  return error < 0 ? fail(-error) : found;
}

function missing(fs: OverlayFs, parent: DirectoryInode, name: Bytes): Miss | Errno {
  if (parent.children?.has(name)) return fail(E.EEXIST);
  const known = fs.misses.get(parent, name);
  if (known) return known;
  const found = findChild(fs, parent, name);
  if (typeof found !== "object") return found;
  fs.inodes.forget(found, 0);
  return fail(E.EEXIST);
}

/** Makes the object right in the upper, as the caller; a descriptor for a regular file, 0 for others, or an errno. */
function makeInUpper(fs: OverlayFs, upper: RealDirectory, name: Bytes, { mode, major, minor, target, caller }: Blueprint): number {
  if (upper.layer.statOverride === null) fs.credentials.become(caller);
  else fs.credentials.restoreWith(caller.umask);
  let made: number;
  switch (mode & S_IFMT) {
    case S_IFREG: made = createFile(upper, name, mode & 0o7777); break;
    case S_IFDIR: made = makeDirectory(upper, name, mode & 0o7777); break;
    case S_IFLNK: made = makeSymlink(upper, name, target!); break;
    default: made = makeNode(upper, name, mode, major, minor);
  }
  fs.credentials.restore();
  return made;
}

/** Builds the object in the work directory and puts it in the place of a whiteout, or beside a mark; answers as makeInUpper. */
function makeOverWhiteout(fs: OverlayFs, work: Work, upper: RealDirectory, name: Bytes, blueprint: Blueprint, miss: Miss): number {
  const inherited = inherit(upper, blueprint.mode, blueprint.caller);
  if (typeof inherited === "number") return inherited;
  const temporary = work.temporaryName();
  const fd = makeInUpper(fs, work.directory, temporary, { ...blueprint, caller: { ...blueprint.caller, umask: 0 } });
  if (fd < 0) return fd;
  const type = blueprint.mode & S_IFMT;
  const directory = type === S_IFDIR ? work.directory.child(temporary) : null;
  let error = bequeath(fs, directory ?? new RealFile(work.directory, temporary), type, inherited);
  if (error >= 0 && directory) error = markOpaque(work, directory);
  const swaps = type === S_IFDIR && miss === "whiteout";
  if (error >= 0) error = rename(work.directory, temporary, upper, name, swaps ? RENAME_EXCHANGE : 0);
  if (error < 0 || swaps) work.discard(temporary);
  if (error < 0 && type === S_IFREG) native.close(fd);
  return error < 0 ? error : fd;
}

/** Gives an object what it inherits; 0 or an errno. */
function bequeath(fs: OverlayFs, place: Place, type: number, { uid, gid, mode, accessAcl, defaultAcl }: Inherited): number {
  let error = fs.credentials.canSwitch && place.layer.statOverride === null ? setOwner(place, uid, gid) : 0;
  if (fs.presentation?.isSquashed) error = 0;
  if (error >= 0 && type !== S_IFLNK) error = setMode(place, mode);
  if (error >= 0 && accessAcl) error = setXattr(place, XATTR_ACL_ACCESS, accessAcl, 0);
  if (error >= 0 && defaultAcl) error = setXattr(place, XATTR_ACL_DEFAULT, defaultAcl, 0);
  return error;
}

/** Enters the object that now stands in the upper; a regular file's descriptor serves its data. */
function enter(fs: OverlayFs, parent: DirectoryInode, name: Bytes, { mode }: Blueprint, fd: number): Inode | Errno {
  const upper = parent.upper!;
  const isFile = (mode & S_IFMT) === S_IFREG;
  const found = isFile ? native.statx(fd, ITSELF, stat.fields) : native.statx(upper.fd(), name, stat.fields);
  if (found < 0) return fail(-found);
  const ino = fs.numbers.of(stat);
  if (stat.isDirectory) {
    const made = upper.child(name);
    knowEmpty(made);
    const directory = new DirectoryInode(fs.inodes.nextId(), ino, parent, name, made, []);
    directory.protection = 0;
    directory.mayHoldWhiteouts = !canClear(fs);
    fs.inodes.add(directory, parent, name);
    return directory;
  }
  const real = new RealFile(upper, name);
  const inode = new FileInode(fs.inodes.nextId(), stat.type, ino, real, null, false);
  inode.protection = 0;
  if (isFile) inode.data = DataFile.adopt(fs.descriptors, real, fd);
  fs.inodes.add(inode, parent, name);
  return inode;
}

/** Makes a regular file without a name (O_TMPFILE) on the file system of a directory of the upper; answers as `make`. */
export function makeNameless(
  fs: OverlayFs, parent: DirectoryInode, mode: number, caller: Caller, out: Stat | null = null,
): Inode | Errno {
  if (!fs.work) return fail(E.EROFS);
  if (!fs.work.features.tmpfile) return fail(E.EOPNOTSUPP);
  const copied = mayAdd(fs, parent) || copyUp(fs, parent);
  if (copied < 0) return fail(-copied);
  fs.credentials.become(caller);
  const fd = createNameless(parent.upper!, mode & 0o7777);
  fs.credentials.restore();
  if (fd < 0) return fail(-fd);
  const held = native.dup(fd);
  if (held < 0 || native.statx(fd, ITSELF, stat.fields) < 0) {
    native.close(fd);
    return fail(E.EIO);
  }
  const real = RealFile.nameless(parent.upper!, held);
  const inode = new FileInode(fs.inodes.nextId(), S_IFREG, fs.numbers.of(stat), real, null, false);
  inode.protection = 0;
  inode.data = DataFile.adopt(fs.descriptors, real, fd);
  fs.inodes.addNameless(inode);
  if (fs.onEvent) tellCreated(fs.onEvent, inode, { target: null });
  return withAttributes(fs, inode, out);
}
