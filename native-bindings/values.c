/*
 * The argument and answer helpers of values.h. Each reports a wrong argument once: after the first fault a
 * pending exception stays the only one, whatever the later arguments are.
 */
#include "values.h"

#include <stdio.h>
#include <string.h>

struct call begin(napi_env env, napi_callback_info info) {
  struct call call = {.env = env, .thrown = false, .error = 0};
  size_t count = MOST_ARGUMENTS;
  if (napi_get_cb_info(env, info, &count, call.arguments, NULL, NULL) != napi_ok) call.thrown = true;
  return call;
}

void refuse_type(struct call *call, size_t index, const char *expected) {
  if (call->thrown) return;
  char message[80];
  snprintf(message, sizeof message, "argument %zu must be %s", index + 1, expected);
  napi_throw_type_error(call->env, "ERR_INVALID_ARG_TYPE", message);
  call->thrown = true;
}

int32_t int_argument(struct call *call, size_t index) {
  int32_t value = 0;
  if (napi_get_value_int32(call->env, call->arguments[index], &value) != napi_ok) refuse_type(call, index, "a number");
  return value;
}

int64_t long_argument(struct call *call, size_t index) {
  int64_t value = 0;
  if (napi_get_value_int64(call->env, call->arguments[index], &value) != napi_ok) refuse_type(call, index, "a number");
  return value;
}

uint32_t uint_argument(struct call *call, size_t index) { return (uint32_t)long_argument(call, index); }

bool bool_argument(struct call *call, size_t index) {
  bool value = false;
  if (napi_get_value_bool(call->env, call->arguments[index], &value) != napi_ok) refuse_type(call, index, "a boolean");
  return value;
}

const char *name_argument(struct call *call, size_t index, char *room) {
  size_t length = 0;
  room[0] = '\0';
  if (napi_get_value_string_latin1(call->env, call->arguments[index], room, NAME_ROOM, &length) != napi_ok) {
    refuse_type(call, index, "a string");
    return room;
  }
  /* A longer string is cut off silently, so one that fills the room counts as too long. */
  if (length == PATH_MAX) {
    if (call->error == 0) call->error = -ENAMETOOLONG;
  } else if (memchr(room, '\0', length) != NULL) {
    if (call->error == 0) call->error = -EINVAL;
  }
  return room;
}

static void *elements(struct call *call, size_t index, napi_typedarray_type type, size_t *count, const char *expected) {
  napi_typedarray_type found = type;
  void *data = NULL;
  *count = 0;
  napi_status status =
      napi_get_typedarray_info(call->env, call->arguments[index], &found, count, &data, NULL, NULL);
  if (status != napi_ok || found != type) {
    refuse_type(call, index, expected);
    *count = 0;
    return NULL;
  }
  return data;
}

struct bytes bytes_argument(struct call *call, size_t index) {
  struct bytes bytes;
  bytes.data = elements(call, index, napi_uint8_array, &bytes.length, "a Uint8Array");
  return bytes;
}

struct bytes slice_argument(struct call *call, size_t index, int64_t offset, int64_t length) {
  struct bytes bytes = bytes_argument(call, index);
  if (call->thrown) return bytes;
  int64_t size = (int64_t)bytes.length;
  if (offset < 0 || length < 0 || offset > size || length > size - offset) {
    napi_throw_range_error(call->env, "ERR_OUT_OF_RANGE", "offset and length must lie inside the buffer");
    call->thrown = true;
    return bytes;
  }
  return (struct bytes){.data = bytes.data + offset, .length = (size_t)length};
}

double *doubles_argument(struct call *call, size_t index, size_t least) {
  size_t count;
  double *data = elements(call, index, napi_float64_array, &count, "a Float64Array");
  if (!call->thrown && count < least) refuse_type(call, index, "a longer Float64Array");
  return data;
}

uint32_t *uints_argument(struct call *call, size_t index, size_t *count) {
  return elements(call, index, napi_uint32_array, count, "a Uint32Array");
}

napi_value answer(const struct call *call, int64_t result) {
  if (call->thrown) return NULL;
  if (call->error != 0) result = call->error;
  napi_value value = NULL;
  if (result >= INT32_MIN && result <= INT32_MAX) napi_create_int32(call->env, (int32_t)result, &value);
  else napi_create_double(call->env, (double)result, &value);
  return value;
}
