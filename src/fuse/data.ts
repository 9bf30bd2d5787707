/**
 * READ, WRITE, FSYNC, FALLOCATE, LSEEK, COPY_FILE_RANGE: a file's data, served by nodeid, whoever opened it (opens.ts). Data moves
 * between the backing file and the request's or the reply's own buffer.
 */
import type { Inode } from "../engine/inode.js";
import { E } from "../sys/errno.js";
import { DEFERRED, mayFindRoom, type Adapter, type Outcome } from "./adapter.js";
import { killPrivileges } from "./attributes.js";
import { hasFsetid } from "./caller.js";
import { FUSE_FSYNC_FDATASYNC, FUSE_WRITE_CACHE, FUSE_WRITE_KILL_SUIDGID } from "./protocol.js";
import type { Request } from "./request.js";
import {
  fuse_copy_file_range_in, fuse_copy_file_range_out, fuse_fallocate_in, fuse_fsync_in, fuse_lseek_in,
  fuse_lseek_out, fuse_read_in, fuse_write_in, fuse_write_out,
} from "./structs.js";

/** Most bytes copied by one COPY_FILE_RANGE: it may answer with less than asked, and must not hold up others. */
const COPY_LIMIT = 16 * 1024 * 1024;

export function read(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const { reply } = adapter;
  const size = Math.min(request.u32(fuse_read_in.size), reply.capacity);
  return adapter.engine.read(inode, reply.buffer, reply.start, size, request.u64(fuse_read_in.offset));
}

export function write(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const size = request.u32(fuse_write_in.size);
  const data = request.data(fuse_write_in.sizeof, size);
  if (adapter.mustWait(request, inode)) return DEFERRED;
  if (request.u32(fuse_write_in.write_flags) & FUSE_WRITE_KILL_SUIDGID) {
    const error = killPrivileges(adapter, request, inode);
    if (error < 0) return error;
  }
  const position = request.u64(fuse_write_in.offset);
  if (request.u32(fuse_write_in.write_flags) & FUSE_WRITE_CACHE) return writeBack(adapter, request, inode, data, size, position);
  const written = adapter.engine.write(inode, request.buffer, data, size, position);
  return written < 0 ? written : encodeWritten(adapter, written);
}

/**
 * All of it, or an error: of what it writes back the kernel takes the answer's error and not its size
 * (fuse_writepage_end in fs/fuse/file.c), so what a short answer leaves out would be lost without a word.
 */
function writeBack(adapter: Adapter, request: Request, inode: Inode, data: number, size: number, position: number): Outcome {
  // To write once more what is written takes room of its own where a file system never writes in place (btrfs).
  for (let done = request.isCaughtUp ? request.written : 0; done < size;) {
    const written = adapter.engine.write(inode, request.buffer, data + done, size - done, position + done, true);
    if (written <= 0) {
      const error = written || -E.EIO;
      request.written = done;
      if (!mayFindRoom(request, error)) adapter.drops.writeFailed(inode, position + done);
      return error;
    }
    done += written;
  }
  return encodeWritten(adapter, size);
}

function encodeWritten(adapter: Adapter, written: number): Outcome {
  adapter.reply.clear(0, fuse_write_out.sizeof);
  adapter.reply.setU32(fuse_write_out.size, written);
  return fuse_write_out.sizeof;
}

/** FSYNC and FSYNCDIR. */
export function fsync(adapter: Adapter, request: Request, inode: Inode): Outcome {
  if (adapter.mustQueue(request, inode)) return DEFERRED;
  const dataOnly = (request.u32(fuse_fsync_in.fsync_flags) & FUSE_FSYNC_FDATASYNC) !== 0;
  const result = adapter.engine.fsync(inode, dataOnly);
  if (typeof result === "number") return synced(adapter, inode, result);
  adapter.answerLater(request.unique, result.then((outcome) => synced(adapter, inode, outcome)));
  return DEFERRED;
}

/** What was written has its blocks now. */
function synced(adapter: Adapter, inode: Inode, outcome: number): number {
  if (adapter.hasEnded || !adapter.writebackCache) return outcome;
  if (adapter.syncedBlocks.haveChanged(adapter.engine, inode)) adapter.notifier.attributesOfServedChanged(inode);
  return outcome;
}

/**
 * FUSE_HANDLE_KILLPRIV_V2 makes the kernel leave setuid and setgid to us, yet FALLOCATE and COPY_FILE_RANGE
 * have no flag, as WRITE has, to say whether the caller may keep them.
 */
export function fallocate(adapter: Adapter, request: Request, inode: Inode): Outcome {
  if (adapter.mustWait(request, inode)) return DEFERRED;
  const error = killPrivileges(adapter, request, inode, () => hasFsetid(request.pid));
  if (error < 0) return error;
  return adapter.engine.fallocate(
    inode, request.u32(fuse_fallocate_in.mode),
    request.u64(fuse_fallocate_in.offset), request.u64(fuse_fallocate_in.length));
}

/**
 * SEEK_DATA and SEEK_HOLE; the kernel answers the others itself. It asks without writing back what it holds,
 * which may be data where the backing file still has a hole, so with a writeback cache that comes first. It
 * waits behind WRITEs that wait: a thread of ours that sleeps in the kernel until they are answered would
 * keep the connection alive if this daemon was killed, and all who use the mount would hang.
 */
export function lseek(adapter: Adapter, request: Request, inode: Inode): Outcome {
  const offset = request.u64(fuse_lseek_in.offset);
  if (adapter.writebackCache && !request.isFlushed) {
    if (!adapter.mustQueue(request, inode)) adapter.repeatFlushed(request, inode, offset);
    return DEFERRED;
  }
  const found = adapter.engine.lseek(inode, offset, request.u32(fuse_lseek_in.whence));
  if (found < 0) return found;
  adapter.reply.setU64(fuse_lseek_out.offset, found);
  return fuse_lseek_out.sizeof;
}

export function copyFileRange(adapter: Adapter, request: Request, from: Inode): Outcome {
  const copied = copy(adapter, request, from);
  return copied < 0 ? copied : encodeWritten(adapter, copied);
}

/** COPY_FILE_RANGE_64, which differs in the answer. */
export function copyFileRange64(adapter: Adapter, request: Request, from: Inode): Outcome {
  const copied = copy(adapter, request, from);
  if (copied < 0) return copied;
  adapter.reply.setU64(fuse_copy_file_range_out.bytes_copied, copied);
  return fuse_copy_file_range_out.sizeof;
}

function copy(adapter: Adapter, request: Request, from: Inode): Outcome {
  const to = adapter.engine.inode(request.u64(fuse_copy_file_range_in.nodeid_out));
  if (to === undefined) return -E.ESTALE;
  if (request.u64(fuse_copy_file_range_in.flags) !== 0) return -E.EINVAL;
  if (adapter.mustWait(request, to)) return DEFERRED;
  const error = killPrivileges(adapter, request, to, () => hasFsetid(request.pid));
  if (error < 0) return error;
  return adapter.engine.copyFileRange(
    from, request.u64(fuse_copy_file_range_in.off_in), to, request.u64(fuse_copy_file_range_in.off_out),
    Math.min(request.u64(fuse_copy_file_range_in.len), COPY_LIMIT));
}
