/*
 * How arguments come in from JavaScript and answers go back. A `struct call` collects the first thing that is
 * wrong with its arguments, so that a binding reads them one after the other and checks once, before the
 * system call. Nothing here allocates: names live on the caller's stack, buffers stay JavaScript's.
 */
#ifndef OVLFS_VALUES_H
#define OVLFS_VALUES_H

#include <errno.h>
#include <limits.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name of up to PATH_MAX - 1 bytes, its NUL, and one byte to tell "fits exactly" from "cut off". */
#define NAME_ROOM (PATH_MAX + 1)

#define MOST_ARGUMENTS 7

struct call {
  napi_env env;
  napi_value arguments[MOST_ARGUMENTS];
  /* A TypeError or RangeError is pending: the system call must not be made. */
  bool thrown;
  /* A negated errno that the arguments alone earn (ENAMETOOLONG, EINVAL), or 0. */
  int error;
};

struct bytes {
  uint8_t *data;
  size_t length;
};

struct call begin(napi_env env, napi_callback_info info);

int32_t int_argument(struct call *call, size_t index);
/* For ids and masks of 32 bits: -1 and 0xffffffff are the same. */
uint32_t uint_argument(struct call *call, size_t index);
int64_t long_argument(struct call *call, size_t index);
bool bool_argument(struct call *call, size_t index);

/* A byte string as a C string in `room` (NAME_ROOM bytes). Too long is ENAMETOOLONG, a NUL inside EINVAL. */
const char *name_argument(struct call *call, size_t index, char *room);

/* A Uint8Array (or Buffer), to be used before control returns to JavaScript. */
struct bytes bytes_argument(struct call *call, size_t index);
/* The same from `offset` on, `length` bytes; RangeError if that is not inside. */
struct bytes slice_argument(struct call *call, size_t index, int64_t offset, int64_t length);
/* The elements of a Float64Array of at least `least` elements. */
double *doubles_argument(struct call *call, size_t index, size_t least);
/* A Uint32Array; its number of elements in `count`. */
uint32_t *uints_argument(struct call *call, size_t index, size_t *count);

void refuse_type(struct call *call, size_t index, const char *expected);

/* Whether the arguments allow the system call. */
static inline bool usable(const struct call *call) { return !call->thrown && call->error == 0; }

/* What a system call's result is in our terms: itself, or a negated errno. */
static inline int64_t outcome(int64_t result) { return result < 0 ? -errno : result; }

/* `result` as a number; what was wrong with the arguments has precedence. */
napi_value answer(const struct call *call, int64_t result);

/* One line of a table of functions that ends in {NULL, NULL}. */
struct binding {
  const char *name;
  napi_callback callback;
};

extern const struct binding stat_bindings[];
extern const struct binding file_bindings[];
extern const struct binding directory_bindings[];
extern const struct binding attribute_bindings[];
extern const struct binding xattr_bindings[];
extern const struct binding handle_bindings[];
extern const struct binding mount_bindings[];
extern const struct binding channel_bindings[];
extern const struct binding poll_bindings[];
extern const struct binding process_bindings[];
extern const struct binding async_bindings[];
extern const struct binding whole_bindings[];

/* One line of a table of numbers that ends in {NULL, 0}. */
struct constant {
  const char *name;
  double value;
};

extern const struct constant file_constants[];
extern const struct constant mount_constants[];

#endif
