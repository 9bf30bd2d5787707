/*
 * Mounts: mount(2), umount2(2), new file systems and private copies of a mount by descriptor, and the backing files of FUSE
 * passthrough. Sources: fsopen(2), fsconfig(2), fsmount(2), open_tree(2), mount_setattr(2), include/uapi/linux/fuse.h (FUSE_DEV_IOC_BACKING_*).
 */
#include "kernel.h"
#include "values.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#define MOUNT_ATTR_NOSUID 0x00000002
#define MOUNT_ATTR_NODEV 0x00000004
#define MOUNT_ATTR_NOEXEC 0x00000008
#define MOUNT_ATTR__ATIME 0x00000070
#define MOUNT_ATTR_RELATIME 0x00000000
#define MOUNT_ATTR_NOATIME 0x00000010
#define MOUNT_ATTR_STRICTATIME 0x00000020
#define MOUNT_ATTR_NODIRATIME 0x00000080
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC and FSCONFIG_CMD_CREATE, which not all C libraries have in sys/mount.h. */
#define CLOSE_ON_EXEC 1
#define CONFIG_CREATE 6

/* struct mount_attr of linux/mount.h, which cannot be included together with sys/mount.h. */
struct mount_attributes {
  uint64_t set;
  uint64_t clear;
  uint64_t propagation;
  uint64_t userns_fd;
};

/* struct fuse_backing_map of linux/fuse.h (7.40). */
struct backing_map {
  int32_t fd;
  uint32_t flags;
  uint64_t padding;
};

#define BACKING_OPEN _IOW(229, 1, struct backing_map)
#define BACKING_CLOSE _IOW(229, 2, uint32_t)

static napi_value call_mount(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char source_room[NAME_ROOM];
  char target_room[NAME_ROOM];
  char type_room[NAME_ROOM];
  char data_room[NAME_ROOM];
  const char *source = name_argument(&call, 0, source_room);
  const char *target = name_argument(&call, 1, target_room);
  const char *type = name_argument(&call, 2, type_room);
  unsigned long flags = uint_argument(&call, 3);
  const char *data = name_argument(&call, 4, data_room);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(mount(source, target, type, flags, data)));
}

static napi_value call_umount2(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  const char *target = name_argument(&call, 0, room);
  int flags = int_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(umount2(target, flags)));
}

static napi_value call_clone_mount(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int dirfd = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
  return answer(&call, outcome(syscall(SYS_open_tree, dirfd, "", flags)));
}

static napi_value call_mount_setattr(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  struct mount_attributes attributes = {.set = uint_argument(&call, 1)};
  if (!usable(&call)) return answer(&call, 0);
  /* The access-time setting is a value in three bits, not a flag: to set it is to clear the old one. */
  if (attributes.set & MOUNT_ATTR__ATIME) attributes.clear = MOUNT_ATTR__ATIME;
  return answer(&call, outcome(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes)));
}

static napi_value call_fsopen(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  const char *type = name_argument(&call, 0, room);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(syscall(SYS_fsopen, type, CLOSE_ON_EXEC)));
}

static napi_value call_fsconfig_create(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int context = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(syscall(SYS_fsconfig, context, CONFIG_CREATE, NULL, NULL, 0)));
}

static napi_value call_fsmount(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int context = int_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(syscall(SYS_fsmount, context, CLOSE_ON_EXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)));
}

static napi_value call_fuse_backing_open(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fuse_fd = int_argument(&call, 0);
  struct backing_map map = {.fd = int_argument(&call, 1)};
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(ioctl(fuse_fd, BACKING_OPEN, &map)));
}

static napi_value call_fuse_backing_close(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fuse_fd = int_argument(&call, 0);
  uint32_t id = uint_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(ioctl(fuse_fd, BACKING_CLOSE, &id)));
}

const struct binding mount_bindings[] = {
    {"mount", call_mount},
    {"umount2", call_umount2},
    {"cloneMount", call_clone_mount},
    {"mountSetattr", call_mount_setattr},
    {"fsopen", call_fsopen},
    {"fsconfigCreate", call_fsconfig_create},
    {"fsmount", call_fsmount},
    {"fuseBackingOpen", call_fuse_backing_open},
    {"fuseBackingClose", call_fuse_backing_close},
    {NULL, NULL},
};

#define NUMBER(name) {#name, name}

const struct constant mount_constants[] = {
    NUMBER(MS_RDONLY),
    NUMBER(MS_NOSUID),
    NUMBER(MS_NODEV),
    NUMBER(MS_NOEXEC),
    NUMBER(MS_SYNCHRONOUS),
    NUMBER(MS_REMOUNT),
    NUMBER(MS_MANDLOCK),
    NUMBER(MS_DIRSYNC),
    {"MS_NOSYMFOLLOW", 256},
    NUMBER(MS_NOATIME),
    NUMBER(MS_NODIRATIME),
    NUMBER(MS_BIND),
    NUMBER(MS_MOVE),
    NUMBER(MS_REC),
    NUMBER(MS_SILENT),
    NUMBER(MS_POSIXACL),
    NUMBER(MS_UNBINDABLE),
    NUMBER(MS_PRIVATE),
    NUMBER(MS_SLAVE),
    NUMBER(MS_SHARED),
    NUMBER(MS_RELATIME),
    NUMBER(MS_KERNMOUNT),
    NUMBER(MS_I_VERSION),
    NUMBER(MS_STRICTATIME),
    {"MS_LAZYTIME", 1 << 25},
    NUMBER(MNT_FORCE),
    NUMBER(MNT_DETACH),
    NUMBER(MNT_EXPIRE),
    NUMBER(UMOUNT_NOFOLLOW),
    NUMBER(MOUNT_ATTR_RDONLY),
    NUMBER(MOUNT_ATTR_NOSUID),
    NUMBER(MOUNT_ATTR_NODEV),
    NUMBER(MOUNT_ATTR_NOEXEC),
    NUMBER(MOUNT_ATTR__ATIME),
    NUMBER(MOUNT_ATTR_RELATIME),
    NUMBER(MOUNT_ATTR_NOATIME),
    NUMBER(MOUNT_ATTR_STRICTATIME),
    NUMBER(MOUNT_ATTR_NODIRATIME),
    NUMBER(MOUNT_ATTR_NOSYMFOLLOW),
    {NULL, 0},
};
