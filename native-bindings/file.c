/*
 * Open files and their data. pread and pwrite repeat until all is done, so that a short count always means end
 * of file or an error; a few bytes done hide an error, which the next call then meets.
 */
#include "kernel.h"
#include "values.h"

#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

static napi_value call_openat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  int flags = int_argument(&call, 2);
  mode_t mode = uint_argument(&call, 3);
  if (!usable(&call)) return answer(&call, 0);
  if (name[0] != '\0') return answer(&call, outcome(openat(dirfd, name, flags | O_CLOEXEC, mode)));
  /* The magic link is itself a symlink: O_NOFOLLOW would refuse it. */
  char path[DESCRIPTOR_PATH_ROOM];
  descriptor_path(path, dirfd, name);
  return answer(&call, outcome(open(path, (flags & ~O_NOFOLLOW) | O_CLOEXEC, mode)));
}

static napi_value call_openat2(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  struct open_how how = {
      .flags = uint_argument(&call, 2) | O_CLOEXEC,
      .mode = uint_argument(&call, 3),
      .resolve = uint_argument(&call, 4),
  };
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(syscall(SYS_openat2, dirfd, name, &how, sizeof how)));
}

static napi_value call_close(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(close(fd)));
}

static napi_value call_dup(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
}

enum direction { READ, WRITE };

static ssize_t transfer_once(enum direction direction, int fd, uint8_t *data, size_t length, off_t position) {
  return direction == READ ? pread(fd, data, length, position) : pwrite(fd, data, length, position);
}

/* Goes on until all is through, the file ends, or an error: that is the answer where nothing went before it. */
static int64_t transfer(enum direction direction, int fd, struct bytes buffer, off_t position) {
  size_t done = 0;
  while (done < buffer.length) {
    ssize_t count = transfer_once(direction, fd, buffer.data + done, buffer.length - done, position + (off_t)done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && done == 0) return -errno;
    if (count <= 0) break;
    done += (size_t)count;
  }
  return (int64_t)done;
}

static napi_value call_transfer(napi_env env, napi_callback_info info, enum direction direction) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct bytes buffer = slice_argument(&call, 1, long_argument(&call, 2), long_argument(&call, 3));
  off_t position = long_argument(&call, 4);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, transfer(direction, fd, buffer, position));
}

static napi_value call_pread(napi_env env, napi_callback_info info) { return call_transfer(env, info, READ); }

static napi_value call_pwrite(napi_env env, napi_callback_info info) { return call_transfer(env, info, WRITE); }

static napi_value call_read(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct bytes buffer = bytes_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(read(fd, buffer.data, buffer.length)));
}

static napi_value call_write(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct bytes buffer = slice_argument(&call, 1, 0, long_argument(&call, 2));
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(write(fd, buffer.data, buffer.length)));
}

static napi_value call_lseek(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  off_t offset = long_argument(&call, 1);
  int whence = int_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(lseek(fd, offset, whence)));
}

static napi_value call_fadvise(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  off_t offset = long_argument(&call, 1);
  off_t length = long_argument(&call, 2);
  int advice = int_argument(&call, 3);
  if (!usable(&call)) return answer(&call, 0);
  /* The one call that answers with the error itself. */
  return answer(&call, -posix_fadvise(fd, offset, length, advice));
}

static napi_value call_ftruncate(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  off_t size = long_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(ftruncate(fd, size)));
}

static napi_value call_fallocate(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  int mode = int_argument(&call, 1);
  off_t offset = long_argument(&call, 2);
  off_t length = long_argument(&call, 3);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(fallocate(fd, mode, offset, length)));
}

static napi_value call_copy_file_range(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd_in = int_argument(&call, 0);
  off_t offset_in = long_argument(&call, 1);
  int fd_out = int_argument(&call, 2);
  off_t offset_out = long_argument(&call, 3);
  int64_t length = long_argument(&call, 4);
  if (!usable(&call)) return answer(&call, 0);
  if (length < 0) return answer(&call, -EINVAL);
  return answer(&call, outcome(copy_file_range(fd_in, &offset_in, fd_out, &offset_out, (size_t)length, 0)));
}

static napi_value call_ficlone(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd_out = int_argument(&call, 0);
  int fd_in = int_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(ioctl(fd_out, FICLONE, fd_in)));
}

static napi_value call_fsync(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(fsync(fd)));
}

static napi_value call_fdatasync(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(fdatasync(fd)));
}

/* Only starts the writeback of a range: waits for no disk, though it may wait for a place in the disk's queue. */
static napi_value call_start_writeback(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  off_t offset = long_argument(&call, 1);
  off_t length = long_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WRITE)));
}

static napi_value call_syncfs(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(syncfs(fd)));
}

static napi_value call_flock(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  int operation = int_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(flock(fd, operation)));
}

const struct binding file_bindings[] = {
    {"openat", call_openat},
    {"openat2", call_openat2},
    {"close", call_close},
    {"dup", call_dup},
    {"pread", call_pread},
    {"pwrite", call_pwrite},
    {"read", call_read},
    {"write", call_write},
    {"lseek", call_lseek},
    {"fadvise", call_fadvise},
    {"ftruncate", call_ftruncate},
    {"fallocate", call_fallocate},
    {"copyFileRange", call_copy_file_range},
    {"ficlone", call_ficlone},
    {"fsync", call_fsync},
    {"fdatasync", call_fdatasync},
    {"startWriteback", call_start_writeback},
    {"syncfs", call_syncfs},
    {"flock", call_flock},
    {NULL, NULL},
};
