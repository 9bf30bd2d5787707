/**
 * The library face: an overlay opened in this process, without a mount, with methods in the manner of the
 * synchronous half of node:fs. Each is one call into the engine on the inode that a path leads to; what goes
 * wrong is thrown as OverlayError. Permissions are those of this process on the layers: no others are checked.
 */
import { Engine } from "../engine/engine.js";
import type { FeatureOptions } from "../engine/options.js";
import type { AttrChange, Log } from "../engine/types.js";
import { bytes, type Bytes } from "../sys/bytes.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE, XATTR_CREATE, XATTR_REPLACE } from "../sys/constants.js";
import { E, fail, isErrno } from "../sys/errno.js";
import { S_IFREG } from "../sys/stat.js";
import { STATFS_FIELDS } from "../sys/statfs.js";
import { currentUmask } from "../sys/umask.js";
import { Context } from "./context.js";
import { expect, OverlayError } from "./error.js";
import { openBits, type OpenFlags } from "./flags.js";
import { openFile, opensThroughLinks, OverlayFile } from "./handle.js";
import { linkPlace, mkdirPlace, refusesSlash, renamePlace, rmdirPlace, unlinkPlace } from "./names.js";
import { fromBytes, toBytes, type NameEncoding, type OverlayPath } from "./path.js";
import { toProvenance, type OverlayProvenance } from "./provenance.js";
import { OverlayEntry, toStatFs, type OverlayStatFs, type OverlayStats } from "./stats.js";
import { toTime, type TimeLike } from "./times.js";
import { copyData, makeDirectories, refuseSameFile, removeTree } from "./tree.js";
import { resolve } from "./walk.js";
import { getValue, listNames } from "./xattrs.js";

/** What an overlay is made of. Paths are those of this machine, relative to the working directory or absolute. */
export interface OverlayOpenOptions extends FeatureOptions {
  /** The read-only layers, topmost first. One string is one path: colons do not separate. */
  readonly lower: OverlayPath | readonly OverlayPath[];
  /** Layers below the others that are not merged: metacopies find their data there. */
  readonly dataOnly?: OverlayPath | readonly OverlayPath[];
  /** The writable layer; without it the overlay is read-only. */
  readonly upper?: OverlayPath;
  /** An empty directory on the file system of the upper; needed with it. */
  readonly work?: OverlayPath;
  /** Show the upper, never write it. */
  readonly readOnly?: boolean;
  /** Skip syncing: the upper is lost if the machine crashes. */
  readonly volatile?: boolean;
  /** Permission bits that new files do not get; the umask of this process. */
  readonly umask?: number;
  /** Told what no caller can be told; `process.emitWarning` unless given. */
  readonly log?: Log;
}

/** How `readdir` answers. */
export interface ReaddirOptions {
  readonly encoding?: NameEncoding;
  readonly withFileTypes?: boolean;
}

/** Whether the last component, if a symlink, stands for what it names (the default) or for itself. */
export interface FollowOptions {
  readonly follow?: boolean;
}

/** How `setxattr` treats what is there: ENODATA with `replace`, EEXIST with `create`. */
export interface SetXattrOptions extends FollowOptions {
  readonly create?: boolean;
  readonly replace?: boolean;
}

function isPath(lower: OverlayPath | readonly OverlayPath[]): lower is OverlayPath {
  return typeof lower === "string" || Buffer.isBuffer(lower);
}

function listOf(paths: OverlayPath | readonly OverlayPath[]): Bytes[] {
  return (isPath(paths) ? [paths] : paths).map(toBytes);
}

function toLog(): Log {
  const causes = new Set<string>();
  return {
    warn(message, cause): void {
      if (cause !== undefined && causes.has(cause)) return;
      if (cause !== undefined) causes.add(cause);
      process.emitWarning(message, "OverlayWarning");
    },
  };
}

/** A merged tree. Every method throws OverlayError for what the system call of its name would refuse. */
export class Overlay implements Disposable {
  readonly #context: Context;
  /** Whether changes are refused with EROFS. */
  readonly readOnly: boolean;

  private constructor(context: Context) {
    this.#context = context;
    this.readOnly = context.engine.readOnly;
  }

  /** Opens the layers; `close` gives them back. Throws OptionError: one sentence naming the option and the remedy. */
  static open(options: OverlayOpenOptions): Overlay {
    const { lower, dataOnly = [], upper, work, log, umask = currentUmask(), ...others } = options;
    const engine = Engine.open({
      ...others,
      lower: listOf(lower),
      dataOnly: listOf(dataOnly),
      ...(upper === undefined ? {} : { upper: toBytes(upper) }),
      ...(work === undefined ? {} : { work: toBytes(work) }),
    }, log ?? toLog());
    return new Overlay(new Context(engine, { uid: process.geteuid!(), gid: process.getegid!(), umask }));
  }

  /** Closes the layers and releases the work directory. Everything afterwards, open files too, throws EBADF. */
  close(): void {
    this.#context.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Attributes of what the path leads to, symlinks followed. */
  stat(path: OverlayPath): OverlayStats {
    return this.#context.withInode("stat", path, true, (inode) => this.#context.stats(inode, "stat", path));
  }

  /** Attributes of what stands under the name, be it a symlink. */
  lstat(path: OverlayPath): OverlayStats {
    return this.#context.withInode("lstat", path, false, (inode) => this.#context.stats(inode, "lstat", path));
  }

  /** Whether the path leads to something; false for a dangling symlink, and for whatever cannot be looked up. */
  exists(path: OverlayPath): boolean {
    const place = resolve(this.#context.engine, toBytes(path), true);
    if (isErrno(place)) return false;
    const found = !isErrno(place.existing);
    place.release();
    return found;
  }

  /** The path from the root of the overlay, without symlinks, `.` and `..`. */
  realpath(path: OverlayPath): string;
  realpath(path: OverlayPath, encoding: "buffer"): Buffer;
  realpath(path: OverlayPath, encoding: NameEncoding = "utf8"): string | Buffer {
    return this.#context.withPlace("realpath", path, true, (place) => {
      const inode = place.existing;
      return isErrno(inode) ? inode : fromBytes(place.path, encoding);
    });
  }

  /** Which layer gives what the path leads to, and what it was copied up from. */
  provenance(path: OverlayPath, options?: FollowOptions & { readonly encoding?: "utf8" }): OverlayProvenance;
  provenance(path: OverlayPath, options: FollowOptions & { readonly encoding: "buffer" }): OverlayProvenance<Buffer>;
  provenance(path: OverlayPath, options: FollowOptions & { readonly encoding?: NameEncoding } = {}): OverlayProvenance<string | Buffer> {
    return this.#context.withInode("provenance", path, options.follow ?? true, (inode) =>
      toProvenance(this.#context.engine.provenance(inode), options.encoding ?? "utf8"));
  }

  /** The names in a directory without `.` and `..`, in no order. */
  readdir(path: OverlayPath, options?: { readonly encoding?: "utf8"; readonly withFileTypes?: false }): string[];
  readdir(path: OverlayPath, options: { readonly encoding: "buffer"; readonly withFileTypes?: false }): Buffer[];
  readdir(path: OverlayPath, options: { readonly encoding?: "utf8"; readonly withFileTypes: true }): OverlayEntry[];
  readdir(path: OverlayPath, options: { readonly encoding: "buffer"; readonly withFileTypes: true }): OverlayEntry<Buffer>[];
  readdir(path: OverlayPath, options: ReaddirOptions = {}): (string | Buffer | OverlayEntry<string | Buffer>)[] {
    const { engine } = this.#context;
    const encoding = options.encoding ?? "utf8";
    return this.#context.withInode("readdir", path, true, (inode) => {
      if (!inode.isDirectory) return fail(E.ENOTDIR);
      const listing = engine.readdir(inode);
      if (isErrno(listing)) return listing;
      const entries = listing.entries.filter(({ name }) => name !== "." && name !== "..");
      engine.releaseListing(inode);
      return entries.map(({ name, ino, type }) => {
        const shown = fromBytes(name, encoding);
        return options.withFileTypes ? new OverlayEntry(shown, ino, type << 12) : shown;
      });
    });
  }

  /** What a symlink holds, unchanged. EINVAL for anything else. */
  readlink(path: OverlayPath): string;
  readlink(path: OverlayPath, encoding: "buffer"): Buffer;
  readlink(path: OverlayPath, encoding: NameEncoding = "utf8"): string | Buffer {
    return this.#context.withInode("readlink", path, false, (inode) => {
      const target = this.#context.engine.readlink(inode);
      return isErrno(target) ? target : fromBytes(target, encoding);
    });
  }

  /**
   * Opens a file or directory; made with `mode` less the umask where the flags ask for it. A file opened for
   * writing is copied up by its first change, not by being opened. FIFOs, sockets and devices: ENXIO.
   */
  open(path: OverlayPath, flags: OpenFlags | number = "r", mode = 0o666): OverlayFile {
    const bits = openBits(flags);
    const context = this.#context;
    const place = expect(resolve(context.engine, toBytes(path), opensThroughLinks(bits)), "open", path);
    const inode = expect(openFile(context, place, bits, mode), "open", path);
    return new OverlayFile(context, inode, bits, path);
  }

  /** The whole content of a file, as bytes or, with an encoding, as text. */
  readFile(path: OverlayPath): Buffer;
  readFile(path: OverlayPath, encoding: BufferEncoding): string;
  readFile(path: OverlayPath, encoding?: BufferEncoding): Buffer | string {
    const file = this.open(path);
    try {
      const content = file.readToEnd();
      return encoding === undefined ? content : content.toString(encoding);
    } finally {
      file.close();
    }
  }

  /** Replaces the content of a file, which is made if missing; other flags change that as in `open`. */
  writeFile(path: OverlayPath, data: Uint8Array | string, options: { readonly mode?: number; readonly flag?: OpenFlags } = {}): void {
    const file = this.open(path, options.flag ?? "w", options.mode);
    try {
      file.write(data);
    } finally {
      file.close();
    }
  }

  /** Adds to the end of a file, which is made if missing. */
  appendFile(path: OverlayPath, data: Uint8Array | string, options: { readonly mode?: number } = {}): void {
    this.writeFile(path, data, { ...options, flag: "a" });
  }

  /** Copies data and permission bits to a new or emptied file; blocks are shared where the layers can. */
  copyFile(from: OverlayPath, to: OverlayPath, options: { readonly exclusive?: boolean } = {}): void {
    const source = this.open(from);
    try {
      const { mode, type } = source.stat();
      if (type !== S_IFREG) throw new OverlayError(-E.EINVAL, "copyFile", from, to);
      refuseSameFile(this.#context, source, from, to);
      const target = this.open(to, options.exclusive ? "wx" : "w", mode & 0o777);
      try {
        copyData(this.#context, source, target);
      } finally {
        target.close();
      }
    } finally {
      source.close();
    }
  }

  /** Makes a directory; with `recursive` its parents too, and then answers the first one made, if any was. */
  mkdir(path: OverlayPath, options: { readonly recursive?: boolean; readonly mode?: number } = {}): string | undefined {
    const mode = options.mode ?? 0o777;
    if (options.recursive) return makeDirectories(this.#context, path, mode);
    this.#context.withPlace("mkdir", path, false, (place) => mkdirPlace(this.#context, place, mode));
    return undefined;
  }

  /** Makes a symlink at `path` that holds `target`. */
  symlink(target: OverlayPath, path: OverlayPath): void {
    const { engine, caller } = this.#context;
    this.#context.withNewName("symlink", path, (place) =>
      refusesSlash(place) ?? this.#context.drop(engine.symlink(place.parent, place.name, toBytes(target), caller)));
  }

  /** Makes a FIFO, socket or device node; `mode` holds type and permissions. */
  mknod(path: OverlayPath, mode: number, major = 0, minor = 0): void {
    const { engine, caller } = this.#context;
    this.#context.withNewName("mknod", path, (place) =>
      refusesSlash(place) ?? this.#context.drop(engine.mknod(place.parent, place.name, mode, major, minor, caller)));
  }

  /** A second name for a file; a symlink is linked itself. */
  link(existing: OverlayPath, path: OverlayPath): void {
    this.#context.withPlaces("link", existing, path, (from, to) => linkPlace(this.#context, from, to));
  }

  /** Removes a name that is not a directory; a whiteout is left where a lower has it. */
  unlink(path: OverlayPath): void {
    this.#context.withPlace("unlink", path, false, (place) => unlinkPlace(this.#context, place));
  }

  /** Removes an empty directory. */
  rmdir(path: OverlayPath): void {
    this.#context.withPlace("rmdir", path, false, (place) => rmdirPlace(this.#context, place));
  }

  /** Removes a file, or with `recursive` a tree; with `force` a missing name is no error. */
  rm(path: OverlayPath, options: { readonly recursive?: boolean; readonly force?: boolean } = {}): void {
    this.#context.withPlace("rm", path, false, (place) => {
      if (place.inode === null && options.force) return 0;
      if (!options.recursive) return unlinkPlace(this.#context, place);
      const inode = place.existing;
      if (isErrno(inode)) return inode;
      if (place.last !== "name") return rmdirPlace(this.#context, place);
      removeTree(this.#context, place.parent, place.name, path);
      return 0;
    });
  }

  /**
   * renameat2(2). With `noReplace` EEXIST where something stands; with `exchange` the two change places.
   * EXDEV for a directory that a lower has a part in, as in the kernel's overlay by default.
   */
  rename(from: OverlayPath, to: OverlayPath, options: { readonly noReplace?: boolean; readonly exchange?: boolean } = {}): void {
    const flags = (options.noReplace ? RENAME_NOREPLACE : 0) | (options.exchange ? RENAME_EXCHANGE : 0);
    this.#context.withPlaces("rename", from, to, (source, target) => renamePlace(this.#context, source, target, flags));
  }

  /** Permission bits, setuid, setgid and sticky. */
  chmod(path: OverlayPath, mode: number): void {
    this.#change("chmod", path, true, { mode: mode & 0o7777 });
  }

  /** Owner and group; -1 leaves one as it is. */
  chown(path: OverlayPath, uid: number, gid: number): void {
    this.#change("chown", path, true, owner(uid, gid));
  }

  /** As `chown`, of a symlink itself. */
  lchown(path: OverlayPath, uid: number, gid: number): void {
    this.#change("lchown", path, false, owner(uid, gid));
  }

  /** Times of last access and change of data. */
  utimes(path: OverlayPath, atime: TimeLike, mtime: TimeLike): void {
    this.#change("utimes", path, true, { atime: toTime(atime), mtime: toTime(mtime) });
  }

  /** As `utimes`, of a symlink itself. */
  lutimes(path: OverlayPath, atime: TimeLike, mtime: TimeLike): void {
    this.#change("lutimes", path, false, { atime: toTime(atime), mtime: toTime(mtime) });
  }

  /** Sets the size of a file, in bytes; what is added reads as zeros. EISDIR, EINVAL for what is no regular file. */
  truncate(path: OverlayPath, size = 0): void {
    this.#context.withInode("truncate", path, true, (inode) => {
      if (inode.isDirectory) return -E.EISDIR;
      return inode.type === S_IFREG && size >= 0 ? this.#context.engine.setattr(inode, { size }) : -E.EINVAL;
    });
  }

  /** The value of an extended attribute. ENODATA where there is none; EOPNOTSUPP where the layer has none at all. */
  getxattr(path: OverlayPath, name: string, options: FollowOptions = {}): Buffer {
    return this.#context.withInode("getxattr", path, options.follow ?? true, (inode) => getValue(this.#context, inode, name));
  }

  /** The names of all extended attributes but the overlay's own. */
  listxattr(path: OverlayPath, options: FollowOptions = {}): string[] {
    return this.#context.withInode("listxattr", path, options.follow ?? true, (inode) => listNames(this.#context, inode));
  }

  setxattr(path: OverlayPath, name: string, value: Uint8Array | string, options: SetXattrOptions = {}): void {
    const content = typeof value === "string" ? Buffer.from(value, "utf8") : value;
    const flags = (options.create ? XATTR_CREATE : 0) | (options.replace ? XATTR_REPLACE : 0);
    this.#context.withInode("setxattr", path, options.follow ?? true, (inode) =>
      this.#context.engine.setxattr(inode, bytes(name), content, flags));
  }

  removexattr(path: OverlayPath, name: string, options: FollowOptions = {}): void {
    this.#context.withInode("removexattr", path, options.follow ?? true, (inode) =>
      this.#context.engine.removexattr(inode, bytes(name)));
  }

  /** Space on the file system of the upper, or of the topmost lower. */
  statfs(): OverlayStatFs {
    const fields = new Float64Array(STATFS_FIELDS);
    expect(this.#context.engine.statfs(fields), "statfs");
    return toStatFs(fields);
  }

  #change(syscall: string, path: OverlayPath, follow: boolean, change: AttrChange): void {
    this.#context.withInode(syscall, path, follow, (inode) => this.#context.engine.setattr(inode, change));
  }
}

function owner(uid: number, gid: number): AttrChange {
  return { ...(uid === -1 ? {} : { uid }), ...(gid === -1 ? {} : { gid }) };
}
