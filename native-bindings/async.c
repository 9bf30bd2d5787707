/*
 * The few calls that may take long, run on libuv's pool. Each gives a promise that is always fulfilled, with a
 * number of zero or more or a negated errno. The caller keeps the descriptors open until then.
 */
#include "copy.h"
#include "program.h"
#include "values.h"
#include "warm.h"
#include "work.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define STEP ((int64_t)64 << 20)
/* No more than half of what a file system has to read ahead by itself to be touched (src/engine/sequential-reads.ts). */
#define TOUCH ((int64_t)256 << 10)

struct job {
  struct work work;
  int fd_in, fd_out;
  off_t offset_in, offset_out;
  int64_t length;
  /* Data only, of an fsync; with data, of a warm. */
  bool data;
  /* The path for umount2, names for warm_directories, or parts for map_program; owned by the job. */
  void *target;
  int flags;
  int64_t result;
};

static void run_fsync(napi_env env, void *data) {
  struct job *job = data;
  job->result = outcome(job->data ? fdatasync(job->fd_in) : fsync(job->fd_in));
}

/* Starts the writeback of a range and waits for no disk; but it may wait for a place in the disk's queue. */
static void run_start_writeback(napi_env env, void *data) {
  struct job *job = data;
  job->result = outcome(sync_file_range(job->fd_in, job->offset_in, job->length, SYNC_FILE_RANGE_WRITE));
}

/* A byte of each `TOUCH` is read, at which the kernel reads ahead of that as of any reader. The bytes gone through, less at the end of the file. */
static void run_touch(napi_env env, void *data) {
  struct job *job = data;
  char byte;
  for (job->result = 0; job->result < job->length; job->result += TOUCH) {
    if (pread(job->fd_in, &byte, 1, job->offset_in + job->result) <= 0) return;
  }
}

static void run_warm(napi_env env, void *data) {
  struct job *job = data;
  job->result = warm_directories(job->fd_in, job->target, (size_t)job->length, job->data);
}

static void run_map_program(napi_env env, void *data) {
  struct job *job = data;
  job->result = map_program(job->target, (size_t)job->length);
}

static void run_umount(napi_env env, void *data) {
  struct job *job = data;
  job->result = outcome(umount2(job->target, job->flags));
}

/* Copies what is left of `job`; the bytes copied, with those `done`, or a negated errno. */
static int64_t copy_rest(const struct job *job, int64_t done) {
  int64_t copied = copy_through_memory(job->fd_in, job->offset_in + done, job->fd_out, job->offset_out + done, job->length - done);
  return copied < 0 ? copied : done + copied;
}

static bool cannot_copy_range(int error) {
  return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

static void run_copy(napi_env env, void *data) {
  struct job *job = data;
  int64_t done = 0;
  while (done < job->length) {
    off_t offset_in = job->offset_in + done;
    off_t offset_out = job->offset_out + done;
    int64_t left = job->length - done;
    ssize_t count = copy_file_range(job->fd_in, &offset_in, job->fd_out, &offset_out, left < STEP ? left : STEP, 0);
    if (count < 0 && errno == EINTR) continue;
    /* Some file systems answer 0 for a file that has data (proc does): let a read decide where the end is. */
    if (count == 0 || (count < 0 && cannot_copy_range(errno))) {
      job->result = copy_rest(job, done);
      return;
    }
    if (count < 0) {
      job->result = -errno;
      return;
    }
    done += count;
  }
  job->result = done;
}

static void run_copy_through_memory(napi_env env, void *data) {
  struct job *job = data;
  job->result = copy_rest(job, 0);
}

static void complete(napi_env env, napi_status status, void *data) {
  struct job *job = data;
  struct call call = {.env = env};
  finish_work(env, &job->work, answer(&call, status == napi_ok ? job->result : -ECANCELED));
  free(job->target);
  free(job);
}

static napi_value start(const struct call *call, const struct job *wanted, napi_async_execute_callback execute) {
  napi_env env = call->env;
  struct job *job = malloc(sizeof *job);
  if (job == NULL) {
    free(wanted->target);
    napi_throw_error(env, "ENOMEM", "no memory for an asynchronous call");
    return NULL;
  }
  *job = *wanted;
  napi_value promise = start_work(env, &job->work, execute, complete, job);
  if (promise == NULL) {
    free(job->target);
    free(job);
  }
  return promise;
}

static napi_value call_fsync_async(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct job job = {.fd_in = int_argument(&call, 0), .data = bool_argument(&call, 1)};
  if (!usable(&call)) return answer(&call, 0);
  return start(&call, &job, run_fsync);
}

static napi_value call_start_writeback_async(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct job job = {.fd_in = int_argument(&call, 0), .offset_in = long_argument(&call, 1), .length = long_argument(&call, 2)};
  if (!usable(&call)) return answer(&call, 0);
  return start(&call, &job, run_start_writeback);
}

static napi_value call_touch_async(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct job job = {.fd_in = int_argument(&call, 0), .offset_in = long_argument(&call, 1), .length = long_argument(&call, 2)};
  if (!usable(&call)) return answer(&call, 0);
  return start(&call, &job, run_touch);
}

static napi_value start_copy(napi_env env, napi_callback_info info, napi_async_execute_callback execute) {
  struct call call = begin(env, info);
  struct job job = {
      .fd_in = int_argument(&call, 0),
      .offset_in = long_argument(&call, 1),
      .fd_out = int_argument(&call, 2),
      .offset_out = long_argument(&call, 3),
      .length = long_argument(&call, 4),
  };
  if (!usable(&call)) return answer(&call, 0);
  return start(&call, &job, execute);
}

static napi_value call_copy_file_range_async(napi_env env, napi_callback_info info) {
  return start_copy(env, info, run_copy);
}

static napi_value call_copy_async(napi_env env, napi_callback_info info) {
  return start_copy(env, info, run_copy_through_memory);
}

static napi_value call_warm_async(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct bytes names = bytes_argument(&call, 1);
  struct job job = {.fd_in = int_argument(&call, 0), .data = bool_argument(&call, 2), .length = (int64_t)names.length};
  if (!usable(&call)) return answer(&call, 0);
  /* The last name has to end. */
  if (names.length == 0 || names.data[names.length - 1] != '\0') job.length = 0;
  job.target = malloc(names.length + 1);
  if (job.target != NULL) memcpy(job.target, names.data, (size_t)job.length);
  else job.length = 0;
  return start(&call, &job, run_warm);
}

static napi_value call_map_program_async(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  size_t count = 0;
  uint32_t *parts = uints_argument(&call, 0, &count);
  if (!usable(&call)) return answer(&call, 0);
  struct job job = {.target = malloc(count * sizeof *parts + 1)};
  if (job.target != NULL) {
    memcpy(job.target, parts, count * sizeof *parts);
    job.length = (int64_t)count;
  }
  return start(&call, &job, run_map_program);
}

static napi_value call_umount_async(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  const char *target = name_argument(&call, 0, room);
  struct job job = {.flags = int_argument(&call, 1)};
  if (!usable(&call)) return answer(&call, 0);
  job.target = strdup(target);
  return start(&call, &job, run_umount);
}

const struct binding async_bindings[] = {
    {"umountAsync", call_umount_async},
    {"fsyncAsync", call_fsync_async},
    {"startWritebackAsync", call_start_writeback_async},
    {"copyFileRangeAsync", call_copy_file_range_async},
    {"copyAsync", call_copy_async},
    {"touchAsync", call_touch_async},
    {"warmAsync", call_warm_async},
    {"mapProgramAsync", call_map_program_async},
    {NULL, NULL},
};
