/**
 * From a request to its operation and to its answer: the one place through which all requests go. Whatever
 * happens in an operation ends here as an errno to the one call that met it.
 */
import { E } from "../sys/errno.js";
import { logFault } from "../transport.js";
import type { Inode } from "../engine/inode.js";
import { isDying } from "./caller.js";
import { DEFERRED, mayFindRoom, type Adapter, type Outcome } from "./adapter.js";
import { getattr, readlink, setattr, statfs, statx } from "./attributes.js";
import { copyFileRange, copyFileRange64, fallocate, fsync, lseek, read, write } from "./data.js";
import { readdir, readdirplus } from "./directories.js";
import type { Unique } from "./ids.js";
import { init, SHORTEST_INIT } from "./init.js";
import { ioctl } from "./ioctls.js";
import {
  batchForget, create, forget, link, lookup, mkdir, mknod, rename, rename2, rmdir, symlink, tmpfile, unlink,
} from "./names.js";
import { open, release } from "./opens.js";
import { FUSE_COMPAT_SETXATTR_IN_SIZE, Opcode } from "./protocol.js";
import { MalformedRequest, type Request } from "./request.js";
import {
  fuse_batch_forget_in, fuse_copy_file_range_in, fuse_create_in, fuse_fallocate_in, fuse_forget_in, fuse_fsync_in,
  fuse_getxattr_in, fuse_interrupt_in, fuse_ioctl_in, fuse_link_in, fuse_lseek_in, fuse_mkdir_in, fuse_mknod_in, fuse_open_in,
  fuse_read_in, fuse_rename2_in, fuse_rename_in, fuse_setattr_in, fuse_write_in,
} from "./structs.js";
import { getxattr, listxattr, removexattr, setxattr } from "./xattrs.js";

/** An operation on the inode that the header names, or on the mount as a whole. */
interface Operation {
  readonly name: string;
  /** Bytes that must be there behind the header. */
  readonly shortest: number;
  readonly onInode?: (adapter: Adapter, request: Request, inode: Inode) => Outcome;
  readonly onMount?: (adapter: Adapter, request: Request) => Outcome;
}

/** Never answered: the caller has asked for nothing. */
const done = (): Outcome => 0;

/** By opcode. What is not here is answered with ENOSYS, which tells the kernel not to ask again. */
const operations: readonly (Operation | undefined)[] = table([
  [Opcode.LOOKUP, { name: "LOOKUP", shortest: 1, onInode: lookup }],
  [Opcode.FORGET, { name: "FORGET", shortest: fuse_forget_in.sizeof, onMount: forget }],
  [Opcode.BATCH_FORGET, { name: "BATCH_FORGET", shortest: fuse_batch_forget_in.sizeof, onMount: batchForget }],
  [Opcode.GETATTR, { name: "GETATTR", shortest: 0, onInode: getattr }],
  [Opcode.STATX, { name: "STATX", shortest: 0, onInode: statx }],
  [Opcode.SETATTR, { name: "SETATTR", shortest: fuse_setattr_in.sizeof, onInode: setattr }],
  [Opcode.READLINK, { name: "READLINK", shortest: 0, onInode: readlink }],
  [Opcode.SYMLINK, { name: "SYMLINK", shortest: 2, onInode: symlink }],
  [Opcode.MKNOD, { name: "MKNOD", shortest: fuse_mknod_in.sizeof + 1, onInode: mknod }],
  [Opcode.MKDIR, { name: "MKDIR", shortest: fuse_mkdir_in.sizeof + 1, onInode: mkdir }],
  [Opcode.CREATE, { name: "CREATE", shortest: fuse_create_in.sizeof + 1, onInode: create }],
  [Opcode.TMPFILE, { name: "TMPFILE", shortest: fuse_create_in.sizeof, onInode: tmpfile }],
  [Opcode.LINK, { name: "LINK", shortest: fuse_link_in.sizeof + 1, onInode: link }],
  [Opcode.UNLINK, { name: "UNLINK", shortest: 1, onInode: unlink }],
  [Opcode.RMDIR, { name: "RMDIR", shortest: 1, onInode: rmdir }],
  [Opcode.RENAME, { name: "RENAME", shortest: fuse_rename_in.sizeof + 2, onInode: rename }],
  [Opcode.RENAME2, { name: "RENAME2", shortest: fuse_rename2_in.sizeof + 2, onInode: rename2 }],
  [Opcode.OPEN, { name: "OPEN", shortest: fuse_open_in.sizeof, onInode: open }],
  [Opcode.READ, { name: "READ", shortest: fuse_read_in.sizeof, onInode: read }],
  [Opcode.WRITE, { name: "WRITE", shortest: fuse_write_in.sizeof, onInode: write }],
  [Opcode.FSYNC, { name: "FSYNC", shortest: fuse_fsync_in.sizeof, onInode: fsync }],
  [Opcode.FSYNCDIR, { name: "FSYNCDIR", shortest: fuse_fsync_in.sizeof, onInode: fsync }],
  [Opcode.FALLOCATE, { name: "FALLOCATE", shortest: fuse_fallocate_in.sizeof, onInode: fallocate }],
  [Opcode.LSEEK, { name: "LSEEK", shortest: fuse_lseek_in.sizeof, onInode: lseek }],
  [Opcode.COPY_FILE_RANGE, { name: "COPY_FILE_RANGE", shortest: fuse_copy_file_range_in.sizeof, onInode: copyFileRange }],
  [Opcode.COPY_FILE_RANGE_64, { name: "COPY_FILE_RANGE_64", shortest: fuse_copy_file_range_in.sizeof, onInode: copyFileRange64 }],
  [Opcode.READDIR, { name: "READDIR", shortest: fuse_read_in.sizeof, onInode: readdir }],
  [Opcode.READDIRPLUS, { name: "READDIRPLUS", shortest: fuse_read_in.sizeof, onInode: readdirplus }],
  [Opcode.GETXATTR, { name: "GETXATTR", shortest: fuse_getxattr_in.sizeof + 1, onInode: getxattr }],
  [Opcode.LISTXATTR, { name: "LISTXATTR", shortest: fuse_getxattr_in.sizeof, onInode: listxattr }],
  [Opcode.SETXATTR, { name: "SETXATTR", shortest: FUSE_COMPAT_SETXATTR_IN_SIZE + 1, onInode: setxattr }],
  [Opcode.REMOVEXATTR, { name: "REMOVEXATTR", shortest: 1, onInode: removexattr }],
  [Opcode.IOCTL, { name: "IOCTL", shortest: fuse_ioctl_in.sizeof, onInode: ioctl }],
  [Opcode.STATFS, { name: "STATFS", shortest: 0, onMount: statfs }],
  [Opcode.RELEASE, { name: "RELEASE", shortest: 0, onInode: release }],
  [Opcode.RELEASEDIR, { name: "RELEASEDIR", shortest: 0, onMount: done }],
  [Opcode.INIT, { name: "INIT", shortest: SHORTEST_INIT, onMount: init }],
  [Opcode.DESTROY, { name: "DESTROY", shortest: 0, onMount: done }],
  [Opcode.INTERRUPT, { name: "INTERRUPT", shortest: fuse_interrupt_in.sizeof, onMount: interrupt }],
]);

function table(entries: readonly (readonly [number, Operation])[]): (Operation | undefined)[] {
  const byOpcode: (Operation | undefined)[] = [];
  for (const [opcode, operation] of entries) byOpcode[opcode] = operation;
  return byOpcode;
}

/** The name of an opcode, for the debug log. */
export function operationName(opcode: number): string {
  return operations[opcode]?.name ?? Object.entries(Opcode).find(([, code]) => code === opcode)?.[0] ?? `opcode ${opcode}`;
}

/** Serves one request and sends its answer, unless that comes later or never. The outcome is for the debug log. */
export function dispatch(adapter: Adapter, request: Request): Outcome {
  const outcome = perform(adapter, request);
  if (mayFindRoom(request, outcome)) {
    adapter.repeatWithRoom(request);
    return DEFERRED;
  }
  if (outcome !== DEFERRED) {
    adapter.answer(request.unique, outcome);
    lookAhead(adapter);
  }
  return outcome;
}

function lookAhead(adapter: Adapter): void {
  try {
    adapter.engine.answered();
  } catch (fault) {
    logFault(adapter.log, "copying ahead", fault);
  }
}

function perform(adapter: Adapter, request: Request): Outcome {
  const operation = operations[request.opcode];
  if (operation === undefined) return -E.ENOSYS;
  try {
    if (request.argumentLength < operation.shortest) throw new MalformedRequest("it is shorter than its structure");
    if (operation.onMount) return operation.onMount(adapter, request);
    const inode = adapter.engine.inode(request.nodeid);
    return inode === undefined ? -E.ESTALE : operation.onInode!(adapter, request, inode);
  } catch (fault) {
    return failed(adapter, operation, fault);
  }
}

function failed(adapter: Adapter, { name }: Operation, fault: unknown): Outcome {
  logFault(adapter.log, name, fault);
  // FORGET has no answer, not even this one.
  if (name === "FORGET" || name === "BATCH_FORGET") return DEFERRED;
  return fault instanceof MalformedRequest ? -E.EINVAL : -E.EIO;
}

/**
 * Only who waits for a copy-up can be interrupted: everything else has been answered by now. Any signal is told, and only the first,
 * but only one that ends the caller is heeded: nobody expects EINTR of a chmod(2).
 */
function interrupt(adapter: Adapter, request: Request): Outcome {
  const unique = request.u64(fuse_interrupt_in.unique) as Unique;
  const waiting = adapter.parking.find(unique);
  if (waiting === undefined) return DEFERRED;
  if (!isDying(waiting.pid)) {
    adapter.interruptAgain(request.unique);
  } else {
    adapter.parking.remove(unique);
    adapter.answerLate(unique, -E.EINTR);
  }
  return DEFERRED;
}
