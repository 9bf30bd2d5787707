#include "copy.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* Twice as much is not faster; half of it is no slower, but more calls. */
#define COPY_BUFFER ((int64_t)512 << 10)

static int64_t write_all(int fd, const uint8_t *data, size_t length, off_t position) {
  while (length > 0) {
    ssize_t count = pwrite(fd, data, length, position);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -errno;
    data += count;
    length -= (size_t)count;
    position += count;
  }
  return 0;
}

int64_t copy_through_memory(int fd_in, off_t offset_in, int fd_out, off_t offset_out, int64_t length) {
  int64_t room = length < COPY_BUFFER ? length : COPY_BUFFER;
  uint8_t *buffer = malloc((size_t)room + 1);
  if (buffer == NULL) return -ENOMEM;
  int64_t done = 0;
  int64_t result = 0;
  while (done < length) {
    int64_t left = length - done;
    ssize_t count = pread(fd_in, buffer, (size_t)(left < room ? left : room), offset_in + done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) result = -errno;
    if (count <= 0) break;
    result = write_all(fd_out, buffer, (size_t)count, offset_out + done);
    if (result < 0) break;
    done += count;
    /* Who waits for this processor goes before the next piece: otherwise it waits for the end of this thread's slice, 3 ms. */
    if (done < length) sched_yield();
  }
  free(buffer);
  return result < 0 ? result : done;
}
