/**
 * A directory that a test works in: what people do with files, one method per act, paths relative to it.
 * Each method is one system call or the few that the act takes; refusals are thrown as Refused. Descriptors
 * that a test leaves open are closed by closeAll, so that a failed case can't keep a mount busy.
 */
import { lstatSync } from "node:fs";
import { attributesAt, type Attributes } from "./attributes.js";
import { extendedFlagsOf, flagsOf, setExtendedFlags, setFlags } from "./file-flags.js";
import { readDirectory, type Entry } from "./getdents.js";
import { OpenFile } from "./open-file.js";
import { check, outcome, raw, Refused } from "./syscalls.js";
import { getXattr, listXattrs, removeXattr, setXattr } from "./xattrs.js";
import {
  AT_FDCWD, AT_REMOVEDIR, O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_TMPFILE, O_TRUNC, O_WRONLY, UTIME_NOW, UTIME_OMIT,
} from "../../src/sys/constants.js";
import { native } from "../../src/sys/native.js";
import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG, S_IFSOCK } from "../../src/sys/stat.js";

const nodeTypes = { file: S_IFREG, fifo: S_IFIFO, socket: S_IFSOCK, character: S_IFCHR, block: S_IFBLK } as const;

export class Tree {
  readonly #open: Set<OpenFile>;

  /** `readFlags` go with each read of a whole file: O_NOATIME for a tree that must be left as it is. */
  constructor(readonly path: string, readonly readFlags = 0, open: Set<OpenFile> = new Set()) {
    this.#open = open;
  }

  /** The absolute path of `name`; the empty name is the directory itself. */
  at(name: string): string {
    return name === "" ? this.path : `${this.path}/${name}`;
  }

  /** A subdirectory as a tree of its own. */
  in(name: string): Tree { return this.elsewhere(this.at(name)); }

  /** The tree at another path to the same layer, one through a descriptor for example. */
  elsewhere(path: string): Tree { return new Tree(path, this.readFlags, this.#open); }

  stat(name: string): Attributes { return attributesAt(AT_FDCWD, this.at(name)); }

  exists(name: string): boolean {
    const missing = outcome(() => this.stat(name));
    if (missing !== "done" && missing !== "ENOENT") throw new Refused(missing, `stat ${name}`);
    return missing === "done";
  }

  open(name: string, flags: number = O_RDONLY, mode = 0o644): OpenFile {
    const fd = check(native.openat(AT_FDCWD, raw(this.at(name)), flags, mode), `open ${name}`);
    const file = new OpenFile(fd, name);
    this.#open.add(file);
    return file;
  }

  closeAll(): void {
    for (const file of this.#open) file.close();
    this.#open.clear();
  }

  /** Opens, acts, closes. */
  with<T>(name: string, flags: number, act: (file: OpenFile) => T, mode = 0o644): T {
    const file = this.open(name, flags, mode);
    try {
      return act(file);
    } finally {
      file.close();
      this.#open.delete(file);
    }
  }

  read(name: string): string { return this.with(name, O_RDONLY | this.readFlags, (file) => file.readAll().toString("latin1")); }

  /** Writes the whole file, as `>` does. */
  write(name: string, content: string | Uint8Array, mode = 0o644): void {
    this.with(name, O_WRONLY | O_CREAT | O_TRUNC, (file) => file.write(content, 0), mode);
  }

  /** Adds to its end, as `>>` does. */
  append(name: string, content: string): void {
    this.with(name, O_WRONLY | O_CREAT | O_APPEND, (file) => file.write(content, 0));
  }

  /** Writes in the middle of a file that is there. */
  patch(name: string, position: number, content: string): void {
    this.with(name, O_WRONLY, (file) => file.write(content, position));
  }

  /** Makes an empty file that was not there. */
  create(name: string, mode = 0o644): void {
    this.with(name, O_WRONLY | O_CREAT | O_EXCL, () => undefined, mode);
  }

  truncate(name: string, size: number): void { this.with(name, O_WRONLY, (file) => file.truncate(size)); }

  openUnnamed(directory: string, flags: number, mode = 0o644): OpenFile { return this.open(directory, O_TMPFILE | flags, mode); }

  mkdir(name: string, mode = 0o755): void {
    check(native.mkdirat(AT_FDCWD, raw(this.at(name)), mode), `mkdir ${name}`);
  }

  mknod(name: string, type: keyof typeof nodeTypes, mode = 0o644, major = 0, minor = 0): void {
    check(native.mknodat(AT_FDCWD, raw(this.at(name)), nodeTypes[type] | mode, major, minor), `mknod ${name}`);
  }

  symlink(target: string, name: string): void {
    check(native.symlinkat(raw(target), AT_FDCWD, raw(this.at(name))), `symlink ${name}`);
  }

  readlink(name: string): string {
    const buffer = Buffer.alloc(8192);
    const length = check(native.readlinkat(AT_FDCWD, raw(this.at(name)), buffer), `readlink ${name}`);
    return buffer.toString("latin1", 0, length);
  }

  link(from: string, to: string): void {
    check(native.linkat(AT_FDCWD, raw(this.at(from)), AT_FDCWD, raw(this.at(to))), `link ${from} ${to}`);
  }

  unlink(name: string): void {
    check(native.unlinkat(AT_FDCWD, raw(this.at(name)), 0), `unlink ${name}`);
  }

  rmdir(name: string): void {
    check(native.unlinkat(AT_FDCWD, raw(this.at(name)), AT_REMOVEDIR), `rmdir ${name}`);
  }

  /** Removes a directory and all below it, as `rm -r` does. */
  removeAll(name: string): void {
    for (const entry of this.entries(name)) {
      if (entry.name === "." || entry.name === "..") continue;
      const path = `${name}/${entry.name}`;
      if (this.stat(path).type === "directory") this.removeAll(path);
      else this.unlink(path);
    }
    this.rmdir(name);
  }

  rename(from: string, to: string, flags = 0): void {
    check(native.renameat2(AT_FDCWD, raw(this.at(from)), AT_FDCWD, raw(this.at(to)), flags), `rename ${from} ${to}`);
  }

  chmod(name: string, mode: number): void {
    check(native.fchmodat(AT_FDCWD, raw(this.at(name)), mode), `chmod ${name}`);
  }

  /** When the inode was changed last, in nanoseconds. */
  ctime(name: string): bigint {
    return lstatSync(Buffer.from(this.at(name), "latin1"), { bigint: true }).ctimeNs;
  }

  chown(name: string, uid: number, gid: number): void {
    check(native.fchownat(AT_FDCWD, raw(this.at(name)), uid, gid), `chown ${name}`);
  }

  /** Sets the modification time; the access time stays. */
  setMtime(name: string, seconds: number, nanoseconds: number): void {
    check(native.utimensat(AT_FDCWD, raw(this.at(name)), 0, UTIME_OMIT, seconds, nanoseconds), `utimensat ${name}`);
  }

  setAtime(name: string, seconds: number, nanoseconds: number): void {
    check(native.utimensat(AT_FDCWD, raw(this.at(name)), seconds, nanoseconds, 0, UTIME_OMIT), `utimensat ${name}`);
  }

  /** Both times to the present, as touch(1) does. */
  touch(name: string): void {
    check(native.utimensat(AT_FDCWD, raw(this.at(name)), 0, UTIME_NOW, 0, UTIME_NOW), `utimensat ${name}`);
  }

  xattr(name: string, attribute: string): string { return getXattr(this.at(name), attribute).toString("latin1"); }
  xattrs(name: string): string[] { return listXattrs(this.at(name)); }
  setXattr(name: string, attribute: string, value: string | Uint8Array, flags = 0): void { setXattr(this.at(name), attribute, value, flags); }
  removeXattr(name: string, attribute: string): void { removeXattr(this.at(name), attribute); }

  /** FS_*_FL, as lsattr(1) shows them. */
  flags(name: string): number { return flagsOf(this.at(name)); }
  setFlags(name: string, flags: number): void { setFlags(this.at(name), flags); }
  /** struct fsxattr, as five numbers: xflags, extsize, nextents, projid, cowextsize. */
  extendedFlags(name: string): number[] { return extendedFlagsOf(this.at(name)); }
  setExtendedFlags(name: string, words: readonly number[]): void { setExtendedFlags(this.at(name), words); }

  /** Its entries in the order of the directory, `.` and `..` among them. */
  entries(name = ""): Entry[] { return this.with(name, O_RDONLY | O_DIRECTORY, (directory) => readDirectory(directory.fd)); }

  /** The names in it, sorted, without `.` and `..`. */
  list(name = ""): string[] {
    return this.entries(name).map((entry) => entry.name).filter((entry) => entry !== "." && entry !== "..").sort();
  }
}
