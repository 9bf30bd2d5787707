/*
 * Watches a descriptor for input with a uv_poll handle of Node's own loop, and where JavaScript wants it without a
 * turn of that loop from one input to the next. A watch lives as long as the longer of two: its libuv handle (until the
 * close callback) and its JavaScript object (until its finalizer). A strong reference keeps the object until the handle
 * is closed, and a cleanup hook closes it with the environment.
 */
#include "values.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

struct watch {
  uv_poll_t poll;
  /*
   * The loop's next timer as a descriptor that the loop watches too: a wait with a time-out costs half a microsecond more
   * than one without, each time, and this is set only when another timer is the next. Made when it is first needed.
   */
  uv_poll_t timer;
  enum { NOT_MADE, WATCHED, REFUSED } timer_state;
  int timer_fd;
  /* What it is set to, in milliseconds of the loop's time; 0 after it was due. */
  uint64_t due;
  /* libuv handles that are not closed yet. */
  int handles;
  napi_env env;
  napi_ref callback;
  /* The JavaScript object that stands for this watch. */
  napi_ref object;
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;
  bool closing, finalized;
};

static void free_if_unused(struct watch *watch) {
  if (watch->handles == 0 && watch->finalized) free(watch);
}

static void closed(uv_handle_t *handle) {
  struct watch *watch = handle->data;
  if (--watch->handles > 0) return;
  if (watch->timer_state == WATCHED) close(watch->timer_fd);
  napi_env env = watch->env;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  napi_async_destroy(env, watch->context);
  napi_delete_reference(env, watch->callback);
  napi_delete_reference(env, watch->object);
  napi_async_cleanup_hook_handle cleanup = watch->cleanup;
  free_if_unused(watch);
  napi_close_handle_scope(env, scope);
  /* Last, as the environment may end with it. */
  napi_remove_async_cleanup_hook(cleanup);
}

static void stop(struct watch *watch) {
  if (watch->closing) return;
  watch->closing = true;
  uv_poll_stop(&watch->poll);
  uv_close((uv_handle_t *)&watch->poll, closed);
  if (watch->timer_state != WATCHED) return;
  uv_poll_stop(&watch->timer);
  uv_close((uv_handle_t *)&watch->timer, closed);
}

static void environment_ends(napi_async_cleanup_hook_handle handle, void *data) { stop(data); }

static void finalize(napi_env env, void *data, void *hint) {
  struct watch *watch = data;
  watch->finalized = true;
  free_if_unused(watch);
}

static void report_exception(napi_env env) {
  bool pending = false;
  napi_value exception;
  napi_is_exception_pending(env, &pending);
  if (pending && napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

/* Has JavaScript take the input; whether it wants to wait for the next at once. */
static bool call_ready(struct watch *watch, int status) {
  napi_env env = watch->env;
  napi_handle_scope scope;
  bool again = false;
  if (watch->closing || napi_open_handle_scope(env, &scope) != napi_ok) return false;
  napi_value callback;
  napi_value receiver;
  napi_value argument;
  napi_value result;
  if (napi_get_reference_value(env, watch->callback, &callback) == napi_ok &&
      napi_get_reference_value(env, watch->object, &receiver) == napi_ok &&
      napi_create_int32(env, status, &argument) == napi_ok) {
    /* Promises and ticks that are due have run when this returns. */
    napi_status called = napi_make_callback(env, watch->context, receiver, callback, 1, &argument, &result);
    if (called == napi_ok) napi_get_value_bool(env, result, &again);
    report_exception(env);
  }
  napi_close_handle_scope(env, scope);
  return again && !watch->closing;
}

/* It has woken up the loop, which is all that it is for. */
static void timer_due(uv_poll_t *timer, int status, int events) {
  struct watch *watch = timer->data;
  uint64_t times;
  if (read(watch->timer_fd, &times, sizeof times) > 0) watch->due = 0;
}

/* Where it can't be made the loop's timers are waited for by time-outs. The clock is that of uv_hrtime. */
static void make_timer(struct watch *watch) {
  watch->timer_state = REFUSED;
  watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (watch->timer_fd < 0) return;
  if (uv_poll_init(watch->poll.loop, &watch->timer, watch->timer_fd) < 0) {
    close(watch->timer_fd);
    return;
  }
  watch->timer_state = WATCHED;
  watch->handles++;
  watch->timer.data = watch;
  uv_poll_start(&watch->timer, UV_READABLE, timer_due);
  uv_unref((uv_handle_t *)&watch->timer);
}

/* The time-out, in milliseconds, of a wait until `due`, which is `timeout` away: none if the timer wakes up the loop then. */
static int timeout_until(struct watch *watch, uint64_t due, int timeout) {
  if (watch->due == due) return -1;
  struct itimerspec at = {.it_value = {.tv_sec = (time_t)(due / 1000), .tv_nsec = (long)(due % 1000) * 1000000}};
  if (watch->timer_state != WATCHED || timerfd_settime(watch->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) < 0) return timeout;
  watch->due = due;
  return -1;
}

/*
 * Waits as the loop itself would, for anything that it watches and until its next timer, but in one system call. False
 * where something else than input is due: that is for the loop. (uv_backend_fd and uv_backend_timeout are made for
 * this; the latter is 0 while the loop has anything to do before it may wait.)
 */
static bool await_input(struct watch *watch) {
  uv_loop_t *loop = watch->poll.loop;
  uv_update_time(loop);
  int timeout = uv_backend_timeout(loop);
  if (timeout == 0) return false;
  if (timeout > 0 && watch->timer_state == NOT_MADE) {
    make_timer(watch);
    /* libuv begins to watch it with the loop's next turn. */
    return false;
  }
  if (timeout > 0) timeout = timeout_until(watch, uv_now(loop) + (uint64_t)timeout, timeout);
  struct pollfd backend = {.fd = uv_backend_fd(loop), .events = POLLIN};
  return poll(&backend, 1, timeout) > 0;
}

static void readable(uv_poll_t *poll, int status, int events) {
  struct watch *watch = poll->data;
  while (call_ready(watch, status) && await_input(watch)) continue;
}

/* The JavaScript side of a watch: all that can be undone by `finalize` alone. */
static bool prepare(struct watch *watch, napi_value callback, napi_value *object) {
  napi_env env = watch->env;
  napi_value name;
  return napi_create_external(env, watch, finalize, NULL, object) == napi_ok &&
         napi_create_string_utf8(env, "ovlfs", NAPI_AUTO_LENGTH, &name) == napi_ok &&
         napi_async_init(env, *object, name, &watch->context) == napi_ok &&
         napi_create_reference(env, callback, 1, &watch->callback) == napi_ok &&
         napi_create_reference(env, *object, 1, &watch->object) == napi_ok &&
         napi_add_async_cleanup_hook(env, environment_ends, watch, &watch->cleanup) == napi_ok;
}

static napi_value call_poll_start(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int fd = int_argument(&call, 0);
  napi_valuetype type = napi_undefined;
  napi_typeof(env, call.arguments[1], &type);
  if (type != napi_function) refuse_type(&call, 1, "a function");
  if (!usable(&call)) return answer(&call, 0);

  uv_loop_t *loop;
  struct watch *watch = calloc(1, sizeof *watch);
  if (watch == NULL || napi_get_uv_event_loop(env, &loop) != napi_ok) {
    free(watch);
    napi_throw_error(env, NULL, "no watch can be made");
    return NULL;
  }
  int error = uv_poll_init(loop, &watch->poll, fd);
  if (error < 0) {
    free(watch);
    napi_throw_error(env, uv_err_name(error), uv_strerror(error));
    return NULL;
  }
  watch->handles = 1;
  watch->poll.data = watch;
  watch->env = env;
  napi_value object;
  if (!prepare(watch, call.arguments[1], &object)) {
    /* Out of memory inside V8 ends the process anyway; a watch half made is not taken down. */
    napi_fatal_error("pollStart", NAPI_AUTO_LENGTH, "no watch can be made", NAPI_AUTO_LENGTH);
  }
  error = uv_poll_start(&watch->poll, UV_READABLE | UV_DISCONNECT, readable);
  if (error < 0) {
    stop(watch);
    napi_throw_error(env, uv_err_name(error), uv_strerror(error));
    return NULL;
  }
  return object;
}

static napi_value call_poll_stop(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  napi_valuetype type = napi_undefined;
  void *watch = NULL;
  napi_typeof(env, call.arguments[0], &type);
  if (type != napi_external) refuse_type(&call, 0, "a watch of pollStart");
  if (!usable(&call)) return answer(&call, 0);
  if (napi_get_value_external(env, call.arguments[0], &watch) == napi_ok) stop(watch);
  return NULL;
}

const struct binding poll_bindings[] = {
    {"pollStart", call_poll_start},
    {"pollStop", call_poll_stop},
    {NULL, NULL},
};
