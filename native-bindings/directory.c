/*
 * Directories and the names in them: create, link, rename, remove, read. No call follows a symlink in the last
 * component.
 */
#include "kernel.h"
#include "values.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static napi_value call_getdents64(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct bytes buffer = bytes_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(syscall(SYS_getdents64, fd, buffer.data, buffer.length)));
}

static napi_value call_mkdirat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  mode_t mode = uint_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(mkdirat(dirfd, name, mode)));
}

static napi_value call_mknodat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  mode_t mode = uint_argument(&call, 2);
  unsigned int device_major = uint_argument(&call, 3);
  unsigned int device_minor = uint_argument(&call, 4);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(mknodat(dirfd, name, mode, makedev(device_major, device_minor))));
}

static napi_value call_symlinkat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char target_room[NAME_ROOM];
  char room[NAME_ROOM];
  const char *target = name_argument(&call, 0, target_room);
  int dirfd = int_argument(&call, 1);
  const char *name = name_argument(&call, 2, room);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(symlinkat(target, dirfd, name)));
}

static int64_t link_descriptor(int fd, int new_dirfd, const char *new_name) {
  if (linkat(fd, "", new_dirfd, new_name, AT_EMPTY_PATH) == 0) return 0;
  /* ENOENT is also the refusal of AT_EMPTY_PATH to those without CAP_DAC_READ_SEARCH. */
  if (errno != ENOENT) return -errno;
  char path[DESCRIPTOR_PATH_ROOM];
  descriptor_path(path, fd, "");
  return outcome(linkat(AT_FDCWD, path, new_dirfd, new_name, AT_SYMLINK_FOLLOW));
}

static napi_value call_linkat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char old_room[NAME_ROOM];
  char new_room[NAME_ROOM];
  int old_dirfd = int_argument(&call, 0);
  const char *old_name = name_argument(&call, 1, old_room);
  int new_dirfd = int_argument(&call, 2);
  const char *new_name = name_argument(&call, 3, new_room);
  if (!usable(&call)) return answer(&call, 0);
  if (old_name[0] == '\0') return answer(&call, link_descriptor(old_dirfd, new_dirfd, new_name));
  return answer(&call, outcome(linkat(old_dirfd, old_name, new_dirfd, new_name, 0)));
}

static napi_value call_unlinkat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  int flags = int_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(unlinkat(dirfd, name, flags)));
}

static napi_value call_renameat2(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char old_room[NAME_ROOM];
  char new_room[NAME_ROOM];
  int old_dirfd = int_argument(&call, 0);
  const char *old_name = name_argument(&call, 1, old_room);
  int new_dirfd = int_argument(&call, 2);
  const char *new_name = name_argument(&call, 3, new_room);
  unsigned int flags = uint_argument(&call, 4);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(renameat2(old_dirfd, old_name, new_dirfd, new_name, flags)));
}

const struct binding directory_bindings[] = {
    {"getdents64", call_getdents64},
    {"mkdirat", call_mkdirat},
    {"mknodat", call_mknodat},
    {"symlinkat", call_symlinkat},
    {"linkat", call_linkat},
    {"unlinkat", call_unlinkat},
    {"renameat2", call_renameat2},
    {NULL, NULL},
};
