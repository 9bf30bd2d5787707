/** GETXATTR, LISTXATTR, SETXATTR, REMOVEXATTR. A size of 0 asks how large the answer would be. */
import type { Engine } from "../engine/engine.js";
import type { Inode } from "../engine/inode.js";
import { NO_DATA } from "../engine/types.js";
import { isVirtual, XATTR_ACL_ACCESS, XATTR_CAPABILITY } from "../engine/xattr-names.js";
import type { Bytes } from "../sys/bytes.js";
import { E, isErrno } from "../sys/errno.js";
import { S_ISGID } from "../sys/stat.js";
import { TRACE_PREFIX } from "../trace/trace-event.js";
import { DEFERRED, type Adapter, type Outcome } from "./adapter.js";
import { hasFsetid, isInGroup, isOfMounter } from "./caller.js";
import { FUSE_COMPAT_SETXATTR_IN_SIZE, FUSE_SETXATTR_ACL_KILL_SGID } from "./protocol.js";
import type { Request } from "./request.js";
import { fuse_getxattr_in, fuse_getxattr_out, fuse_setxattr_in } from "./structs.js";

const NOTHING = new Uint8Array(0);

export function getxattr(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const name = request.name(fuse_getxattr_in.sizeof);
  const { virtualXattrs } = adapter;
  if (virtualXattrs === null || !isVirtual(name)) return answerValue(adapter, request, inode, name, adapter.engine);
  if (!name.startsWith(TRACE_PREFIX)) return answerValue(adapter, request, inode, name, virtualXattrs);
  const refused = mayTrace(adapter, request, inode);
  if (refused < 0 || request.u32(fuse_getxattr_in.size) === 0) return refused < 0 ? refused : encodeSize(adapter, 0);
  return adapter.tracer.start(name.slice(TRACE_PREFIX.length) as Bytes);
}

function answerValue(adapter: Adapter, request: Request, inode: Inode, name: Bytes, from: Pick<Engine, "getxattr">): Outcome {
  const { reply } = adapter;
  const size = Math.min(request.u32(fuse_getxattr_in.size), reply.capacity);
  if (size === 0) return encodeSize(adapter, from.getxattr(inode, name, NOTHING));
  return from.getxattr(inode, name, reply.buffer.subarray(reply.start, reply.start + size));
}

/**
 * Whether the daemon is to connect to a socket and tell it what happens: where it is asked of the root, and by root or by
 * who mounted. It is asked for as an xattr that is read, as a read-only mount would let none be set; its value is empty.
 */
function mayTrace(adapter: Adapter, { pid }: Request, inode: Inode): Outcome {
  if (inode !== adapter.engine.root) return -E.ENODATA;
  return isOfMounter(pid) ? 0 : -E.EPERM;
}

export function listxattr(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const { engine, reply } = adapter;
  const stored = engine.listxattr(inode);
  const names = adapter.virtualXattrs?.list(inode, stored) ?? stored;
  if (isErrno(names)) return names;
  const size = Math.min(request.u32(fuse_getxattr_in.size), reply.capacity);
  if (size === 0) return encodeSize(adapter, names.length);
  if (names.length > size) return -E.ERANGE;
  return names.copy(reply.buffer, reply.start);
}

function encodeSize(adapter: Adapter, size: number): Outcome {
  if (size < 0) return size;
  adapter.reply.clear(0, fuse_getxattr_out.sizeof);
  adapter.reply.setU32(fuse_getxattr_out.size, size);
  return fuse_getxattr_out.sizeof;
}

export function setxattr(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const { engine, setxattrExtended } = adapter;
  const names = setxattrExtended ? fuse_setxattr_in.sizeof : FUSE_COMPAT_SETXATTR_IN_SIZE;
  const name = request.name(names);
  const size = request.u32(fuse_setxattr_in.size);
  const value = request.data(names + name.length + 1, size);
  if (isVirtual(name)) return -E.EOPNOTSUPP;
  if (name === XATTR_CAPABILITY && adapter.writebackCache && !request.isFlushed) return flushFirst(adapter, request, inode);
  if (adapter.mustWait(request, inode, NO_DATA)) return DEFERRED;
  const flags = request.u32(fuse_setxattr_in.flags);
  const error = engine.setxattr(inode, name, request.buffer.subarray(value, value + size), flags);
  if (error < 0 || !setxattrExtended || name !== XATTR_ACL_ACCESS) return error;
  return request.u32(fuse_setxattr_in.setxattr_flags) & FUSE_SETXATTR_ACL_KILL_SGID ? clearSetgid(adapter, inode) : 0;
}

/** A WRITE that the kernel still holds would take away the capability that is set now. */
function flushFirst(adapter: Adapter, request: Request, inode: Inode): Outcome {
  if (!adapter.mustQueue(request, inode)) adapter.repeatFlushed(request, inode, 0);
  return DEFERRED;
}

/** Who sets an access ACL on a file of a group that is not theirs loses setgid; the kernel reads the mode anew. */
function clearSetgid(adapter: Adapter, inode: Inode): number {
  const error = adapter.engine.getattr(inode, adapter.stat);
  if (error < 0) return error;
  const { mode } = adapter.stat;
  return mode & S_ISGID ? adapter.engine.setattr(inode, { mode: mode & 0o7777 & ~S_ISGID }) : 0;
}

export function removexattr(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const name = request.name(0);
  if (isVirtual(name)) return -E.EOPNOTSUPP;
  if (adapter.mustWait(request, inode, NO_DATA)) return DEFERRED;
  if (name !== XATTR_ACL_ACCESS || !losesSetgid(adapter, request, inode)) return adapter.engine.removexattr(inode, name);
  const error = clearSetgid(adapter, inode);
  if (error < 0) return error;
  const removed = adapter.engine.removexattr(inode, name);
  return removed === -E.ENODATA ? 0 : removed;
}

/** Removing an access ACL does too, and is then done even if there is none (ovl_set_acl in fs/overlayfs/inode.c). */
function losesSetgid(adapter: Adapter, request: Request, inode: Inode): boolean {
  const { stat } = adapter;
  if (adapter.engine.getattr(inode, stat) < 0 || (stat.mode & S_ISGID) === 0) return false;
  return !isInGroup(request.pid, stat.gid) && !hasFsetid(request.pid);
}
