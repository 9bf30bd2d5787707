/**
 * IOCTL: the four of the flags of chattr(1), which the kernel sends for files and directories on behalf of its
 * own calls (fs/fuse/ioctl.c); no other has a meaning in the merged tree.
 */
import { FSXATTR_SIZE } from "../engine/file-flags.js";
import type { Inode } from "../engine/inode.js";
import { NO_DATA } from "../engine/types.js";
import { FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR, FS_IOC_GETFLAGS, FS_IOC_SETFLAGS } from "../sys/constants.js";
import { E } from "../sys/errno.js";
import { DEFERRED, type Adapter, type Outcome } from "./adapter.js";
import type { Request } from "./request.js";
import { fuse_ioctl_in, fuse_ioctl_out } from "./structs.js";

const FLAGS_SIZE = 4;

export function ioctl(adapter: Adapter, request: Request, inode: Inode): Outcome {
  switch (request.u32(fuse_ioctl_in.cmd)) {
    case FS_IOC_GETFLAGS: return getFlags(adapter, request, inode);
    case FS_IOC_FSGETXATTR: return getExtended(adapter, request, inode);
    case FS_IOC_SETFLAGS: return set(adapter, request, inode, FLAGS_SIZE, () =>
      adapter.engine.setFlags(inode, request.u32(fuse_ioctl_in.sizeof)));
    case FS_IOC_FSSETXATTR: return set(adapter, request, inode, FSXATTR_SIZE, () => {
      const start = request.data(fuse_ioctl_in.sizeof, FSXATTR_SIZE);
      return adapter.engine.setExtendedFlags(inode, request.buffer.subarray(start, start + FSXATTR_SIZE));
    });
    default: return -E.ENOTTY;
  }
}

function getFlags(adapter: Adapter, request: Request, inode: Inode): Outcome {
  if (request.u32(fuse_ioctl_in.out_size) < FLAGS_SIZE) return -E.EINVAL;
  const flags = adapter.engine.getFlags(inode);
  if (flags < 0) return flags;
  adapter.reply.setU32(fuse_ioctl_out.sizeof, flags);
  return succeed(adapter, FLAGS_SIZE);
}

function getExtended(adapter: Adapter, request: Request, inode: Inode): Outcome {
  if (request.u32(fuse_ioctl_in.out_size) < FSXATTR_SIZE) return -E.EINVAL;
  const { buffer, start } = adapter.reply;
  const at = start + fuse_ioctl_out.sizeof;
  const error = adapter.engine.getExtendedFlags(inode, buffer.subarray(at, at + FSXATTR_SIZE));
  return error < 0 ? error : succeed(adapter, FSXATTR_SIZE);
}

/**
 * What was written before a file becomes immutable has been accepted, so it is written back first. A change is
 * one of the ctime, which the kernel is told of; a protected file's attributes it may not keep.
 */
function set(adapter: Adapter, request: Request, inode: Inode, size: number, change: () => number): Outcome {
  if (request.u32(fuse_ioctl_in.in_size) < size) return -E.EINVAL;
  if (!inode.isDirectory && adapter.writebackCache && !request.isFlushed) {
    if (!adapter.mustQueue(request, inode)) adapter.repeatFlushed(request, inode, 0);
    return DEFERRED;
  }
  if (adapter.mustWait(request, inode, NO_DATA)) return DEFERRED;
  const error = change();
  if (error < 0) return error;
  adapter.notifier.attributesOfServedChanged(inode);
  return succeed(adapter, 0);
}

/** A result of 0 and `size` bytes behind it. */
function succeed(adapter: Adapter, size: number): Outcome {
  adapter.reply.clear(0, fuse_ioctl_out.sizeof);
  return fuse_ioctl_out.sizeof + size;
}
