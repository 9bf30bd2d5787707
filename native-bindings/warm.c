/*
 * Reads ahead what a walk over a tree is about to ask for: directories, the inodes in them and, if wanted, the data
 * of small files. All of it only fills the kernel's caches; access times stay as they are (O_NOATIME), and what may
 * not be opened so is left out.
 */
#include "warm.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NOATIME | O_NONBLOCK | O_CLOEXEC)
#define MOST_DATA ((uint64_t)128 << 10)
/* Of one directory: who reads on has the rest in no time, and who does not should not pay for it. */
#define MOST_ENTRIES 2000

static void warm_data(int dirfd, const char *name, uint64_t size) {
  int fd = openat(dirfd, name, OPEN_FLAGS);
  if (fd < 0) return;
  posix_fadvise(fd, 0, (off_t)size, POSIX_FADV_WILLNEED);
  close(fd);
}

static void warm_entry(int dirfd, const char *name, bool with_data) {
  struct statx stat;
  if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &stat) < 0) return;
  bool small = S_ISREG(stat.stx_mode) && stat.stx_size > 0 && stat.stx_size <= MOST_DATA;
  if (with_data && small) warm_data(dirfd, name, stat.stx_size);
}

/* The number of entries that were read. */
static int64_t warm_directory(int dirfd, const char *name, bool with_data) {
  char buffer[16 << 10] __attribute__((aligned(8)));
  int64_t entries = 0;
  int fd = openat(dirfd, name, OPEN_FLAGS | O_DIRECTORY);
  if (fd < 0) return 0;
  while (entries < MOST_ENTRIES) {
    long length = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    if (length <= 0) break;
    for (long at = 0; at < length; entries++) {
      const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);
      warm_entry(fd, entry->d_name, with_data);
      at += entry->d_reclen;
    }
  }
  close(fd);
  return entries;
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t warm_directories(int dirfd, const char *names, size_t length, bool with_data) {
  int64_t began = nanoseconds();
  int64_t entries = 0;
  for (size_t at = 0; at < length; at += strlen(names + at) + 1) entries += warm_directory(dirfd, names + at, with_data);
  return entries == 0 ? 0 : (nanoseconds() - began) / entries;
}
