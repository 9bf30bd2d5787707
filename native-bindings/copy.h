/* Copying data through memory, off JavaScript's thread. */
#ifndef OVLFS_COPY_H
#define OVLFS_COPY_H

#include <stdint.h>
#include <sys/types.h>

/* pread and pwrite, repeated until `length` or the end of the file; the bytes copied or a negated errno. */
int64_t copy_through_memory(int fd_in, off_t offset_in, int fd_out, off_t offset_out, int64_t length);

#endif
