/**
 * The merge engine's face: an overlay of inodes and byte names, without FUSE and without a command line. Each
 * method is one operation of a file system; it answers with a value or a negated errno and throws for nothing
 * that the system refuses. Permissions are not checked here: who mounts leaves that to the kernel.
 *
 * Inodes are counted: each answer that is an inode adds one reference, which `forget` gives back.
 */
import type { Bytes } from "../sys/bytes.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, type Stat } from "../sys/stat.js";
import { setAttributes } from "./attributes.js";
import { copyUp } from "./copy-up.js";
import type { Counts } from "./counts.js";
import { make, makeNameless } from "./create.js";
import { allocate, copyRange, readData, seek, settledData, sync, syncNow, writeData, writeKeepingMtime } from "./data.js";
import { listDirectory, releaseListing } from "./directory.js";
import { pathIn, type EventListener } from "./events.js";
import { getExtended, getFlags, setExtended, setFlags } from "./file-flags.js";
import type { DirectoryInode, Inode } from "./inode.js";
import { canonicalPath, isWithin, type Layer } from "./layer.js";
import { link } from "./link.js";
import type { Listing } from "./listing.js";
import { findChild, findChildWithAttributes } from "./lookup.js";
import { getAttributes } from "./merged-stat.js";
import { closeLayers, openOverlay } from "./open.js";
import type { Miss } from "./misses.js";
import { optionWords } from "./option-words.js";
import type { OverlayOptions } from "./options.js";
import type { OverlayFs } from "./overlay-fs.js";
import { protectionOf, type Protection } from "./protection.js";
import { provenanceOf, type Provenance } from "./provenance.js";
import { readLink } from "./real-link.js";
import { rmdir, unlink } from "./remove.js";
import { rename } from "./rename.js";
import { makeRoot } from "./root.js";
import { stage } from "./staging.js";
import { syncAndClose, upperToSync } from "./upper-sync.js";
import type { AttrChange, Caller, Log } from "./types.js";
import { changeXattr, dropXattr, getXattr, listMergedXattrs } from "./xattr.js";

/** The directories that an overlay is made of; lowers topmost first, null for what it does not have or does not use. */
export interface LayerPaths {
  readonly lower: readonly Bytes[];
  readonly data: readonly Bytes[];
  readonly upper: Bytes | null;
  readonly work: Bytes | null;
}

export class Engine {
  readonly root: DirectoryInode;
  /** No upper, or one that is not to be written. */
  readonly readOnly: boolean;

  private constructor(private readonly fs: OverlayFs) {
    this.root = makeRoot(fs);
    this.readOnly = fs.work === null;
  }

  /** Opens all layers and prepares the work directory; throws OptionError. */
  static open(options: OverlayOptions, log: Log): Engine {
    return new Engine(openOverlay(options, log));
  }

  /** Called, inside the operation that does it, for an inode whose attributes change though the call is about another. */
  set onAttributesChanged(listener: ((inode: Inode) => void) | null) {
    this.fs.onAttributesChanged = listener;
  }

  /** Called, inside the operation that does it, for a directory in which a name has another inode number now. */
  set onListingChanged(listener: ((directory: Inode) => void) | null) {
    this.fs.onListingChanged = listener;
  }

  /** Called when copies begin to be made ahead, on other threads; it may not throw. */
  set onCopyingAhead(listener: (() => void) | null) {
    this.fs.onCopyingAhead = listener;
  }

  /** Told of all that happens, inside the operation that does it; it may not throw. */
  set onEvent(listener: EventListener | null) {
    this.fs.onEvent = listener;
  }

  /** The inode of an id, as long as it lives. */
  inode(id: number): Inode | undefined {
    return this.fs.inodes.get(id);
  }

  /** Inodes are kept for those who hold their id as a handle. */
  get nfsExport(): boolean {
    return this.fs.inodes.keepsNamed;
  }

  /** An inode known by its id, with one reference more; ESTALE where it, or its last name, is gone. */
  hold(id: number): Inode | Errno {
    const inode = this.fs.inodes.get(id);
    const isGone = inode === undefined || (inode.isDirectory ? inode.removed : !inode.parent);
    return isGone ? fail(E.ESTALE) : referenced(inode);
  }

  /** How many inodes live. */
  get inodeCount(): number {
    return this.fs.inodes.size;
  }

  /** What was done since the overlay was opened. */
  get counts(): Readonly<Counts> {
    return this.fs.counts;
  }

  /** The features in force, as words of the mount options. */
  get options(): readonly string[] {
    return optionWords(this.fs.config);
  }

  /** The directories that the overlay is made of, absolute. */
  get layers(): LayerPaths {
    const { upper, work, lower, dataLayers } = this.fs;
    const paths = (layers: readonly Layer[]): readonly Bytes[] => layers.map(({ path }) => path);
    return { lower: paths(lower), data: paths(dataLayers), upper: upper?.path ?? null, work: work?.path ?? null };
  }

  /** Where an inode comes from. */
  provenance(inode: Inode): Provenance {
    this.fs.descriptors.trim();
    return provenanceOf(this.fs, inode);
  }

  get hasAcls(): boolean {
    return this.fs.hasAcls;
  }

  /** Gives back `count` references. */
  forget(inode: Inode, count: number): void {
    this.fs.inodes.forget(inode, count);
  }

  /** Closes all descriptors. No method may be called afterwards. */
  close(): void {
    this.fs.copyAhead.close();
    this.fs.inodes.close();
    closeLayers(this.fs);
  }

  /**
   * As close, and what the upper was given is on the disk then; 0 or a negated errno. Its locks are gone before, so that
   * nobody who mounts it again has to wait for that.
   */
  closeSynced(): number {
    const upper = upperToSync(this.fs);
    this.close();
    return upper === null ? 0 : syncAndClose(upper);
  }

  /**
   * Whether mounting at an open directory could make the daemon wait for itself: it lies in a layer that is
   * not seen through a private copy of its mount.
   */
  wouldDeadlock(mountpointFd: number): boolean {
    const path = canonicalPath(mountpointFd);
    const layers = [...(this.fs.upper ? [this.fs.upper] : []), ...this.fs.lower, ...this.fs.dataLayers];
    return layers.some((layer) => !layer.isPrivate && path !== layer.path && isWithin(path, layer.path));
  }

  /** The inode of a name; ENOENT where a whiteout or nothing is. */
  lookup(parent: Inode, name: Bytes): Inode | Errno {
    this.fs.descriptors.trim();
    return parent.isDirectory ? this.#found(parent, name, findChild(this.fs, parent, name)) : fail(E.ENOTDIR);
  }

  /** As lookup, and fills `out` as getattr does. */
  lookupWithAttributes(parent: Inode, name: Bytes, out: Stat): Inode | Errno {
    this.fs.descriptors.trim();
    if (!parent.isDirectory) return fail(E.ENOTDIR);
    const found = this.#found(parent, name, findChildWithAttributes(this.fs, parent, name, out));
    if (!isErrno(found)) this.fs.presentation?.show(out);
    return found;
  }

  #found(parent: DirectoryInode, name: Bytes, found: Inode | Miss | Errno): Inode | Errno {
    if (typeof found !== "string") return referenced(found);
    this.fs.misses.remember(parent, name, found);
    this.fs.onEvent?.({ kind: "lookup-miss", path: pathIn(parent, name), reason: found === "absent" ? found : "whiteout" });
    return fail(E.ENOENT);
  }

  /** Fills `out` with what stat(2) answers; 0 or an errno. */
  getattr(inode: Inode, out: Stat): number {
    this.fs.descriptors.trim();
    const error = getAttributes(inode, out);
    if (error >= 0) this.fs.presentation?.show(out);
    return error;
  }

  /** The target of a symlink. */
  readlink(inode: Inode): Bytes | Errno {
    return inode.isDirectory || inode.type !== S_IFLNK ? fail(E.EINVAL) : readLink(inode.real);
  }

  /** The listing of a directory, kept up to date by the engine until `releaseListing`. */
  readdir(inode: Inode): Listing | Errno {
    this.fs.descriptors.trim();
    if (!inode.isDirectory) return fail(E.ENOTDIR);
    if (inode.listing) return inode.listing;
    const listing = listDirectory(this.fs, inode);
    if (!isErrno(listing)) this.fs.walkAhead.listed(inode, listing);
    return listing;
  }

  /** The reader is through: the listing need not be kept. */
  releaseListing(inode: Inode): void {
    if (inode.isDirectory) releaseListing(inode);
  }

  /** fstatfs(2) of the upper or else the topmost lower, in the order of `Queries.fstatfs`. */
  statfs(out: Float64Array): number {
    return native.fstatfs((this.fs.upper ?? this.fs.lower[0]!).root.fd(), out);
  }

  /** Makes an empty regular file; EEXIST if the name is taken. This and what makes other objects fill `out` as getattr does. */
  create(parent: Inode, name: Bytes, mode: number, caller: Caller, out: Stat | null = null): Inode | Errno {
    return this.#make(parent, name, S_IFREG | (mode & ~S_IFMT), 0, 0, null, caller, out);
  }

  /** Makes a regular file without a name (O_TMPFILE). */
  tmpfile(parent: Inode, mode: number, caller: Caller, out: Stat | null = null): Inode | Errno {
    this.fs.descriptors.trim();
    if (!parent.isDirectory) return fail(E.ENOTDIR);
    return this.#new(makeNameless(this.fs, parent, mode, this.#onDisk(caller), out), out);
  }

  /** Makes an object of the type in `mode`: a regular file, device, fifo or socket. */
  mknod(
    parent: Inode, name: Bytes, mode: number, major: number, minor: number, caller: Caller, out: Stat | null = null,
  ): Inode | Errno {
    // Only the overlay itself makes whiteouts (ovl_mknod).
    if ((mode & S_IFMT) === S_IFCHR && major === 0 && minor === 0) return fail(E.EPERM);
    return this.#make(parent, name, mode & S_IFMT ? mode : mode | S_IFREG, major, minor, null, caller, out);
  }

  mkdir(parent: Inode, name: Bytes, mode: number, caller: Caller, out: Stat | null = null): Inode | Errno {
    return this.#make(parent, name, S_IFDIR | (mode & ~S_IFMT), 0, 0, null, caller, out);
  }

  symlink(parent: Inode, name: Bytes, target: Bytes, caller: Caller, out: Stat | null = null): Inode | Errno {
    return this.#make(parent, name, S_IFLNK | 0o777, 0, 0, target, caller, out);
  }

  #make(
    parent: Inode, name: Bytes, mode: number, major: number, minor: number, target: Bytes | null, caller: Caller,
    out: Stat | null,
  ): Inode | Errno {
    this.fs.descriptors.trim();
    if (!parent.isDirectory) return fail(E.ENOTDIR);
    return this.#new(make(this.fs, parent, name, { mode, major, minor, target, caller: this.#onDisk(caller) }, out), out);
  }

  #new(made: Inode | Errno, out: Stat | null): Inode | Errno {
    if (out && !isErrno(made)) this.fs.presentation?.show(out);
    return referenced(made);
  }

  #onDisk(caller: Caller): Caller {
    return this.fs.presentation?.storedCaller(caller) ?? caller;
  }

  /** Gives a file one more name; answers with the file. */
  link(inode: Inode, parent: Inode, name: Bytes): Inode | Errno {
    this.fs.descriptors.trim();
    return parent.isDirectory ? referenced(link(this.fs, inode, parent, name)) : fail(E.ENOTDIR);
  }

  unlink(parent: Inode, name: Bytes): number {
    this.fs.descriptors.trim();
    return parent.isDirectory ? unlink(this.fs, parent, name) : -E.ENOTDIR;
  }

  rmdir(parent: Inode, name: Bytes): number {
    this.fs.descriptors.trim();
    return parent.isDirectory ? rmdir(this.fs, parent, name) : -E.ENOTDIR;
  }

  /** `flags`: 0, RENAME_NOREPLACE or RENAME_EXCHANGE; EXDEV for a directory that has a part in a lower, without redirect_dir=on. */
  rename(oldParent: Inode, oldName: Bytes, newParent: Inode, newName: Bytes, flags: number): number {
    this.fs.descriptors.trim();
    if (!oldParent.isDirectory || !newParent.isDirectory) return -E.ENOTDIR;
    return rename(this.fs, oldParent, oldName, newParent, newName, flags);
  }

  /** Copies an inode up as its first write would, whole; 0 or an errno. */
  copyUp(inode: Inode): number {
    this.fs.descriptors.trim();
    return copyUp(this.fs, inode, "all");
  }

  setattr(inode: Inode, change: AttrChange): number {
    this.fs.descriptors.trim();
    return setAttributes(this.fs, inode, this.fs.presentation?.storedChange(change) ?? change);
  }

  /** The value's length; it is in `buffer` unless that is empty. ENODATA, ERANGE … */
  getxattr(inode: Inode, name: Bytes, buffer: Uint8Array): number {
    return getXattr(this.fs, inode, name, buffer);
  }

  /** The names, each ended by NUL, without those of the overlay itself. */
  listxattr(inode: Inode): Buffer | Errno {
    return listMergedXattrs(this.fs, inode);
  }

  /** `flags`: 0, XATTR_CREATE or XATTR_REPLACE. */
  setxattr(inode: Inode, name: Bytes, value: Uint8Array, flags: number): number {
    this.fs.descriptors.trim();
    return changeXattr(this.fs, inode, name, value, flags);
  }

  removexattr(inode: Inode, name: Bytes): number {
    this.fs.descriptors.trim();
    return dropXattr(this.fs, inode, name);
  }

  /** FS_IMMUTABLE_FL, FS_APPEND_FL: how an inode is protected, which the caller of an open has to be told. */
  protection(inode: Inode): Protection {
    return protectionOf(this.fs, inode);
  }

  /** FS_IOC_GETFLAGS: the flags of chattr(1); ENOTTY where there are none. */
  getFlags(inode: Inode): number {
    this.fs.descriptors.trim();
    return getFlags(this.fs, inode);
  }

  setFlags(inode: Inode, flags: number): number {
    this.fs.descriptors.trim();
    return setFlags(this.fs, inode, flags);
  }

  /** FS_IOC_FSGETXATTR: fills `extended`, a struct fsxattr of FSXATTR_SIZE bytes. */
  getExtendedFlags(inode: Inode, extended: Uint8Array): number {
    this.fs.descriptors.trim();
    return getExtended(this.fs, inode, extended);
  }

  setExtendedFlags(inode: Inode, extended: Uint8Array): number {
    this.fs.descriptors.trim();
    return setExtended(this.fs, inode, extended);
  }

  /** A descriptor, valid until the next call, of the file that holds an inode's data for good; -EAGAIN where it may move. */
  settledData(inode: Inode): number {
    this.fs.descriptors.trim();
    return settledData(this.fs, inode);
  }

  /** Reads up to `length` bytes at `position` to `buffer[offset…]`; the bytes read, fewer at the end of the file. */
  read(inode: Inode, buffer: Uint8Array, offset: number, length: number, position: number): number {
    this.fs.descriptors.trim();
    return readData(this.fs, inode, buffer, offset, length, position);
  }

  /**
   * Writes `length` bytes of `buffer[offset…]` at `position`, after a copy-up; the bytes written. With
   * `keepMtime` the file's mtime stays: whoever writes late (a writeback cache) knows it better.
   */
  write(inode: Inode, buffer: Uint8Array, offset: number, length: number, position: number, keepMtime = false): number {
    this.fs.descriptors.trim();
    return (keepMtime ? writeKeepingMtime : writeData)(this.fs, inode, buffer, offset, length, position);
  }

  /** fsync(2) off the thread; a number where there is nothing to wait for. */
  fsync(inode: Inode, dataOnly: boolean): Promise<number> | number {
    this.fs.descriptors.trim();
    return sync(this.fs, inode, dataOnly);
  }

  /** fsync(2) while the caller waits. */
  fsyncSync(inode: Inode, dataOnly: boolean): number {
    this.fs.descriptors.trim();
    return syncNow(this.fs, inode, dataOnly);
  }

  /** fallocate(2); `mode` is FALLOC_FL_*. */
  fallocate(inode: Inode, mode: number, offset: number, length: number): number {
    this.fs.descriptors.trim();
    return allocate(this.fs, inode, mode, offset, length);
  }

  /** lseek(2) with SEEK_DATA or SEEK_HOLE. */
  lseek(inode: Inode, offset: number, whence: number): number {
    this.fs.descriptors.trim();
    return seek(this.fs, inode, offset, whence);
  }

  /** copy_file_range(2), once; the bytes copied. */
  copyFileRange(from: Inode, fromOffset: number, to: Inode, toOffset: number, length: number): number {
    this.fs.descriptors.trim();
    return copyRange(this.fs, from, fromOffset, to, toOffset, length);
  }

  /**
   * Asks, before a change to an inode (of data where `change` is left out), whether its copy-up would take long. Null: go on. A promise: the data is
   * being copied off the thread, and the change is to be made when it settles (it never rejects; what went
   * wrong is then the errno of the change).
   */
  stage(inode: Inode, change?: AttrChange): Promise<void> | null {
    // A protected file is copied up for its flags alone, all else is refused: not worth a copy ahead.
    if (change?.size === 0 || protectionOf(this.fs, inode)) return null;
    return change && change.size === undefined && this.fs.config.metacopy ? null : stage(this.fs, inode);
  }

  /** To be called when a request is answered: what its caller will ask for next may be begun (copy-ahead.ts). */
  answered(): void {
    if (!this.fs.copyAhead.hasCopied) return;
    this.fs.descriptors.trim();
    this.fs.credentials.restore();
    this.fs.copyAhead.goOn(this.fs);
  }

  /** Something has found no room (ENOSPC, EDQUOT) and may be tried again: gives back what is held ahead of need; whether there was any. */
  freeRoom(): Promise<boolean> {
    return this.fs.copyAhead.giveBack(this.fs);
  }
}

function referenced(answer: Inode | Errno): Inode | Errno {
  if (!isErrno(answer)) answer.references++;
  return answer;
}
