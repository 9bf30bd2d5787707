/**
 * Immutable and append-only files: the kernel refuses to open them for writing, but it does not know of them on
 * a FUSE mount, and opens send no message. So it may not keep the attributes of such a file, has to ask for them
 * before it grants an open, and is refused then, where the caller's system call is one that it would refuse.
 */
import type { Inode } from "../engine/inode.js";
import {
  FS_APPEND_FL, FS_IMMUTABLE_FL, O_ACCMODE, O_APPEND, O_PATH, O_RDONLY, O_TRUNC, O_WRONLY, SYS_access,
  SYS_creat, SYS_faccessat, SYS_faccessat2, SYS_futimesat, SYS_open, SYS_openat, SYS_openat2, SYS_utime, SYS_utimensat,
  SYS_utimes, W_OK,
} from "../sys/constants.js";
import { native } from "../sys/native.js";
import { S_IFREG } from "../sys/stat.js";
import type { Adapter } from "./adapter.js";
import { openOfThread, textOfThread } from "./proc.js";

const TIMES = new Set([SYS_utimensat, SYS_futimesat, SYS_utimes, SYS_utime].filter((number) => number >= 0));

/** For how many seconds the kernel may keep the attributes of an inode. */
export function attributeLifetime(adapter: Adapter, inode: Inode): number {
  return inode.type === S_IFREG && adapter.engine.protection(inode) ? 0 : adapter.lifetime;
}

/**
 * Whether the thread, which waits for us in a system call, opens a file in a way that its protection forbids, or
 * asks whether it may. False where that can't be seen (another pid namespace, io_uring, a 32-bit program): what
 * it then writes is refused instead.
 */
export function isOpenRefused(pid: number, protection: number): boolean {
  const wanted = wantedAccess(pid);
  if (wanted === null || wanted & O_PATH) return false;
  const writes = (wanted & O_ACCMODE) !== O_RDONLY;
  if (protection & FS_IMMUTABLE_FL) return writes || (wanted & O_TRUNC) !== 0;
  return (protection & FS_APPEND_FL) !== 0 && ((writes && !(wanted & O_APPEND)) || (wanted & O_TRUNC) !== 0);
}

/** Whether the thread is in a call that sets times: else the kernel itself writes back those that it keeps. */
export function setsTimes(pid: number): boolean {
  return TIMES.has(systemCall(pid)[0]!);
}

/** The number of the system call that a thread is in, and its arguments; none where that can't be seen. */
function systemCall(pid: number): readonly number[] {
  const words = textOfThread(pid, "syscall");
  return words ? words.split(" ").map(Number) : [];
}

/** The flags of the open(2) that a thread is in, or of one that would need what it asks for; else null. */
function wantedAccess(pid: number): number | null {
  const words = systemCall(pid);
  switch (words[0]) {
    case SYS_open: return words[2]!;
    case SYS_openat: return words[3]!;
    case SYS_openat2: return readWord(pid, words[3]!);
    case SYS_creat: return O_WRONLY | O_TRUNC;
    case SYS_access: return accessFlags(words[2]!);
    case SYS_faccessat: case SYS_faccessat2: return accessFlags(words[3]!);
    default: return null;
  }
}

/** To ask is not to open: an append-only file may be written. */
function accessFlags(mode: number): number {
  return mode & W_OK ? O_WRONLY | O_APPEND : O_RDONLY;
}

/** The word at an address in the memory of a thread, as the flags of struct open_how are its first; null if unseen. */
function readWord(pid: number, address: number): number | null {
  const memory = openOfThread(pid, "mem");
  const word = Buffer.alloc(4);
  const read = memory < 0 ? memory : native.pread(memory, word, 0, word.length, address);
  if (memory >= 0) native.close(memory);
  return read === word.length ? word.readUInt32LE() : null;
}
