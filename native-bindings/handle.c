/*
 * File handles, as `[type: i32 in host order][handle bytes]`: the two parts of struct file_handle that the
 * overlay's origin xattr stores.
 */
#include "kernel.h"
#include "values.h"

#include <string.h>
#include <sys/ioctl.h>

#include <string.h>

#define TYPE_SIZE sizeof(int32_t)

/* struct file_handle ends in a flexible array; this is one with room for the largest handle. */
union handle_room {
  struct file_handle handle;
  uint8_t room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

static napi_value call_name_to_handle_at(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  int dirfd = int_argument(&call, 0);
  const char *name = name_argument(&call, 1, room);
  struct bytes buffer = bytes_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  union handle_room found = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
  int mount_id;
  if (name_to_handle_at(dirfd, name, &found.handle, &mount_id, empty_path(name)) != 0) return answer(&call, -errno);
  size_t size = found.handle.handle_bytes;
  if (buffer.length < TYPE_SIZE + size) return answer(&call, -EOVERFLOW);
  int32_t type = found.handle.handle_type;
  memcpy(buffer.data, &type, TYPE_SIZE);
  memcpy(buffer.data + TYPE_SIZE, found.room + offsetof(struct file_handle, f_handle), size);
  return answer(&call, (int64_t)(TYPE_SIZE + size));
}

static napi_value call_open_by_handle_at(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int mount_fd = int_argument(&call, 0);
  struct bytes handle = bytes_argument(&call, 1);
  int flags = int_argument(&call, 2);
  if (!usable(&call)) return answer(&call, 0);
  if (handle.length < TYPE_SIZE || handle.length > TYPE_SIZE + MAX_HANDLE_SZ) return answer(&call, -EINVAL);
  union handle_room wanted;
  size_t size = handle.length - TYPE_SIZE;
  int32_t type;
  memcpy(&type, handle.data, TYPE_SIZE);
  wanted.handle.handle_type = type;
  wanted.handle.handle_bytes = (unsigned int)size;
  memcpy(wanted.room + offsetof(struct file_handle, f_handle), handle.data + TYPE_SIZE, size);
  return answer(&call, outcome(open_by_handle_at(mount_fd, &wanted.handle, flags | O_CLOEXEC)));
}

static napi_value call_fs_uuid(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct bytes buffer = bytes_argument(&call, 1);
  struct fs_uuid uuid = {.length = 0};
  if (!usable(&call)) return answer(&call, 0);
  if (ioctl(fd, FS_IOC_GETFSUUID, &uuid) != 0) return answer(&call, -errno);
  if (uuid.length > sizeof(uuid.bytes) || uuid.length > buffer.length) return answer(&call, -ERANGE);
  memcpy(buffer.data, uuid.bytes, uuid.length);
  return answer(&call, uuid.length);
}

const struct binding handle_bindings[] = {
    {"fsUuid", call_fs_uuid},
    {"nameToHandleAt", call_name_to_handle_at},
    {"openByHandleAt", call_open_by_handle_at},
    {NULL, NULL},
};
