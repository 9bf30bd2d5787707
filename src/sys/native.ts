/**
 * The typed face of `native-bindings/`: one function per system call. Unless said otherwise each answers with
 * a number of zero or more, or a negated errno; no function throws for what the kernel refuses (a wrong
 * argument type throws TypeError). Files are named as in the `*at` calls: a directory descriptor and a name,
 * where the empty name is the descriptor itself (AT_EMPTY_PATH). No call follows a symlink in the last
 * component unless its flags say so.
 *
 * What changes a file is in `Changes`: `src/engine/upper.ts` is the one place of the engine that may use it.
 */
import { createRequire } from "node:module";
import type { Bytes } from "./bytes.js";

/** Calls that read, or that open and close descriptors. */
export interface Queries {
  /** openat(2), always with O_CLOEXEC; a descriptor. The empty name opens anew what an O_PATH descriptor names. */
  openat(dirfd: number, name: Bytes, flags: number, mode: number): number;
  /** openat2(2), always with O_CLOEXEC; `resolve` is RESOLVE_*. */
  openat2(dirfd: number, name: Bytes, flags: number, mode: number, resolve: number): number;
  close(fd: number): number;
  dup(fd: number): number;
  /** statx(2) with AT_SYMLINK_NOFOLLOW, basic fields, birth time and mount id, into `Stat.fields`. */
  statx(dirfd: number, name: Bytes, fields: Float64Array): number;
  /** statx(2) of a path, into `Stat.fields`, from what the kernel has cached (AT_STATX_DONT_SYNC): a FUSE mount there is not asked. */
  cachedStatx(path: Bytes, fields: Float64Array): number;
  /** getdents64(2) into `buffer`; bytes filled, 0 at the end. */
  getdents64(fd: number, buffer: Uint8Array): number;
  /** readlinkat(2); bytes filled. */
  readlinkat(dirfd: number, name: Bytes, buffer: Uint8Array): number;
  /** lgetxattr(2) relative to a descriptor; bytes filled, or the size where `buffer` is empty. */
  getxattrat(dirfd: number, name: Bytes, attribute: Bytes, buffer: Uint8Array): number;
  /** llistxattr(2) relative to a descriptor; names end in NUL. */
  listxattrat(dirfd: number, name: Bytes, buffer: Uint8Array): number;
  /** pread(2) of up to `length` bytes to `buffer[offset…]`; repeated until full, end of file or an error. */
  pread(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** read(2), once; EINTR is returned, not repeated. */
  read(fd: number, buffer: Uint8Array): number;
  /** posix_fadvise(2); `advice` is POSIX_FADV_*. */
  fadvise(fd: number, offset: number, length: number, advice: number): number;
  /** lseek(2); `whence` is SEEK_*. */
  lseek(fd: number, offset: number, whence: number): number;
  /** fstatfs(2) into ten doubles: type, bsize, blocks, bfree, bavail, files, ffree, namelen, frsize, flags. */
  fstatfs(fd: number, fields: Float64Array): number;
  /** name_to_handle_at(2): `[type: i32 in host order][handle bytes]` into `buffer`; total bytes. */
  nameToHandleAt(dirfd: number, name: Bytes, buffer: Uint8Array): number;
  /** open_by_handle_at(2) of such a buffer; a descriptor. `mountFd` must not be O_PATH (EBADF). */
  openByHandleAt(mountFd: number, handle: Uint8Array, flags: number): number;
  /** FS_IOC_GETFSUUID (Linux 6.9): the uuid of the file system of an open file; its length. */
  fsUuid(fd: number, buffer: Uint8Array): number;
  /** faccessat2(2) with AT_EACCESS. */
  faccessat(dirfd: number, name: Bytes, mode: number): number;
  /**
   * On libuv's pool: reads directories of `dirfd`, whose `names` each end in NUL, and the inodes in them, and with
   * `withData` the data of small files, so that the kernel has them when they are asked for. Nanoseconds for each
   * entry, 0 if there was none; what cannot be read is left out.
   */
  warmAsync(dirfd: number, names: Uint8Array, withData: boolean): Promise<number>;
  /**
   * On libuv's pool: reads one byte in each 256 KiB from `offset` on, as far as `length`, the file's end or an error; the bytes gone
   * through, which are less than `length` then.
   */
  touchAsync(fd: number, offset: number, length: number): Promise<number>;
  /** flock(2). */
  flock(fd: number, operation: number): number;
  /** FS_IOC_GETFLAGS of an open file; the flags. */
  getFileFlags(fd: number): number;
  /** FS_IOC_FSGETXATTR of an open file, into `buffer` (struct fsxattr). */
  getExtendedFlags(fd: number, buffer: Uint8Array): number;
  /** FS_IOC_MEASURE_VERITY: `[algorithm: u8][digest]` into `buffer`; the digest's length, ENODATA without one. */
  measureVerity(fd: number, buffer: Uint8Array): number;
}

/** Calls that change a file or a directory. */
export interface Changes {
  mkdirat(dirfd: number, name: Bytes, mode: number): number;
  mknodat(dirfd: number, name: Bytes, mode: number, major: number, minor: number): number;
  symlinkat(target: Bytes, dirfd: number, name: Bytes): number;
  /** linkat(2). An empty `oldName` links the descriptor itself (AT_EMPTY_PATH, else through /proc/self/fd). */
  linkat(oldDirfd: number, oldName: Bytes, newDirfd: number, newName: Bytes): number;
  /** unlinkat(2); `flags` is 0 or AT_REMOVEDIR. */
  unlinkat(dirfd: number, name: Bytes, flags: number): number;
  renameat2(oldDirfd: number, oldName: Bytes, newDirfd: number, newName: Bytes, flags: number): number;
  /** fchmodat2(2) without following symlinks, else through /proc/self/fd. */
  fchmodat(dirfd: number, name: Bytes, mode: number): number;
  /** fchownat(2); -1 leaves an id as it is. */
  fchownat(dirfd: number, name: Bytes, uid: number, gid: number): number;
  /** utimensat(2); nanoseconds may be UTIME_NOW or UTIME_OMIT. */
  utimensat(dirfd: number, name: Bytes, atimeSec: number, atimeNsec: number, mtimeSec: number, mtimeNsec: number): number;
  setxattrat(dirfd: number, name: Bytes, attribute: Bytes, value: Uint8Array, flags: number): number;
  removexattrat(dirfd: number, name: Bytes, attribute: Bytes): number;
  /** pwrite(2) of `length` bytes from `buffer[offset…]`, repeated until all are written; the bytes written. */
  pwrite(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  ftruncate(fd: number, size: number): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  /** copy_file_range(2), once; the bytes copied. */
  copyFileRange(fdIn: number, offsetIn: number, fdOut: number, offsetOut: number, length: number): number;
  /** copy_file_range(2) on libuv's pool, repeated until `length` or end of file; falls back to read and write. */
  copyFileRangeAsync(fdIn: number, offsetIn: number, fdOut: number, offsetOut: number, length: number): Promise<number>;
  /** pread(2) and pwrite(2) on libuv's pool, repeated until `length` or end of file; the bytes copied. */
  copyAsync(fdIn: number, offsetIn: number, fdOut: number, offsetOut: number, length: number): Promise<number>;
  /**
   * On libuv's pool: copies of `count` files, each complete but for a name, and on the disk with `syncs`, in nameless files of
   * `dirfd`'s file system; for each a descriptor, open for reading and writing, or a negated errno. `files` tells of each by
   * the numbers of `WholeField` (whole.ts), `values` has one after the other what its xattr `attribute` is to be. The
   * sources are closed. EOPNOTSUPP for a source with xattrs or one of the `refused` flags (FS_*_FL), ESTALE for
   * one that is shorter than was said.
   */
  copyWholeAsync(
    dirfd: number, count: number, files: Float64Array, attribute: Bytes, values: Uint8Array, refused: number, syncs: boolean,
  ): Promise<number[]>;
  /** FICLONE. */
  ficlone(fdOut: number, fdIn: number): number;
  fsync(fd: number): number;
  fdatasync(fd: number): number;
  /** fsync(2) or fdatasync(2) on libuv's pool. */
  fsyncAsync(fd: number, dataOnly: boolean): Promise<number>;
  /** sync_file_range(2) with SYNC_FILE_RANGE_WRITE: starts the writeback of a range, in bytes; length 0 is all behind `offset`. */
  startWriteback(fd: number, offset: number, length: number): number;
  /** As startWriteback, on libuv's pool. */
  startWritebackAsync(fd: number, offset: number, length: number): Promise<number>;
  syncfs(fd: number): number;
  setFileFlags(fd: number, flags: number): number;
  /** FS_IOC_FSSETXATTR of an open file, from `buffer` (struct fsxattr). */
  setExtendedFlags(fd: number, buffer: Uint8Array): number;
}

/** Calls about this process and about mounts. */
export interface Process {
  /**
   * fsuid and fsgid of this thread, by the raw system calls; the capabilities stay (see keepCapabilities).
   * 0, or -EPERM where the id is not in force afterwards.
   */
  setfsuid(uid: number): number;
  setfsgid(gid: number): number;
  /** The supplementary groups of this thread alone, by the raw setgroups(2). */
  setgroups(gids: Uint32Array): number;
  /** prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP): a change of fsuid leaves capabilities alone. */
  keepCapabilities(): number;
  umask(mask: number): number;
  /** Raises RLIMIT_NOFILE to its hard limit; the limit now in force. */
  raiseFileLimit(): number;
  /**
   * madvise(2), MADV_POPULATE_READ (Linux 5.14), on libuv's pool: maps parts of the file of this process's program. Two numbers for
   * each: its first page of 4 KiB, counted from where the program begins in memory, and its pages. The pages mapped then.
   */
  mapProgramAsync(parts: Uint32Array): Promise<number>;
  /** How many bytes behind the beginning of a page of 4 KiB the memory of `buffer` begins. */
  placeInPage(buffer: Uint8Array): number;
  /** malloc_trim(3) of all that is free; 1 if anything was given back, 0 if not or where the C library has no such function. */
  mallocTrim(): number;
  /** syslog(3), ident `ovlfs`, LOG_DAEMON. */
  syslog(priority: number, message: string): void;
  /** setsid(2) unless this process leads a session already, umask 0, working directory `/`. */
  detach(): number;
  /** getrandom(2): fills up to 256 bytes. */
  getrandom(buffer: Uint8Array): number;
  /** execv(2): this process becomes the program at `path`, with `words`, each of which ends in NUL; it keeps the standard descriptors. */
  execv(path: Bytes, words: Uint8Array): number;
}

/** /dev/fuse and the mount interface. */
export interface Mounting {
  mount(source: Bytes, target: Bytes, type: Bytes, flags: number, data: Bytes): number;
  umount2(target: Bytes, flags: number): number;
  /** umount2(2) on libuv's pool: a daemon that unmounts itself still has to serve what that writes back. */
  umountAsync(target: Bytes, flags: number): Promise<number>;
  /** open_tree(2) with OPEN_TREE_CLONE | AT_EMPTY_PATH: a private copy of the mount at `dirfd`, submounts left out. */
  cloneMount(dirfd: number): number;
  /** mount_setattr(2) on a descriptor of such a copy; MOUNT_ATTR_* bits to set. */
  mountSetattr(fd: number, set: number): number;
  /** fsopen(2): the descriptor of a file system of a type, to be made. */
  fsopen(type: Bytes): number;
  /** fsconfig(2) with FSCONFIG_CMD_CREATE. */
  fsconfigCreate(context: number): number;
  /** fsmount(2), nosuid, nodev and noexec: the descriptor of its root, mounted nowhere; it goes when all of it is closed. */
  fsmount(context: number): number;
  /** FUSE_DEV_IOC_BACKING_OPEN: registers an open file for passthrough; its backing id (above zero). */
  fuseBackingOpen(fuseFd: number, fd: number): number;
  /** FUSE_DEV_IOC_BACKING_CLOSE. */
  fuseBackingClose(fuseFd: number, id: number): number;
  /** socketpair(2) of AF_UNIX stream sockets: `[ours (cloexec), theirs]`, or an errno. */
  socketpair(): [number, number] | number;
  /** recvmsg(2) of one descriptor by SCM_RIGHTS (blocks); the descriptor, or -ECONNRESET if the message had none. */
  receiveFd(socket: number): number;
  /** O_NONBLOCK for a descriptor that somebody else opened. */
  setNonblocking(fd: number): number;
  /** write(2) of `buffer[0…length)`, once. */
  write(fd: number, buffer: Uint8Array, length: number): number;
  /**
   * Watches a descriptor for input with a uv_poll handle of Node's own loop. `ready` is called with 0, or an
   * errno if polling fails: then the watch has ended (of /dev/fuse: -EBADF once the mount is gone, and the next
   * read tells ENODEV). If it answers true the next input is waited for without a turn of the loop, as long as that
   * has nothing else to do; it is then also called where something else is due, finds no input and answers false. A watch
   * keeps the process alive. What `ready` throws becomes an uncaughtException.
   * The one call that throws what the kernel refuses, an Error with `code` (EPERM: regular files are not watched).
   */
  pollStart(fd: number, ready: (status: number) => unknown): object;
  pollStop(watch: object): void;
}

/** Numbers of this platform's headers, by their C names (O_*, AT_*, RENAME_*, MS_*, …). */
export interface NativeConstants {
  readonly [name: string]: number;
}

export type Native = Queries & Changes & Process & Mounting & { readonly constants: NativeConstants };

export const native = createRequire(import.meta.url)("../../build/Release/ovlfs.node") as Native;
