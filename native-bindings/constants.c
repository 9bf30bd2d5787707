/*
 * Numbers of the C headers under their own names, as src/sys/constants.ts hands them out. Those of mounts are in
 * mount.c: linux/fs.h and sys/mount.h cannot be included together.
 */
#include "kernel.h"
#include "values.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <syslog.h>
#include <unistd.h>

/* Numbers younger than the oldest headers we build with; from linux/falloc.h and linux/openat2.h. */
#ifndef FALLOC_FL_WRITE_ZEROES
#define FALLOC_FL_WRITE_ZEROES 0x80
#endif
#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

/* Calls that newer architectures never had, and one that is younger than old headers. */
#ifndef SYS_open
#define SYS_open -1
#endif
#ifndef SYS_creat
#define SYS_creat -1
#endif
#ifndef SYS_futimesat
#define SYS_futimesat -1
#endif
#ifndef SYS_utimes
#define SYS_utimes -1
#endif
#ifndef SYS_utime
#define SYS_utime -1
#endif
#ifndef SYS_access
#define SYS_access -1
#endif

#define NUMBER(name) {#name, name}

const struct constant file_constants[] = {
    NUMBER(O_RDONLY),
    NUMBER(O_WRONLY),
    NUMBER(O_RDWR),
    NUMBER(O_ACCMODE),
    NUMBER(O_CREAT),
    NUMBER(O_EXCL),
    NUMBER(O_NOCTTY),
    NUMBER(O_TRUNC),
    NUMBER(O_APPEND),
    NUMBER(O_NONBLOCK),
    NUMBER(O_SYNC),
    NUMBER(O_DSYNC),
    NUMBER(O_DIRECT),
    NUMBER(O_LARGEFILE),
    NUMBER(O_DIRECTORY),
    NUMBER(O_NOFOLLOW),
    NUMBER(O_NOATIME),
    NUMBER(O_CLOEXEC),
    NUMBER(O_PATH),
    NUMBER(O_TMPFILE),

    NUMBER(AT_FDCWD),
    NUMBER(AT_SYMLINK_NOFOLLOW),
    NUMBER(AT_SYMLINK_FOLLOW),
    NUMBER(AT_REMOVEDIR),
    NUMBER(AT_EACCESS),
    NUMBER(AT_NO_AUTOMOUNT),
    NUMBER(AT_EMPTY_PATH),
    NUMBER(RESOLVE_NO_XDEV),
    NUMBER(RESOLVE_NO_MAGICLINKS),
    NUMBER(RESOLVE_NO_SYMLINKS),
    NUMBER(RESOLVE_BENEATH),
    NUMBER(RESOLVE_IN_ROOT),
    NUMBER(RESOLVE_CACHED),

    NUMBER(RENAME_NOREPLACE),
    NUMBER(RENAME_EXCHANGE),
    NUMBER(RENAME_WHITEOUT),
    NUMBER(SEEK_SET),
    NUMBER(SEEK_CUR),
    NUMBER(SEEK_END),
    NUMBER(SEEK_DATA),
    NUMBER(SEEK_HOLE),
    NUMBER(POSIX_FADV_WILLNEED),
    NUMBER(F_OK),
    NUMBER(R_OK),
    NUMBER(W_OK),
    NUMBER(X_OK),

    NUMBER(FALLOC_FL_KEEP_SIZE),
    NUMBER(FALLOC_FL_PUNCH_HOLE),
    NUMBER(FALLOC_FL_COLLAPSE_RANGE),
    NUMBER(FALLOC_FL_ZERO_RANGE),
    NUMBER(FALLOC_FL_INSERT_RANGE),
    NUMBER(FALLOC_FL_UNSHARE_RANGE),
    NUMBER(FALLOC_FL_WRITE_ZEROES),

    NUMBER(UTIME_NOW),
    NUMBER(UTIME_OMIT),
    NUMBER(XATTR_CREATE),
    NUMBER(XATTR_REPLACE),
    NUMBER(LOCK_SH),
    NUMBER(LOCK_EX),
    NUMBER(LOCK_NB),
    NUMBER(LOCK_UN),

    NUMBER(FS_SYNC_FL),
    NUMBER(FS_IMMUTABLE_FL),
    NUMBER(FS_APPEND_FL),
    NUMBER(FS_NOATIME_FL),
    NUMBER(FS_DIRSYNC_FL),
    NUMBER(FS_CASEFOLD_FL),
    NUMBER(FS_XFLAG_IMMUTABLE),
    NUMBER(FS_XFLAG_APPEND),

    NUMBER(SYS_open),
    NUMBER(SYS_openat),
    NUMBER(SYS_openat2),
    NUMBER(SYS_creat),
    NUMBER(SYS_access),
    NUMBER(SYS_faccessat),
    NUMBER(SYS_faccessat2),
    NUMBER(SYS_utime),
    NUMBER(SYS_utimes),
    NUMBER(SYS_futimesat),
    NUMBER(SYS_utimensat),

    NUMBER(FS_IOC_GETFLAGS),
    NUMBER(FS_IOC_SETFLAGS),
    NUMBER(FS_IOC_FSGETXATTR),
    NUMBER(FS_IOC_FSSETXATTR),

    NUMBER(LOG_EMERG),
    NUMBER(LOG_ALERT),
    NUMBER(LOG_CRIT),
    NUMBER(LOG_ERR),
    NUMBER(LOG_WARNING),
    NUMBER(LOG_NOTICE),
    NUMBER(LOG_INFO),
    NUMBER(LOG_DEBUG),
    NUMBER(LOG_DAEMON),
    {NULL, 0},
};
