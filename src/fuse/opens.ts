/**
 * OPEN and RELEASE, and the part of CREATE and TMPFILE that opens. By default none of them is sent: OPEN is answered
 * with ENOSYS, which has the kernel open all files to come without a message (FUSE_NO_OPEN_SUPPORT). Where opens are told, one
 * for writing copies up. O_TRUNC comes as SETATTR.
 */
import type { Inode } from "../engine/inode.js";
import { FS_APPEND_FL, O_APPEND } from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { isForWriting } from "../sys/open-flags.js";
import { DEFERRED, type Adapter, type Outcome } from "./adapter.js";
import { NO_BACKING } from "./passthrough.js";
import { FOPEN_KEEP_CACHE, FOPEN_PASSTHROUGH } from "./protocol.js";
import type { Request } from "./request.js";
import { fuse_open_in, fuse_open_out } from "./structs.js";

export function open(adapter: Adapter, request: Request, inode: Inode): Outcome {
  if (!adapter.copyUpAtOpen) return -E.ENOSYS;
  const flags = request.u32(fuse_open_in.flags);
  if (isForWriting(flags)) {
    if (adapter.passthrough && isRefused(adapter.engine.protection(inode), flags)) return -E.EPERM;
    if (adapter.mustWait(request, inode)) return DEFERRED;
    const error = adapter.engine.copyUp(inode);
    if (error < 0) return error;
  }
  return encodeOpen(adapter, 0, inode);
}

/** Writes that are passed through can't be looked at one by one, so the open is what a protected file refuses. */
function isRefused(protection: number, flags: number): boolean {
  return protection !== 0 && !(protection === FS_APPEND_FL && (flags & O_APPEND) !== 0);
}

/** fuse_open_out at `at`, for one open more of an inode; its size. */
export function encodeOpen(adapter: Adapter, at: number, inode: Inode): number {
  const { reply, passthrough } = adapter;
  const backing = passthrough?.open(inode) ?? NO_BACKING;
  // Pages from before the file was passed through would be stale.
  const mayKeepCache = !passthrough || inode.isDirectory || !inode.upper;
  reply.clear(at, fuse_open_out.sizeof);
  reply.setU32(at + fuse_open_out.open_flags, backing !== NO_BACKING ? FOPEN_PASSTHROUGH : mayKeepCache ? FOPEN_KEEP_CACHE : 0);
  reply.setU32(at + fuse_open_out.backing_id, backing);
  return fuse_open_out.sizeof;
}

export function release(adapter: Adapter, _request: Request, inode: Inode): Outcome {
  adapter.passthrough?.release(inode);
  return 0;
}
