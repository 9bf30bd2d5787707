#include "work.h"

static napi_value refuse(napi_env env) {
  napi_throw_error(env, NULL, "no asynchronous work can be made");
  return NULL;
}

napi_value start_work(napi_env env, struct work *work, napi_async_execute_callback execute, napi_async_complete_callback complete, void *data) {
  napi_value name;
  napi_value promise;
  napi_create_string_utf8(env, "ovlfs", NAPI_AUTO_LENGTH, &name);
  if (napi_create_async_work(env, NULL, name, execute, complete, data, &work->handle) != napi_ok) return refuse(env);
  if (napi_create_promise(env, &work->deferred, &promise) != napi_ok) {
    napi_delete_async_work(env, work->handle);
    return refuse(env);
  }
  napi_queue_async_work(env, work->handle);
  return promise;
}

void finish_work(napi_env env, const struct work *work, napi_value result) {
  napi_resolve_deferred(env, work->deferred, result);
  napi_delete_async_work(env, work->handle);
}
