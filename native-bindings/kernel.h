/*
 * Numbers of system calls and structures that are newer than the oldest headers we build with (Debian 12,
 * Linux 6.1). System calls from 424 on have one number on all architectures but alpha.
 * Sources: include/uapi/asm-generic/unistd.h, include/uapi/linux/{xattr,mount,fuse}.h.
 */
#ifndef OVLFS_KERNEL_H
#define OVLFS_KERNEL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#endif
#ifndef SYS_getxattrat
#define SYS_getxattrat 464
#endif
#ifndef SYS_listxattrat
#define SYS_listxattrat 465
#endif
#ifndef SYS_removexattrat
#define SYS_removexattrat 466
#endif

/* AT_EMPTY_PATH for the empty name, which means the descriptor itself. */
static inline int empty_path(const char *name) { return name[0] == '\0' ? AT_EMPTY_PATH : 0; }

#define DESCRIPTOR_PATH_ROOM (4096 + 40)

/*
 * `name` under `dirfd` as one path for system calls that know no descriptors: "/proc/self/fd/N/name". For the
 * empty name it is the magic link, which leads to the descriptor's very file, be it a symlink.
 */
void descriptor_path(char *room, int dirfd, const char *name);

/* FS_IOC_GETFSUUID (Linux 6.9), include/uapi/linux/fs.h: struct fsuuid2. */
struct fs_uuid {
  uint8_t length;
  uint8_t bytes[16];
};

#ifndef FS_IOC_GETFSUUID
#define FS_IOC_GETFSUUID _IOR(0x15, 0, struct fs_uuid)
#endif

#endif
