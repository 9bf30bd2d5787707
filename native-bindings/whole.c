/*
 * Copies of small files, each complete but for a name: data, owner, mode, times and one xattr, all of them on the disk in
 * the end if that is wanted. Many at a time on libuv's pool, as their inodes and data then go to the disk in few writes. What a
 * copy is to be like, the caller says; the promise is always fulfilled, with an array: for each file a descriptor, open for reading
 * and writing, or a negated errno.
 */
#include "copy.h"
#include "values.h"
#include "work.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The numbers that tell of a file, in the order of `WholeField` in src/sys/whole.ts. */
enum field { SOURCE, SIZE, UID, GID, MODE, ATIME_SEC, ATIME_NSEC, MTIME_SEC, MTIME_NSEC, CLONE, VALUE_LENGTH, FIELDS };

struct batch {
  struct work work;
  /* Where the copies are made. */
  int directory;
  /* A source with one of these (FS_*_FL) is not copied: EOPNOTSUPP. */
  int refused;
  bool syncs;
  size_t count;
  double *numbers;
  /* The name of the xattr, and its values one after the other. */
  char *attribute;
  uint8_t *values;
  int *results;
};

/* More than can be carried over: other xattrs, or flags of chattr(1). */
static int check_source(int source, int refused) {
  int flags = 0;
  ssize_t names = flistxattr(source, NULL, 0);
  if (names > 0 || (names < 0 && errno != EOPNOTSUPP)) return -EOPNOTSUPP;
  if (ioctl(source, FS_IOC_GETFLAGS, &flags) == 0 && (flags & refused) != 0) return -EOPNOTSUPP;
  return 0;
}

static int64_t copy_data(const double *numbers, int target) {
  int source = (int)numbers[SOURCE];
  if (numbers[CLONE] != 0 && ioctl(target, FICLONE, source) == 0) return 0;
  int64_t copied = copy_through_memory(source, 0, target, 0, (int64_t)numbers[SIZE]);
  /* A source that is shorter than was said has changed. */
  return copied < 0 ? copied : copied < (int64_t)numbers[SIZE] ? -ESTALE : 0;
}

/* In this order: a change of the owner takes setuid bits away, and each touches the times. */
static int64_t set_metadata(const struct batch *batch, const double *numbers, const uint8_t *value, int target) {
  struct timespec times[] = {
      {.tv_sec = (time_t)numbers[ATIME_SEC], .tv_nsec = (long)numbers[ATIME_NSEC]},
      {.tv_sec = (time_t)numbers[MTIME_SEC], .tv_nsec = (long)numbers[MTIME_NSEC]},
  };
  if (fchown(target, (uid_t)numbers[UID], (gid_t)numbers[GID]) < 0) return -errno;
  if (fsetxattr(target, batch->attribute, value, (size_t)numbers[VALUE_LENGTH], 0) < 0) return -errno;
  if (fchmod(target, (mode_t)numbers[MODE]) < 0) return -errno;
  return outcome(futimens(target, times));
}

/* A complete copy, whose way to the disk has begun where it is to be synced; its descriptor or a negated errno. */
static int make_copy(const struct batch *batch, const double *numbers, const uint8_t *value) {
  int64_t error = check_source((int)numbers[SOURCE], batch->refused);
  if (error < 0) return (int)error;
  int target = openat(batch->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (target < 0) return -errno;
  error = copy_data(numbers, target);
  if (error >= 0) error = set_metadata(batch, numbers, value, target);
  if (error < 0) {
    close(target);
    return (int)error;
  }
  if (batch->syncs) sync_file_range(target, 0, 0, SYNC_FILE_RANGE_WRITE);
  return target;
}

static void sync_all(struct batch *batch) {
  for (size_t at = 0; at < batch->count; at++) {
    int target = batch->results[at];
    if (target < 0 || fsync(target) == 0) continue;
    batch->results[at] = -errno;
    close(target);
  }
}

static void run(napi_env env, void *data) {
  struct batch *batch = data;
  const uint8_t *value = batch->values;
  for (size_t at = 0; at < batch->count; at++) {
    const double *numbers = batch->numbers + at * FIELDS;
    batch->results[at] = make_copy(batch, numbers, value);
    value += (size_t)numbers[VALUE_LENGTH];
    close((int)numbers[SOURCE]);
  }
  if (batch->syncs) sync_all(batch);
}

static void discard(struct batch *batch) {
  free(batch->numbers);
  free(batch->attribute);
  free(batch->values);
  free(batch->results);
  free(batch);
}

static void complete(napi_env env, napi_status status, void *data) {
  struct batch *batch = data;
  napi_value results;
  napi_create_array_with_length(env, batch->count, &results);
  for (size_t at = 0; at < batch->count; at++) {
    napi_value result;
    napi_create_int32(env, status == napi_ok ? batch->results[at] : -ECANCELED, &result);
    napi_set_element(env, results, (uint32_t)at, result);
  }
  finish_work(env, &batch->work, results);
  discard(batch);
}

static void *copy_of(const void *data, size_t length) {
  void *copy = malloc(length + 1);
  if (copy != NULL) memcpy(copy, data, length);
  return copy;
}

static struct batch *make_batch(const struct batch *wanted, struct bytes values, const char *attribute) {
  struct batch *batch = malloc(sizeof *batch);
  if (batch == NULL) return NULL;
  *batch = *wanted;
  batch->numbers = copy_of(wanted->numbers, wanted->count * FIELDS * sizeof *wanted->numbers);
  batch->values = copy_of(values.data, values.length);
  batch->attribute = strdup(attribute);
  batch->results = calloc(wanted->count + 1, sizeof *batch->results);
  if (batch->numbers != NULL && batch->values != NULL && batch->attribute != NULL && batch->results != NULL) return batch;
  discard(batch);
  return NULL;
}

static napi_value start(const struct call *call, struct batch *batch) {
  if (batch == NULL) {
    napi_throw_error(call->env, "ENOMEM", "no memory for an asynchronous call");
    return NULL;
  }
  napi_value promise = start_work(call->env, &batch->work, run, complete, batch);
  if (promise == NULL) discard(batch);
  return promise;
}

static bool fits(const struct batch *batch, size_t room) {
  size_t needed = 0;
  for (size_t at = 0; at < batch->count; at++) needed += (size_t)batch->numbers[at * FIELDS + VALUE_LENGTH];
  return needed <= room;
}

static napi_value call_copy_whole_async(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  struct batch batch = {.directory = int_argument(&call, 0), .count = uint_argument(&call, 1)};
  batch.numbers = doubles_argument(&call, 2, batch.count * FIELDS);
  const char *attribute = name_argument(&call, 3, room);
  struct bytes values = bytes_argument(&call, 4);
  batch.refused = int_argument(&call, 5);
  batch.syncs = bool_argument(&call, 6);
  if (usable(&call) && !fits(&batch, values.length)) napi_throw_range_error(env, NULL, "the values are shorter than their lengths");
  else if (usable(&call)) return start(&call, make_batch(&batch, values, attribute));
  return answer(&call, 0);
}

const struct binding whole_bindings[] = {
    {"copyWholeAsync", call_copy_whole_async},
    {NULL, NULL},
};
