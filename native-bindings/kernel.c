/* The way through /proc for what a descriptor-relative system call cannot do (or not yet, on this kernel). */
#include "kernel.h"

#include <stdio.h>

void descriptor_path(char *room, int dirfd, const char *name) {
  if (name[0] == '/') snprintf(room, DESCRIPTOR_PATH_ROOM, "%s", name);
  else if (dirfd == AT_FDCWD) snprintf(room, DESCRIPTOR_PATH_ROOM, "/proc/self/cwd%s%s", name[0] ? "/" : "", name);
  else snprintf(room, DESCRIPTOR_PATH_ROOM, "/proc/self/fd/%d%s%s", dirfd, name[0] ? "/" : "", name);
}
