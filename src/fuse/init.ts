/**
 * INIT: what this daemon and the kernel agree upon. A flag is asked for only where the kernel offers it, and
 * everything else in this folder works with or without any of them.
 */
import type { Adapter, Outcome } from "./adapter.js";
import { E } from "../sys/errno.js";
import {
  FUSE_ABORT_ERROR, FUSE_ALLOW_IDMAP_FLAG2, FUSE_ASYNC_READ, FUSE_BIG_WRITES, FUSE_CACHE_SYMLINKS,
  FUSE_DO_READDIRPLUS, FUSE_DONT_MASK, FUSE_EXPLICIT_INVAL_DATA, FUSE_EXPORT_SUPPORT, FUSE_HANDLE_KILLPRIV_V2, FUSE_INIT_EXT,
  FUSE_KERNEL_MINOR_VERSION, FUSE_KERNEL_VERSION, FUSE_MAX_PAGES, FUSE_NO_OPEN_SUPPORT,
  FUSE_NO_OPENDIR_SUPPORT, FUSE_PARALLEL_DIROPS, FUSE_PASSTHROUGH_FLAG2, FUSE_POSIX_ACL, FUSE_READDIRPLUS_AUTO, FUSE_SETXATTR_EXT,
  FUSE_WRITEBACK_CACHE, OLDEST_MINOR_VERSION,
} from "./protocol.js";
import type { Request } from "./request.js";
import { fuse_init_in, fuse_init_out } from "./structs.js";

/** Most bytes of data in one WRITE or READ; in pages of 4 KiB it is the kernel's default limit for a request. */
export const MAX_WRITE = 1024 * 1024;
const MAX_PAGES = MAX_WRITE / 4096;

/**
 * The most that may wait here at once of READs ahead and of WRITEs from the cache: all that the protocol can
 * say. By default it is 12, and those of one file whose copy-up is long would hold up all others.
 */
const MAX_BACKGROUND = 0xffff;

/** Backing files may be on a file system that is not stacked itself; one that is goes through the cache. */
const BACKING_STACK_DEPTH = 1;

/** The length of fuse_init_in before FUSE_INIT_EXT. */
export const SHORTEST_INIT = fuse_init_in.flags2;

/**
 * Not asked for, each for a reason:
 * - FUSE_ATOMIC_O_TRUNC: opens send no message, so O_TRUNC has to arrive as SETATTR.
 * - FUSE_EXPORT_SUPPORT without the option nfs_export: an inode that was forgotten cannot be looked up by its nodeid.
 * - FUSE_AUTO_INVAL_DATA: only this daemon changes the files, cached data never turns stale.
 * - FUSE_POSIX_LOCKS, FUSE_FLOCK_LOCKS: the kernel keeps locks itself, which is right for one machine.
 * - FUSE_CREATE_SUPP_GROUP: the group is of use only for clearing setgid, which the kernels that offer this
 *   flag do before they ask (vfs_prepare_mode).
 */
const WANTED =
  FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_DONT_MASK | FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO |
  FUSE_NO_OPEN_SUPPORT | FUSE_PARALLEL_DIROPS | FUSE_POSIX_ACL | FUSE_ABORT_ERROR | FUSE_MAX_PAGES |
  FUSE_CACHE_SYMLINKS | FUSE_NO_OPENDIR_SUPPORT | FUSE_EXPLICIT_INVAL_DATA | FUSE_HANDLE_KILLPRIV_V2 |
  FUSE_SETXATTR_EXT | FUSE_INIT_EXT;

/** Idmapped mounts: ids in a header are used where things are made, and there the kernel maps them. */
const WANTED_FLAGS2 = FUSE_ALLOW_IDMAP_FLAG2;

/** Answers fuse_init_out, or refuses with EPROTO a kernel that is too old. */
export function init(adapter: Adapter, request: Request): Outcome {
  const { reply } = adapter;
  const major = request.u32(fuse_init_in.major);
  const minor = request.u32(fuse_init_in.minor);
  reply.clear(0, fuse_init_out.sizeof);
  reply.setU32(fuse_init_out.major, FUSE_KERNEL_VERSION);
  reply.setU32(fuse_init_out.minor, Math.min(minor, FUSE_KERNEL_MINOR_VERSION));
  // A kernel of a later major version reads ours here and sends another INIT.
  if (major > FUSE_KERNEL_VERSION) return fuse_init_out.sizeof;
  if (major < FUSE_KERNEL_VERSION || minor < OLDEST_MINOR_VERSION) {
    adapter.initialized(
      `the kernel speaks FUSE protocol ${major}.${minor}, but ${FUSE_KERNEL_VERSION}.${OLDEST_MINOR_VERSION} ` +
      "is the oldest that is supported: use a newer kernel");
    return -E.EPROTO;
  }

  const offered = request.u32(fuse_init_in.flags);
  const { readOnly, nfsExport, hasAcls } = adapter.engine;
  const offered2 = request.argumentLength >= fuse_init_in.sizeof ? request.u32(fuse_init_in.flags2) : 0;
  if (adapter.passthrough && !(offered2 & FUSE_PASSTHROUGH_FLAG2)) {
    adapter.initialized("the kernel offers no FUSE passthrough, which Linux has from 6.9 on: leave data=passthrough out");
    return -E.EPROTO;
  }
  const wanted = WANTED | (readOnly || adapter.passthrough ? 0 : FUSE_WRITEBACK_CACHE) | (nfsExport ? FUSE_EXPORT_SUPPORT : 0);
  const flags = offered & (hasAcls ? wanted : wanted & ~FUSE_POSIX_ACL);
  adapter.writebackCache = (flags & FUSE_WRITEBACK_CACHE) !== 0;
  adapter.setxattrExtended = (flags & FUSE_SETXATTR_EXT) !== 0;
  reply.setU32(fuse_init_out.max_readahead, request.u32(fuse_init_in.max_readahead));
  reply.setU32(fuse_init_out.flags, flags);
  reply.setU16(fuse_init_out.max_background, MAX_BACKGROUND);
  reply.setU16(fuse_init_out.congestion_threshold, MAX_BACKGROUND);
  reply.setU32(fuse_init_out.max_write, MAX_WRITE);
  reply.setU32(fuse_init_out.time_gran, 1);
  reply.setU16(fuse_init_out.max_pages, MAX_PAGES);
  if (flags & FUSE_INIT_EXT) {
    const wanted2 = WANTED_FLAGS2 | (adapter.passthrough ? FUSE_PASSTHROUGH_FLAG2 : 0);
    reply.setU32(fuse_init_out.flags2, offered2 & wanted2);
    if (adapter.passthrough) reply.setU32(fuse_init_out.max_stack_depth, BACKING_STACK_DEPTH);
  }
  adapter.initialized(null);
  return fuse_init_out.sizeof;
}
