/* Reading ahead for a walk; see warm.c. */
#ifndef OVLFS_WARM_H
#define OVLFS_WARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the directories of `dirfd` whose names, each ended by NUL, fill `length` bytes; with the data of small files
 * if `with_data`. Answers how many nanoseconds it took for each entry, 0 if there was none.
 */
int64_t warm_directories(int dirfd, const char *names, size_t length, bool with_data);

#endif
