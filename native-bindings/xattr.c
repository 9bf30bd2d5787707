/*
 * Extended attributes relative to a descriptor. Linux 6.13 has system calls for that; they refuse an O_PATH
 * descriptor under the empty name (EBADF), and older kernels lack them: then the way is through /proc, with the
 * following call for a descriptor's magic link and the non-following one for a name.
 */
#include "kernel.h"
#include "values.h"

#include <sys/xattr.h>
#include <unistd.h>

/* struct xattr_args of linux/xattr.h (6.13); the value's address has 64 bits on all architectures. */
struct xattr_arguments {
  uint64_t value __attribute__((aligned(8)));
  uint32_t size;
  uint32_t flags;
};

/* Set once by the first ENOSYS; all four calls came with the same kernel. */
static bool missing = false;

/* Whether the call has to be made again through /proc; `errno` is that of the system call. */
static bool needs_path(const char *name) {
  if (errno == ENOSYS) missing = true;
  return missing || (errno == EBADF && name[0] == '\0');
}

static int at_flags(const char *name) { return AT_SYMLINK_NOFOLLOW | empty_path(name); }

static int64_t get(int dirfd, const char *name, const char *attribute, struct bytes value) {
  if (!missing) {
    struct xattr_arguments arguments = {.value = (uintptr_t)value.data, .size = (uint32_t)value.length};
    long result =
        syscall(SYS_getxattrat, dirfd, name, at_flags(name), attribute, &arguments, sizeof arguments);
    if (result >= 0) return result;
    if (!needs_path(name)) return -errno;
  }
  char path[DESCRIPTOR_PATH_ROOM];
  descriptor_path(path, dirfd, name);
  if (name[0] == '\0') return outcome(getxattr(path, attribute, value.data, value.length));
  return outcome(lgetxattr(path, attribute, value.data, value.length));
}

static napi_value call_getxattrat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  char attribute_room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  const char *attribute = name_argument(&call, 2, attribute_room);
  struct bytes value = bytes_argument(&call, 3);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, get(dirfd, name, attribute, value));
}

static int64_t list(int dirfd, const char *name, struct bytes names) {
  if (!missing) {
    long result = syscall(SYS_listxattrat, dirfd, name, at_flags(name), names.data, names.length);
    if (result >= 0) return result;
    if (!needs_path(name)) return -errno;
  }
  char path[DESCRIPTOR_PATH_ROOM];
  descriptor_path(path, dirfd, name);
  if (name[0] == '\0') return outcome(listxattr(path, (char *)names.data, names.length));
  return outcome(llistxattr(path, (char *)names.data, names.length));
}

static napi_value call_listxattrat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  struct bytes names = bytes_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, list(dirfd, name, names));
}

static int64_t set(int dirfd, const char *name, const char *attribute, struct bytes value, int flags) {
  if (!missing) {
    struct xattr_arguments arguments = {
        .value = (uintptr_t)value.data, .size = (uint32_t)value.length, .flags = (uint32_t)flags};
    long result =
        syscall(SYS_setxattrat, dirfd, name, at_flags(name), attribute, &arguments, sizeof arguments);
    if (result >= 0) return result;
    if (!needs_path(name)) return -errno;
  }
  char path[DESCRIPTOR_PATH_ROOM];
  descriptor_path(path, dirfd, name);
  if (name[0] == '\0') return outcome(setxattr(path, attribute, value.data, value.length, flags));
  return outcome(lsetxattr(path, attribute, value.data, value.length, flags));
}

static napi_value call_setxattrat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  char attribute_room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  const char *attribute = name_argument(&call, 2, attribute_room);
  struct bytes value = bytes_argument(&call, 3);
  int flags = int_argument(&call, 4);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, set(dirfd, name, attribute, value, flags));
}

static int64_t remove_attribute(int dirfd, const char *name, const char *attribute) {
  if (!missing) {
    long result = syscall(SYS_removexattrat, dirfd, name, at_flags(name), attribute);
    if (result >= 0) return result;
    if (!needs_path(name)) return -errno;
  }
  char path[DESCRIPTOR_PATH_ROOM];
  descriptor_path(path, dirfd, name);
  if (name[0] == '\0') return outcome(removexattr(path, attribute));
  return outcome(lremovexattr(path, attribute));
}

static napi_value call_removexattrat(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  char attribute_room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  const char *attribute = name_argument(&call, 2, attribute_room);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, remove_attribute(dirfd, name, attribute));
}

const struct binding xattr_bindings[] = {
    {"getxattrat", call_getxattrat},
    {"listxattrat", call_listxattrat},
    {"setxattrat", call_setxattrat},
    {"removexattrat", call_removexattrat},
    {NULL, NULL},
};
