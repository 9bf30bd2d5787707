/**
 * The index: one entry for each copied-up lower file that has several names (with nfs_export for everything
 * that is copied up), named by the file handle of the lower. A file's entry is a hard link of its upper, so
 * whichever name is looked up leads to the one upper; a directory's entry names its upper by a file handle.
 * Source: Documentation/filesystems/overlayfs.rst, "Index" and "NFS export"; ovl_get_indexdir in
 * fs/overlayfs/super.c, ovl_lookup_index and ovl_verify_index in namei.c, ovl_indexdir_cleanup in readdir.c.
 */
import { bytes, display, type Bytes } from "../sys/bytes.js";
import { E, errnoName, fail, type Errno } from "../sys/errno.js";
import { native } from "../sys/native.js";
import { S_IFCHR, Stat } from "../sys/stat.js";
import { OptionError } from "./options.js";
import { encodeOrigin, encodeUpper, isHandle, openStored } from "./origin.js";
import type { OverlayFs } from "./overlay-fs.js";
import { readEntries } from "./real-entries.js";
import { readXattr } from "./real-xattr.js";
import { ITSELF, RealFile, type Place, type RealDirectory } from "./real.js";
import { makeDirectory, removeFile, rename, setXattr } from "./upper.js";
import { parseNlink } from "./union-nlink.js";
import { removeTree } from "./work.js";

export interface Index {
  /** `index` in the directory that the user named as work directory. */
  readonly directory: RealDirectory;
  /** Everything that is copied up is indexed, and origins are verified (nfs_export). */
  readonly all: boolean;
}

const INDEX = bytes("index");
const stat = new Stat();

/** The name of the entry for a stored file handle. */
export function indexName(handle: Buffer): Bytes {
  return bytes(handle.toString("hex"));
}

/** What the index has under a name; its attributes go to `out`. ENOENT for nothing, ESTALE for a whiteout. */
export function findEntry(index: Index, name: Bytes, type: number, out: Stat): RealFile | Errno {
  const error = native.statx(index.directory.fd(), name, out.fields);
  if (error < 0) return fail(-error);
  if (out.type === S_IFCHR && out.rdevMajor === 0 && out.rdevMinor === 0) return fail(E.EIO);
  return out.type === type ? new RealFile(index.directory, name) : fail(E.EIO);
}

/** Makes sure of a directory's entry in the index, before the directory is published; 0 or an errno. */
export function addDirectory(fs: OverlayFs, index: Index, upper: RealDirectory, name: Bytes): number {
  const work = fs.work!;
  const handle = encodeUpper(fs, upper);
  if (!handle) return -E.EIO;
  const temporary = work.temporaryName();
  const made = makeDirectory(work.directory, temporary, 0);
  if (made < 0) return made;
  const entry = work.directory.child(temporary);
  let error = setXattr(entry, entry.layer.xattrs.upper, handle, 0);
  if (error >= 0) error = rename(work.directory, temporary, index.directory, name, 0);
  if (error < 0) work.discard(temporary);
  return error;
}

/** Whether the entry of a directory names this upper: EIO where it names another, ENOENT where there is none. */
export function verifyDirectory(fs: OverlayFs, index: Index, name: Bytes, upper: RealDirectory | null): number {
  const error = native.statx(index.directory.fd(), name, stat.fields);
  if (error < 0) return error;
  const entry = index.directory.child(name);
  const stored = stat.isDirectory ? readXattr(entry, entry.layer.xattrs.upper) : -E.EIO;
  const handle = upper && encodeUpper(fs, upper);
  if (typeof stored !== "number" && handle && handle.equals(stored)) return 0;
  fs.log.warn(upper ? "a directory is redirected more than once" : "a redirected directory is found at its old place too", "index-directory");
  return -E.EIO;
}

/**
 * Removes the entry of a file whose copy-up got no further, so that it has no other name; whether it is gone. Left behind it would
 * be taken for that of a file whose names have all been removed, by the kernel too (ovl_verify_index in fs/overlayfs/namei.c).
 */
export function removeUnlinked(index: Index, name: Bytes): boolean {
  const isAlone = native.statx(index.directory.fd(), name, stat.fields) >= 0 && stat.nlink === 1;
  return isAlone && removeFile(index.directory, name) >= 0;
}

/** Ends an entry whose last name is gone; with nfs_export a whiteout stays, so that its handles are stale. */
export function removeEntry(fs: OverlayFs, index: Index, name: Bytes, isDirectory: boolean): void {
  const error = index.all ? whiteOut(fs, index, name, isDirectory)
    : isDirectory ? removeTree(index.directory, name) : removeFile(index.directory, name);
  if (error < 0 && error !== -E.ENOENT) fs.log.warn(`an index entry could not be removed (errno ${-error})`, "index-remove");
}

function whiteOut(fs: OverlayFs, index: Index, name: Bytes, isDirectory: boolean): number {
  if (isDirectory) {
    const removed = removeTree(index.directory, name);
    if (removed < 0) return removed;
  }
  const whiteout = fs.work!.whiteout();
  if (typeof whiteout === "number") return whiteout;
  const error = rename(fs.work!.directory, whiteout, index.directory, name, 0);
  if (error < 0) fs.work!.discard(whiteout);
  return error;
}

/** Makes the index ready: it belongs to this upper and this topmost lower, and stale entries go. Throws OptionError. */
export function openIndex(fs: OverlayFs, base: RealDirectory): Index {
  const upper = fs.upper!.root;
  const remedy = "mount with index=off, or use the layers that it was made with";
  verifyOrSet(upper, upper.layer.xattrs.origin, encodeOrigin(fs, fs.lower[0]!.root),
    `the upper was used with another topmost lower layer, which index=on does not allow; ${remedy}`);
  const made = makeDirectory(base, INDEX, 0);
  if (made < 0 && made !== -E.EEXIST) throw new OptionError(`the index directory can't be made (${errnoName(made)}); mount with index=off`);
  const index: Index = { directory: base.child(INDEX), all: fs.config.nfsExport };
  const handle = encodeUpper(fs, upper);
  if (!handle) throw new OptionError("the upper's file system has no file handles, which index=on needs; mount with index=off");
  verifyOrSet(index.directory, upper.layer.xattrs.upper, handle,
    `the index in the work directory belongs to another upper (was it copied?); delete work/index there or ${remedy}`);
  sweep(fs, index);
  return index;
}

function verifyOrSet(place: Place, xattr: Bytes, handle: Buffer, message: string): void {
  const stored = readXattr(place, xattr);
  if (typeof stored !== "number" && stored.length > 0) {
    if (!handle.equals(stored)) throw new OptionError(message);
    return;
  }
  const error = setXattr(place, xattr, handle, 0);
  if (error < 0) throw new OptionError(`an xattr of the index can't be set (${errnoName(error)}); mount with index=off`);
}

/** Removes what a killed mount left, and entries whose lower or upper is gone. */
function sweep(fs: OverlayFs, index: Index): void {
  const entries = readEntries(index.directory);
  if (typeof entries === "number") throw new OptionError(`the index can't be read (${errnoName(entries)}); mount with index=off`);
  for (const { name } of entries) {
    if (name.startsWith("#")) {
      removeTree(index.directory, name);
      continue;
    }
    const verdict = verifyEntry(fs, index, name);
    if (verdict === "foreign") {
      throw new OptionError(`the index holds '${display(name)}', which is no entry; remove it, or mount with index=off`);
    }
    if (verdict === "stale") removeTree(index.directory, name);
    else if (verdict === "orphan") removeEntry(fs, index, name, stat.isDirectory);
  }
}

type Verdict = "valid" | "stale" | "orphan" | "foreign";

/** Judges one entry; its attributes are in `stat` afterwards. */
function verifyEntry(fs: OverlayFs, index: Index, name: Bytes): Verdict {
  const handle = Buffer.from(name, "hex");
  if (native.statx(index.directory.fd(), name, stat.fields) < 0) return "valid";
  if (handle.length * 2 !== name.length || !isHandle(handle)) return "foreign";
  if (stat.type === S_IFCHR && stat.rdevMajor === 0 && stat.rdevMinor === 0) return "valid";
  return stat.isDirectory ? verifyDirectoryEntry(fs, index, name, handle) : verifyFileEntry(fs, index, name, handle);
}

function verifyDirectoryEntry(fs: OverlayFs, index: Index, name: Bytes, handle: Buffer): Verdict {
  if (!fs.config.nfsExport) return "valid";
  const entry = index.directory.child(name);
  const stored = readXattr(entry, entry.layer.xattrs.upper);
  if (typeof stored === "number" || !isHandle(stored)) return "stale";
  const fd = openStored(fs.upper!, Buffer.from(stored));
  if (fd < 0) return "orphan";
  const origin = readXattr({ layer: fs.upper!, dirfd: () => fd, name: ITSELF }, fs.upper!.xattrs.origin);
  const isSame = typeof origin !== "number" && handle.equals(origin);
  native.close(fd);
  return isSame ? "valid" : "stale";
}

const lowerStat = new Stat();

function verifyFileEntry(fs: OverlayFs, index: Index, name: Bytes, handle: Buffer): Verdict {
  const entry = new RealFile(index.directory, name);
  const origin = readXattr(entry, fs.upper!.xattrs.origin);
  if (typeof origin === "number" || !handle.equals(origin)) return "stale";
  if (stat.nlink > 1) return "valid";
  const nlink = readXattr(entry, fs.upper!.xattrs.nlink);
  for (const layer of fs.lower) {
    const fd = openStored(layer, handle);
    if (fd < 0) continue;
    native.statx(fd, ITSELF, lowerStat.fields);
    native.close(fd);
    const union = typeof nlink === "number" ? null : parseNlink(nlink, lowerStat.nlink, stat.nlink);
    return union === null || union <= 0 ? "orphan" : "valid";
  }
  return "stale";
}
