/*
 * What a file is: statx, statfs, readlink, access. The order of the fields is that of `Field` in
 * src/sys/stat.ts, and of `fstatfs` in src/sys/native.ts.
 */
#include "kernel.h"
#include "values.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define STAT_FIELDS 23
#define STATFS_FIELDS 10

static void fill(double *fields, const struct statx *stat) {
  *fields++ = stat->stx_mode;
  *fields++ = stat->stx_nlink;
  *fields++ = stat->stx_uid;
  *fields++ = stat->stx_gid;
  /* The inode number keeps its 64 bits: JavaScript reads this field as a BigInt. */
  uint64_t ino = stat->stx_ino;
  memcpy(fields++, &ino, sizeof ino);
  *fields++ = (double)stat->stx_size;
  *fields++ = (double)stat->stx_blocks;
  *fields++ = stat->stx_blksize;
  *fields++ = (double)stat->stx_atime.tv_sec;
  *fields++ = stat->stx_atime.tv_nsec;
  *fields++ = (double)stat->stx_mtime.tv_sec;
  *fields++ = stat->stx_mtime.tv_nsec;
  *fields++ = (double)stat->stx_ctime.tv_sec;
  *fields++ = stat->stx_ctime.tv_nsec;
  *fields++ = (double)stat->stx_btime.tv_sec;
  *fields++ = stat->stx_btime.tv_nsec;
  *fields++ = stat->stx_rdev_major;
  *fields++ = stat->stx_rdev_minor;
  *fields++ = stat->stx_dev_major;
  *fields++ = stat->stx_dev_minor;
  *fields++ = (stat->stx_mask & STATX_MNT_ID) ? (double)stat->stx_mnt_id : 0;
  *fields++ = stat->stx_mask;
  *fields++ = (double)stat->stx_attributes;
}

static napi_value call_statx(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  double *fields = doubles_argument(&call, 2, STAT_FIELDS);
  if (!usable(&call)) return answer(&call, 0);
  struct statx stat;
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | empty_path(name);
  unsigned int mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID;
  int64_t result = outcome(statx(dirfd, name, flags, mask, &stat));
  if (result == 0) fill(fields, &stat);
  return answer(&call, result);
}

/* From what the kernel knows: a FUSE mount is not asked. */
static napi_value call_cached_statx(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  const char *path = name_argument(&call, 0, room);
  double *fields = doubles_argument(&call, 1, STAT_FIELDS);
  if (!usable(&call)) return answer(&call, 0);
  struct statx stat;
  int64_t result = outcome(statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &stat));
  if (result == 0) fill(fields, &stat);
  return answer(&call, result);
}

static napi_value call_fstatfs(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  double *fields = doubles_argument(&call, 1, STATFS_FIELDS);
  if (!usable(&call)) return answer(&call, 0);
  struct statfs stat;
  int64_t result = outcome(fstatfs(fd, &stat));
  if (result == 0) {
    /* f_type is signed on some architectures, and magic numbers go up to 0xff534d42. */
    *fields++ = (uint32_t)stat.f_type;
    *fields++ = (double)stat.f_bsize;
    *fields++ = (double)stat.f_blocks;
    *fields++ = (double)stat.f_bfree;
    *fields++ = (double)stat.f_bavail;
    *fields++ = (double)stat.f_files;
    *fields++ = (double)stat.f_ffree;
    *fields++ = (double)stat.f_namelen;
    *fields++ = (double)stat.f_frsize;
    *fields++ = (double)stat.f_flags;
  }
  return answer(&call, result);
}

static napi_value call_readlinkat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  struct bytes buffer = bytes_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(readlinkat(dirfd, name, (char *)buffer.data, buffer.length)));
}

static napi_value call_faccessat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  int mode = int_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  int flags = AT_EACCESS | AT_SYMLINK_NOFOLLOW | empty_path(name);
  return answer(&call, outcome(syscall(SYS_faccessat2, dirfd, name, mode, flags)));
}

const struct binding stat_bindings[] = {
    {"statx", call_statx},
    {"cachedStatx", call_cached_statx},
    {"fstatfs", call_fstatfs},
    {"readlinkat", call_readlinkat},
    {"faccessat", call_faccessat},
    {NULL, NULL},
};
