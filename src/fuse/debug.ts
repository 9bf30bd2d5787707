/** Requests in words, for `-o debug`: the operation, whom it is about, its structure member by member. */
import { errnoName } from "../sys/errno.js";
import { DEFERRED, type Outcome } from "./adapter.js";
import { operationName } from "./dispatch.js";
import { Opcode } from "./protocol.js";
import type { Request } from "./request.js";
import {
  fuse_copy_file_range_in, fuse_create_in, fuse_fallocate_in, fuse_forget_in, fuse_fsync_in, fuse_getattr_in,
  fuse_getxattr_in, fuse_init_in, fuse_interrupt_in, fuse_ioctl_in, fuse_link_in, fuse_lseek_in, fuse_mkdir_in, fuse_mknod_in,
  fuse_open_in, fuse_read_in, fuse_release_in, fuse_rename2_in, fuse_rename_in, fuse_setattr_in, fuse_setxattr_in,
  fuse_statx_in, fuse_write_in, u32, u64, type AnyStruct,
} from "./structs.js";

/** What stands behind the header, by opcode; null where names begin at once. */
const structures = new Map<number, AnyStruct>([
  [Opcode.FORGET, fuse_forget_in], [Opcode.GETATTR, fuse_getattr_in], [Opcode.STATX, fuse_statx_in],
  [Opcode.SETATTR, fuse_setattr_in], [Opcode.MKNOD, fuse_mknod_in], [Opcode.MKDIR, fuse_mkdir_in],
  [Opcode.RENAME, fuse_rename_in], [Opcode.RENAME2, fuse_rename2_in], [Opcode.LINK, fuse_link_in],
  [Opcode.OPEN, fuse_open_in], [Opcode.READ, fuse_read_in], [Opcode.WRITE, fuse_write_in],
  [Opcode.RELEASE, fuse_release_in], [Opcode.FSYNC, fuse_fsync_in], [Opcode.FSYNCDIR, fuse_fsync_in],
  [Opcode.SETXATTR, fuse_setxattr_in], [Opcode.GETXATTR, fuse_getxattr_in], [Opcode.LISTXATTR, fuse_getxattr_in],
  [Opcode.INIT, fuse_init_in], [Opcode.READDIR, fuse_read_in], [Opcode.READDIRPLUS, fuse_read_in],
  [Opcode.CREATE, fuse_create_in], [Opcode.TMPFILE, fuse_create_in], [Opcode.INTERRUPT, fuse_interrupt_in],
  [Opcode.IOCTL, fuse_ioctl_in], [Opcode.FALLOCATE, fuse_fallocate_in], [Opcode.LSEEK, fuse_lseek_in],
  [Opcode.COPY_FILE_RANGE, fuse_copy_file_range_in], [Opcode.COPY_FILE_RANGE_64, fuse_copy_file_range_in],
]);

/** Behind these the rest of a request is one name or more. */
const named = new Set<number>([
  Opcode.LOOKUP, Opcode.SYMLINK, Opcode.MKNOD, Opcode.MKDIR, Opcode.CREATE, Opcode.LINK, Opcode.UNLINK, Opcode.RMDIR,
  Opcode.RENAME, Opcode.RENAME2, Opcode.GETXATTR, Opcode.SETXATTR, Opcode.REMOVEXATTR,
]);

/** A request, for example `LOOKUP #12 node 1 uid 0 "etc"`. */
export function describeRequest(request: Request): string {
  const structure = structures.get(request.opcode);
  const parts = [operationName(request.opcode), `#${request.unique}`, `node ${request.nodeid}`, `uid ${request.uid}`];
  for (const { name, offset, shape } of structure?.members ?? []) {
    if (offset + shape.sizeof > request.argumentLength) break;
    if (shape === u32) parts.push(`${name} ${request.u32(offset)}`);
    else if (shape === u64) parts.push(`${name} ${request.u64(offset)}`);
  }
  const names = structure?.sizeof ?? 0;
  if (named.has(request.opcode) && names < request.argumentLength) parts.push(describeName(request, names));
  return parts.join(" ");
}

/** A malformed request is described too; what it is answered with is for its operation to say. */
function describeName(request: Request, offset: number): string {
  try {
    return JSON.stringify(request.name(offset));
  } catch {
    return "without a name";
  }
}

/** What became of it, for example `ENOENT` or `144 bytes`. */
export function describeOutcome(outcome: Outcome): string {
  if (outcome === DEFERRED) return "no answer now";
  return outcome < 0 ? errnoName(outcome) : `${outcome} bytes`;
}
