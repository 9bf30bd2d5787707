/*
 * A file's attributes: changes of mode, owner, times and the flags of chattr(1), and the digest of fs-verity.
 * Where a kernel lacks a call for "this descriptor" or "this very symlink", the way is through /proc, never one
 * that follows a symlink.
 */
#include "kernel.h"
#include "values.h"

#include <linux/fs.h>
#include <linux/fsverity.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of the longest digest that fs-verity has (SHA-512). */
#define DIGEST_MAX 64

/* Kernels before 6.6 have no fchmodat2, and their chmod follows symlinks. */
static int64_t change_mode_by_descriptor(int dirfd, const char *name, mode_t mode) {
  char path[DESCRIPTOR_PATH_ROOM];
  struct stat stat;
  int fd = name[0] == '\0' ? dirfd : openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && fd != AT_FDCWD) return -errno;
  int64_t result = fd == AT_FDCWD ? 0 : outcome(fstat(fd, &stat));
  if (result == 0 && fd != AT_FDCWD && S_ISLNK(stat.st_mode)) result = -EOPNOTSUPP;
  if (result == 0) {
    descriptor_path(path, fd, "");
    result = outcome(chmod(path, mode));
  }
  if (fd != dirfd) close(fd);
  return result;
}

static int64_t change_mode(int dirfd, const char *name, mode_t mode) {
  static bool missing = false;
  if (!missing) {
    int flags = AT_SYMLINK_NOFOLLOW | empty_path(name);
    if (syscall(SYS_fchmodat2, dirfd, name, mode, flags) == 0) return 0;
    if (errno != ENOSYS) return -errno;
    missing = true;
  }
  return change_mode_by_descriptor(dirfd, name, mode);
}

static napi_value call_fchmodat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  mode_t mode = uint_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, change_mode(dirfd, name, mode));
}

static napi_value call_fchownat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  uid_t uid = uint_argument(&call, 2);
  gid_t gid = uint_argument(&call, 3);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW | empty_path(name))));
}

static int64_t change_times(int dirfd, const char *name, const struct timespec times[2]) {
  if (utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW | empty_path(name)) == 0) return 0;
  if (errno != EINVAL || name[0] != '\0') return -errno;
  /* Kernels before 5.8 refuse AT_EMPTY_PATH here. */
  char path[DESCRIPTOR_PATH_ROOM];
  descriptor_path(path, dirfd, name);
  return outcome(utimensat(AT_FDCWD, path, times, 0));
}

static napi_value call_utimensat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  struct timespec times[2] = {
      {.tv_sec = long_argument(&call, 2), .tv_nsec = (long)long_argument(&call, 3)},
      {.tv_sec = long_argument(&call, 4), .tv_nsec = (long)long_argument(&call, 5)},
  };
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, change_times(dirfd, name, times));
}

static napi_value call_get_file_flags(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  unsigned int flags = 0;
  int64_t result = outcome(ioctl(fd, FS_IOC_GETFLAGS, &flags));
  return answer(&call, result < 0 ? result : (int64_t)flags);
}

static napi_value call_set_file_flags(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  unsigned int flags = uint_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(ioctl(fd, FS_IOC_SETFLAGS, &flags)));
}

/* struct fsxattr, or a TypeError where the buffer is shorter. */
static struct fsxattr *extended_argument(struct call *call, size_t index) {
  struct bytes buffer = bytes_argument(call, index);
  if (!call->thrown && buffer.length < sizeof(struct fsxattr)) refuse_type(call, index, "a longer Uint8Array");
  return (struct fsxattr *)buffer.data;
}

static napi_value call_get_extended_flags(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct fsxattr *extended = extended_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(ioctl(fd, FS_IOC_FSGETXATTR, extended)));
}

static napi_value call_set_extended_flags(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct fsxattr *extended = extended_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(ioctl(fd, FS_IOC_FSSETXATTR, extended)));
}

/* struct fsverity_digest ends in a flexible array; this is one with room for the largest digest. */
union digest_room {
  struct fsverity_digest digest;
  uint8_t room[sizeof(struct fsverity_digest) + DIGEST_MAX];
};

static napi_value call_measure_verity(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct bytes buffer = bytes_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  union digest_room found = {.digest = {.digest_size = DIGEST_MAX}};
  if (ioctl(fd, FS_IOC_MEASURE_VERITY, &found) != 0) return answer(&call, -errno);
  size_t size = found.digest.digest_size;
  if (buffer.length < 1 + size) return answer(&call, -EOVERFLOW);
  buffer.data[0] = (uint8_t)found.digest.digest_algorithm;
  memcpy(buffer.data + 1, found.room + offsetof(struct fsverity_digest, digest), size);
  return answer(&call, (int64_t)size);
}

const struct binding attribute_bindings[] = {
    {"fchmodat", call_fchmodat},
    {"fchownat", call_fchownat},
    {"utimensat", call_utimensat},
    {"getFileFlags", call_get_file_flags},
    {"setFileFlags", call_set_file_flags},
    {"getExtendedFlags", call_get_extended_flags},
    {"setExtendedFlags", call_set_extended_flags},
    {"measureVerity", call_measure_verity},
    {NULL, NULL},
};
