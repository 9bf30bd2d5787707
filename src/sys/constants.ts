/** Numbers from this platform's C headers under their own names; a missing one is a build fault, found at start. */
import { native } from "./native.js";

function constant(name: string): number {
  const value = native.constants[name];
  if (value === undefined) throw new Error(`native-bindings lacks the constant ${name}; build it anew (npm run install)`);
  return value;
}

export const O_RDONLY = constant("O_RDONLY");
export const O_WRONLY = constant("O_WRONLY");
export const O_RDWR = constant("O_RDWR");
export const O_ACCMODE = constant("O_ACCMODE");
export const O_CREAT = constant("O_CREAT");
export const O_EXCL = constant("O_EXCL");
export const O_TRUNC = constant("O_TRUNC");
export const O_APPEND = constant("O_APPEND");
export const O_NONBLOCK = constant("O_NONBLOCK");
export const O_DIRECTORY = constant("O_DIRECTORY");
export const O_NOFOLLOW = constant("O_NOFOLLOW");
export const O_NOATIME = constant("O_NOATIME");
export const O_PATH = constant("O_PATH");
export const O_TMPFILE = constant("O_TMPFILE");

export const AT_FDCWD = constant("AT_FDCWD");
export const AT_REMOVEDIR = constant("AT_REMOVEDIR");
export const RESOLVE_NO_XDEV = constant("RESOLVE_NO_XDEV");
export const RESOLVE_NO_SYMLINKS = constant("RESOLVE_NO_SYMLINKS");
export const RESOLVE_BENEATH = constant("RESOLVE_BENEATH");

export const RENAME_NOREPLACE = constant("RENAME_NOREPLACE");
export const RENAME_EXCHANGE = constant("RENAME_EXCHANGE");
export const RENAME_WHITEOUT = constant("RENAME_WHITEOUT");

export const SEEK_SET = constant("SEEK_SET");
export const SEEK_DATA = constant("SEEK_DATA");
export const SEEK_HOLE = constant("SEEK_HOLE");
export const POSIX_FADV_WILLNEED = constant("POSIX_FADV_WILLNEED");
export const UTIME_NOW = constant("UTIME_NOW");
export const UTIME_OMIT = constant("UTIME_OMIT");
export const XATTR_CREATE = constant("XATTR_CREATE");
export const XATTR_REPLACE = constant("XATTR_REPLACE");
export const LOCK_EX = constant("LOCK_EX");
export const LOCK_NB = constant("LOCK_NB");

export const W_OK = constant("W_OK");
export const FALLOC_FL_KEEP_SIZE = constant("FALLOC_FL_KEEP_SIZE");

export const FS_SYNC_FL = constant("FS_SYNC_FL");
export const FS_IMMUTABLE_FL = constant("FS_IMMUTABLE_FL");
export const FS_APPEND_FL = constant("FS_APPEND_FL");
export const FS_NOATIME_FL = constant("FS_NOATIME_FL");
export const FS_XFLAG_IMMUTABLE = constant("FS_XFLAG_IMMUTABLE");
export const FS_XFLAG_APPEND = constant("FS_XFLAG_APPEND");
export const FS_IOC_GETFLAGS = constant("FS_IOC_GETFLAGS");
export const FS_IOC_SETFLAGS = constant("FS_IOC_SETFLAGS");
export const FS_IOC_FSGETXATTR = constant("FS_IOC_FSGETXATTR");
export const FS_IOC_FSSETXATTR = constant("FS_IOC_FSSETXATTR");

/** System call numbers; -1 where this architecture does not have the call. */
export const SYS_open = constant("SYS_open");
export const SYS_openat = constant("SYS_openat");
export const SYS_openat2 = constant("SYS_openat2");
export const SYS_creat = constant("SYS_creat");
export const SYS_access = constant("SYS_access");
export const SYS_faccessat = constant("SYS_faccessat");
export const SYS_faccessat2 = constant("SYS_faccessat2");
export const SYS_utimensat = constant("SYS_utimensat");
export const SYS_futimesat = constant("SYS_futimesat");
export const SYS_utimes = constant("SYS_utimes");
export const SYS_utime = constant("SYS_utime");

export const MS_RDONLY = constant("MS_RDONLY");
export const MS_NOSUID = constant("MS_NOSUID");
export const MS_NODEV = constant("MS_NODEV");
export const MS_NOEXEC = constant("MS_NOEXEC");
export const MS_SYNCHRONOUS = constant("MS_SYNCHRONOUS");
export const MS_DIRSYNC = constant("MS_DIRSYNC");
export const MS_NOATIME = constant("MS_NOATIME");
export const MS_NODIRATIME = constant("MS_NODIRATIME");
export const MS_RELATIME = constant("MS_RELATIME");
export const MS_STRICTATIME = constant("MS_STRICTATIME");
export const MS_LAZYTIME = constant("MS_LAZYTIME");
export const MNT_DETACH = constant("MNT_DETACH");
export const MOUNT_ATTR_RDONLY = constant("MOUNT_ATTR_RDONLY");
export const MOUNT_ATTR_NOATIME = constant("MOUNT_ATTR_NOATIME");
