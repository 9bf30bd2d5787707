/**
 * LOOKUP and FORGET, and what makes, moves and removes names. An answer with an entry hands the reference
 * that the engine added to the kernel, as one lookup, until FORGET gives it back.
 */
import type { Inode } from "../engine/inode.js";
import { NO_DATA, type Caller } from "../engine/types.js";
import { RENAME_EXCHANGE } from "../sys/constants.js";
import { deviceMajor, deviceMinor } from "../sys/device.js";
import { E, isErrno, type Errno } from "../sys/errno.js";
import type { Bytes } from "../sys/bytes.js";
import { DEFERRED, type Adapter, type Outcome } from "./adapter.js";
import { encodeEntry, encodeNegativeEntry } from "./encode.js";
import { encodeOpen } from "./opens.js";
import { attributeLifetime } from "./protected-files.js";
import type { Request } from "./request.js";
import {
  fuse_batch_forget_in, fuse_create_in, fuse_forget_in, fuse_forget_one, fuse_link_in,
  fuse_mkdir_in, fuse_mknod_in, fuse_rename2_in, fuse_rename_in,
} from "./structs.js";

const PERMISSIONS = 0o7777;

function answerEntry(adapter: Adapter, inode: Inode | Errno): Outcome {
  if (isErrno(inode)) return inode;
  const error = adapter.engine.getattr(inode, adapter.stat);
  if (error < 0) {
    adapter.engine.forget(inode, 1);
    return error;
  }
  return answerFilled(adapter, inode);
}

/** The engine has filled `adapter.stat` for the inode. */
function answerFilled(adapter: Adapter, inode: Inode | Errno): Outcome {
  if (isErrno(inode)) return inode;
  return encodeEntry(adapter.reply, 0, inode.id, adapter.stat, adapter.lifetime, attributeLifetime(adapter, inode));
}

function caller(request: Request, umask: number): Caller {
  return { uid: request.uid, gid: request.gid, umask };
}

export function lookup(adapter: Adapter, request: Request, parent: Inode): Outcome {
  const { engine, reply, stat } = adapter;
  const name = request.name(0);
  if (name === "." || name === "..") return lookupByHandle(adapter, parent, name);
  const inode = engine.lookupWithAttributes(parent, name, stat);
  return inode === -E.ENOENT ? encodeNegativeEntry(reply, adapter.lifetime) : answerFilled(adapter, inode);
}

/** An inode itself, or the parent of a directory: asked for by who has a file handle (FUSE_EXPORT_SUPPORT). */
function lookupByHandle(adapter: Adapter, inode: Inode, name: string): Outcome {
  const found = name === "." ? inode : inode.isDirectory ? inode.parent : null;
  return found ? answerEntry(adapter, adapter.engine.hold(found.id)) : -E.ESTALE;
}

export function forget(adapter: Adapter, request: Request): Outcome {
  forgetOne(adapter, request.nodeid, request.u64(fuse_forget_in.nlookup));
  return DEFERRED;
}

export function batchForget(adapter: Adapter, request: Request): Outcome {
  const count = request.u32(fuse_batch_forget_in.count);
  request.data(fuse_batch_forget_in.sizeof, count * fuse_forget_one.sizeof);
  for (let index = 0; index < count; index += 1) {
    const at = fuse_batch_forget_in.sizeof + index * fuse_forget_one.sizeof;
    forgetOne(adapter, request.u64(at + fuse_forget_one.nodeid), request.u64(at + fuse_forget_one.nlookup));
  }
  return DEFERRED;
}

function forgetOne(adapter: Adapter, nodeid: number, count: number): void {
  const inode = adapter.engine.inode(nodeid);
  if (inode === undefined) return;
  adapter.engine.forget(inode, count);
  adapter.forgotten += 1;
}

/**
 * ENOSYS has the kernel make files by MKNOD from then on and open them without a message, so that a RELEASE is
 * spared with each (fuse_atomic_open in fs/fuse/dir.c). Where opens are told, it sends CREATE only for a name that
 * it knows to be free, so the file is always a new one and FUSE_OPEN_KILL_SUIDGID, which is about truncating
 * another's file, has nothing to do.
 */
export function create(adapter: Adapter, request: Request, parent: Inode): Outcome {
  if (!adapter.copyUpAtOpen) return -E.ENOSYS;
  const mode = request.u32(fuse_create_in.mode) & PERMISSIONS;
  const by = caller(request, request.u32(fuse_create_in.umask));
  return answerOpened(adapter, adapter.engine.create(parent, request.name(fuse_create_in.sizeof), mode, by, adapter.stat));
}

export function tmpfile(adapter: Adapter, request: Request, parent: Inode): Outcome {
  const mode = request.u32(fuse_create_in.mode) & PERMISSIONS;
  const by = caller(request, request.u32(fuse_create_in.umask));
  return answerOpened(adapter, adapter.engine.tmpfile(parent, mode, by, adapter.stat));
}

/** As answerFilled, and then opened. */
function answerOpened(adapter: Adapter, inode: Inode | Errno): Outcome {
  if (isErrno(inode)) return inode;
  const length = answerFilled(adapter, inode);
  return length + encodeOpen(adapter, length, inode);
}

export function mknod(adapter: Adapter, request: Request, parent: Inode): Outcome {
  const device = request.u32(fuse_mknod_in.rdev);
  return answerFilled(adapter, adapter.engine.mknod(
    parent, request.name(fuse_mknod_in.sizeof), request.u32(fuse_mknod_in.mode),
    deviceMajor(device), deviceMinor(device), caller(request, request.u32(fuse_mknod_in.umask)), adapter.stat));
}

export function mkdir(adapter: Adapter, request: Request, parent: Inode): Outcome {
  const mode = request.u32(fuse_mkdir_in.mode) & PERMISSIONS;
  const by = caller(request, request.u32(fuse_mkdir_in.umask));
  return answerFilled(adapter, adapter.engine.mkdir(parent, request.name(fuse_mkdir_in.sizeof), mode, by, adapter.stat));
}

export function symlink(adapter: Adapter, request: Request, parent: Inode): Outcome {
  const name = request.name(0);
  const target = request.name(name.length + 1);
  return answerFilled(adapter, adapter.engine.symlink(parent, name, target, caller(request, 0), adapter.stat));
}

export function link(adapter: Adapter, request: Request, parent: Inode): Outcome {
  const inode = adapter.engine.inode(request.u64(fuse_link_in.oldnodeid));
  if (inode === undefined) return -E.ESTALE;
  if (adapter.mustWait(request, inode, NO_DATA)) return DEFERRED;
  return answerEntry(adapter, adapter.engine.link(inode, parent, request.name(fuse_link_in.sizeof)));
}

export function unlink(adapter: Adapter, request: Request, parent: Inode): Outcome {
  adapter.drops.nameRemoved();
  return adapter.engine.unlink(parent, request.name(0));
}

export function rmdir(adapter: Adapter, request: Request, parent: Inode): Outcome {
  return adapter.engine.rmdir(parent, request.name(0));
}

export function rename(adapter: Adapter, request: Request, parent: Inode): Outcome {
  return move(adapter, request, parent, fuse_rename_in.sizeof, 0);
}

export function rename2(adapter: Adapter, request: Request, parent: Inode): Outcome {
  return move(adapter, request, parent, fuse_rename2_in.sizeof, request.u32(fuse_rename2_in.flags));
}

function move(adapter: Adapter, request: Request, oldParent: Inode, names: number, flags: number): Outcome {
  const newParent = adapter.engine.inode(request.u64(fuse_rename_in.newdir));
  if (newParent === undefined) return -E.ESTALE;
  const oldName = request.name(names);
  const newName = request.name(names + oldName.length + 1);
  if (mustWaitFor(adapter, request, oldParent, oldName)) return DEFERRED;
  if (flags & RENAME_EXCHANGE && mustWaitFor(adapter, request, newParent, newName)) return DEFERRED;
  adapter.drops.nameRemoved();
  return adapter.engine.rename(oldParent, oldName, newParent, newName, flags);
}

/** Whether the object of a name has to be copied up at length before it can be moved. */
function mustWaitFor(adapter: Adapter, request: Request, parent: Inode, name: Bytes): boolean {
  const inode = adapter.engine.lookup(parent, name);
  if (isErrno(inode)) return false;
  const waits = adapter.mustWait(request, inode, NO_DATA);
  adapter.engine.forget(inode, 1);
  return waits;
}
