/**
 * The operations of libfuse 2 as fuse-native calls them, each one call into the engine. They are by path; only
 * open files are by handle. What libfuse 2 can't carry is in limits.ts.
 */
import type { Inode } from "../engine/inode.js";
import { NO_DATA, type AttrChange, type Caller } from "../engine/types.js";
import { isVirtual } from "../engine/xattr-names.js";
import { display, type Bytes } from "../sys/bytes.js";
import { deviceMajor, deviceMinor } from "../sys/device.js";
import { E, fail, isErrno, type Errno } from "../sys/errno.js";
import { S_IFMT, Stat } from "../sys/stat.js";
import { STATFS_FIELDS } from "../sys/statfs.js";
import { isForWriting } from "../sys/open-flags.js";
import type { MountRequest } from "../transport.js";
import { VirtualXattrs } from "../virtual-xattrs.js";
import { fromMilliseconds, toNativeStat, toNativeStatFs, type NativeStat, type NativeStatFs } from "./attributes.js";
import { Handles } from "./handles.js";
import { InodeNumbers } from "./inode-numbers.js";
import { toNative } from "./names.js";
import { Paths, type Done } from "./paths.js";
import { REFUSED } from "./refusals.js";

type DoneWith<T> = (outcome: number, value?: T) => void;

const PERMISSIONS = 0o7777;
/** What fuse-native makes of it is enough for a listing: its type and its inode number. */
type ListedStat = Pick<NativeStat, "mode" | "ino">;

/**
 * The operations of one mount; fuse-native calls them by these names. What is not here libfuse answers with
 * ENOSYS: `access` (the kernel checks permissions), `flush` (there is nothing to flush), `opendir`.
 */
export class Operations {
  readonly #paths: Paths;
  readonly #handles: Handles;
  readonly #virtualXattrs: VirtualXattrs;
  readonly #numbers = new InodeNumbers();
  readonly #stat = new Stat();
  readonly #statfs = new Float64Array(STATFS_FIELDS);
  /** Who asks is not told, and the kernel has applied the umask. */
  readonly #caller: Caller = { uid: process.geteuid!(), gid: process.getegid!(), umask: 0 };
  readonly #log: MountRequest["log"];
  readonly #copyUpAtOpen: boolean;

  constructor(request: MountRequest) {
    const { engine, log, copyUpAtOpen } = request;
    this.#virtualXattrs = new VirtualXattrs(engine, request);
    this.#paths = new Paths(engine, log);
    this.#handles = new Handles(engine);
    this.#log = log;
    this.#copyUpAtOpen = copyUpAtOpen;
  }

  get #engine() {
    return this.#paths.engine;
  }

  readonly getattr = (path: string, done: DoneWith<NativeStat>): void => {
    const error = this.#paths.guard("getattr", () => this.#paths.at(path, (inode) => this.#engine.getattr(inode, this.#stat)));
    done(error, error < 0 ? undefined : toNativeStat(this.#stat, this.#numbers));
  };

  readonly fgetattr = (_path: string, handle: number, done: DoneWith<NativeStat>): void => {
    const error = this.#paths.guard("fgetattr", () => this.#on(handle, (inode) => this.#engine.getattr(inode, this.#stat)));
    done(error, error < 0 ? undefined : toNativeStat(this.#stat, this.#numbers));
  };

  readonly readdir = (path: string, done: (outcome: number, names?: readonly string[], stats?: readonly ListedStat[]) => void): void => {
    const names: string[] = [];
    const stats: ListedStat[] = [];
    const error = this.#paths.guard("readdir", () => this.#paths.at(path, (inode) => this.#list(inode, names, stats)));
    done(error, names, stats);
  };

  #list(inode: Inode, names: string[], stats: ListedStat[]): number {
    const listing = this.#engine.readdir(inode);
    if (isErrno(listing)) return listing;
    for (const entry of listing.entries) {
      const name = toNative(entry.name);
      if (isErrno(name)) {
        this.#log.warn(`'${display(entry.name)}' and other names that are not UTF-8 are left out of listings; use the default transport for them`, "not-utf8");
        continue;
      }
      names.push(name);
      stats.push({ mode: (entry.type << 12) & S_IFMT, ino: this.#numbers.narrow(entry.ino) });
    }
    this.#engine.releaseListing(inode);
    return 0;
  }

  readonly readlink = (path: string, done: DoneWith<string>): void => {
    let target = "";
    const error = this.#paths.guard("readlink", () => this.#paths.at(path, (inode) => {
      const found = this.#engine.readlink(inode);
      const text = isErrno(found) ? found : this.#paths.text(found);
      if (isErrno(text)) return text;
      target = text;
      return 0;
    }));
    done(error, target);
  };

  readonly statfs = (_path: string, done: DoneWith<NativeStatFs>): void => {
    const error = this.#paths.guard("statfs", () => this.#engine.statfs(this.#statfs));
    done(error, error < 0 ? undefined : toNativeStatFs(this.#statfs));
  };

  readonly mknod = (path: string, mode: number, device: number, done: Done): void => {
    const [major, minor] = [deviceMajor(device), deviceMinor(device)];
    this.#paths.answer("mknod", done, () => this.#paths.make(path, (parent, name) =>
      this.#engine.mknod(parent, name, mode, major, minor, this.#caller)));
  };

  readonly mkdir = (path: string, mode: number, done: Done): void => {
    this.#paths.answer("mkdir", done, () => this.#paths.make(path, (parent, name) =>
      this.#engine.mkdir(parent, name, mode & PERMISSIONS, this.#caller)));
  };

  readonly symlink = (target: string, path: string, done: Done): void => {
    this.#paths.answer("symlink", done, () => this.#paths.make(path, (parent, name) => {
      const bytes = this.#paths.bytes(target);
      return isErrno(bytes) ? bytes : this.#engine.symlink(parent, name, bytes, this.#caller);
    }));
  };

  readonly link = (from: string, to: string, done: Done): void => {
    this.#paths.change("link", from, NO_DATA, done, (inode) =>
      this.#paths.make(to, (parent, name) => this.#engine.link(inode, parent, name)));
  };

  readonly unlink = (path: string, done: Done): void => {
    this.#paths.answer("unlink", done, () => this.#paths.under(path, (parent, name) => this.#engine.unlink(parent, name)));
  };

  readonly rmdir = (path: string, done: Done): void => {
    this.#paths.answer("rmdir", done, () => this.#paths.under(path, (parent, name) => this.#engine.rmdir(parent, name)));
  };

  readonly rename = (from: string, to: string, done: Done): void => {
    this.#paths.change("rename", from, NO_DATA, done, () => this.#paths.under(from, (oldParent, oldName) =>
      this.#paths.under(to, (newParent, newName) => this.#engine.rename(oldParent, oldName, newParent, newName, 0))));
  };

  readonly chmod = (path: string, mode: number, done: Done): void => {
    this.#change("chmod", path, { mode: mode & PERMISSIONS }, done);
  };

  /** An id of 2^32 - 1 stays as it is. */
  readonly chown = (path: string, uid: number, gid: number, done: Done): void => {
    const keeps = (id: number): boolean => id === 0xffff_ffff || id === -1;
    this.#change("chown", path, { ...(keeps(uid) ? {} : { uid }), ...(keeps(gid) ? {} : { gid }) }, done);
  };

  /** Milliseconds; NaN where fuse-native lost them. */
  readonly utimens = (path: string, atime: number, mtime: number, done: Done): void => {
    if (Number.isNaN(atime) || Number.isNaN(mtime)) done(this.#paths.refuse(REFUSED.times, fail(E.EOPNOTSUPP)));
    else this.#change("utimens", path, { atime: fromMilliseconds(atime), mtime: fromMilliseconds(mtime) }, done);
  };

  readonly truncate = (path: string, size: number, done: Done): void => {
    this.#change("truncate", path, { size }, done);
  };

  readonly ftruncate = (_path: string, handle: number, size: number, done: Done): void => {
    this.#changeOpen("ftruncate", handle, { size }, done, (inode) => this.#engine.setattr(inode, { size }));
  };

  #change(operation: string, path: string, change: AttrChange, done: Done): void {
    this.#paths.change(operation, path, change, done, (inode) => this.#engine.setattr(inode, change));
  }

  #changeOpen(operation: string, handle: number, change: AttrChange | undefined, done: Done, perform: (inode: Inode) => number): void {
    const inode = this.#handles.get(handle);
    if (isErrno(inode)) done(inode);
    else this.#paths.changeHeld(operation, inode, change, done, () => perform(inode));
  }

  /** Truncation comes as an operation of its own. */
  readonly open = (path: string, flags: number, done: DoneWith<number>): void => {
    this.#opened("open", done, () => {
      const inode = this.#paths.hold(path);
      if (!this.#copyUpAtOpen || isErrno(inode) || !isForWriting(flags)) return inode;
      const error = this.#engine.copyUp(inode);
      if (error >= 0) return inode;
      this.#engine.forget(inode, 1);
      return fail(-error);
    });
  };

  readonly create = (path: string, mode: number, done: DoneWith<number>): void => {
    this.#opened("create", done, () => {
      let made: Inode | null = null;
      const error = this.#paths.under(path, (parent, name) => {
        const inode = this.#engine.create(parent, name, mode & PERMISSIONS, this.#caller);
        if (isErrno(inode)) return inode;
        made = inode;
        return 0;
      });
      return error < 0 ? fail(-error) : made!;
    });
  };

  #opened(operation: string, done: DoneWith<number>, perform: () => Inode | Errno): void {
    let handle = 0;
    const error = this.#paths.guard(operation, () => {
      const inode = perform();
      if (isErrno(inode)) return inode;
      handle = this.#handles.open(inode);
      return 0;
    });
    done(error, handle);
  }

  #on(handle: number, use: (inode: Inode) => number): number {
    const inode = this.#handles.get(handle);
    return isErrno(inode) ? inode : use(inode);
  }

  /** Answers with the bytes read in the place of an errno, as fuse-native has it. */
  readonly read = (_path: string, handle: number, buffer: Buffer, length: number, position: number, done: Done): void => {
    this.#paths.answer("read", done, () => this.#on(handle, (inode) => this.#engine.read(inode, buffer, 0, length, position)));
  };

  readonly write = (_path: string, handle: number, buffer: Buffer, length: number, position: number, done: Done): void => {
    this.#changeOpen("write", handle, undefined, done, (inode) => this.#engine.write(inode, buffer, 0, length, position));
  };

  readonly fsync = (_path: string, dataOnly: number, handle: number, done: Done): void => {
    const inode = this.#handles.get(handle);
    if (isErrno(inode)) done(inode);
    else this.#sync(inode, dataOnly !== 0, done);
  };

  readonly fsyncdir = (path: string, dataOnly: number, _handle: number, done: Done): void => {
    const inode = this.#paths.hold(path);
    if (isErrno(inode)) {
      done(inode);
      return;
    }
    this.#sync(inode, dataOnly !== 0, (outcome) => {
      this.#paths.give(inode);
      done(outcome);
    });
  };

  #sync(inode: Inode, dataOnly: boolean, done: Done): void {
    let syncing: Promise<number> | number = 0;
    const error = this.#paths.guard("fsync", () => {
      syncing = this.#engine.fsync(inode, dataOnly);
      return 0;
    });
    void Promise.resolve(error < 0 ? error : syncing).then(done, () => done(-E.EIO));
  }

  readonly release = (_path: string, handle: number, done: Done): void => {
    this.#paths.answer("release", done, () => this.#handles.close(handle));
  };

  readonly setxattr = (path: string, name: string, value: Buffer, _position: number, flags: number, done: Done): void => {
    if (isAcl(name)) done(this.#paths.refuse(REFUSED.acls, fail(E.EOPNOTSUPP)));
    else this.#changeNamed("setxattr", path, name, done, (inode, attribute) => this.#engine.setxattr(inode, attribute, value, flags));
  };

  readonly removexattr = (path: string, name: string, done: Done): void => {
    this.#changeNamed("removexattr", path, name, done, (inode, attribute) => this.#engine.removexattr(inode, attribute));
  };

  #changeNamed(operation: string, path: string, name: string, done: Done, perform: (inode: Inode, attribute: Bytes) => number): void {
    const attribute = this.#attributeName(name);
    if (isErrno(attribute)) done(attribute);
    else this.#paths.change(operation, path, NO_DATA, done, (inode) => perform(inode, attribute));
  }

  /** The length of the value, which is in `buffer` unless that is empty; -ERANGE where it is too small. */
  readonly getxattr = (path: string, name: string, buffer: Buffer, done: Done): void => {
    const attribute = this.#attributeName(name);
    if (isErrno(attribute)) done(attribute);
    else {
      const from = isVirtual(attribute) ? this.#virtualXattrs : this.#engine;
      this.#paths.answer("getxattr", done, () => this.#paths.at(path, (inode) => from.getxattr(inode, attribute, buffer)));
    }
  };

  /** The length of the list of names, which is in `buffer` unless that is empty; -ERANGE where it is too small. */
  readonly listxattr = (path: string, buffer: Buffer, done: Done): void => {
    this.#paths.answer("listxattr", done, () => this.#paths.at(path, (inode) => {
      const list = this.#virtualXattrs.list(inode, this.#engine.listxattr(inode));
      if (isErrno(list)) return list;
      const shown = list.toString("latin1").split("\0").filter((name) => name !== "" && !isAcl(name));
      const text = shown.map((name) => `${name}\0`).join("");
      if (buffer.length === 0) return text.length;
      return text.length > buffer.length ? -E.ERANGE : buffer.write(text, "latin1");
    }));
  };

  /** ACLs are as if the file system had none: programs that copy attributes ask for them and take that as an answer. */
  #attributeName(name: string): Bytes | Errno {
    return isAcl(name) ? fail(E.EOPNOTSUPP) : this.#paths.bytes(name);
  }

  /** Gives back what is still open. */
  close(): void {
    this.#handles.closeAll();
  }
}

/** Setting an ACL without FUSE_POSIX_ACL would change the mode behind the kernel's back. */
function isAcl(name: string): boolean {
  return name.startsWith("system.posix_acl_");
}
