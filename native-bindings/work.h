/* Work on libuv's pool, of which JavaScript has a promise. */
#ifndef OVLFS_WORK_H
#define OVLFS_WORK_H

#include <node_api.h>

struct work {
  napi_async_work handle;
  napi_deferred deferred;
};

/*
 * Has `execute` run on the pool and then `complete` on JavaScript's thread, both with `data`, which `work` is part of; the promise
 * that `finish_work` settles. NULL, with an exception pending, where there is no memory for that: `data` is still the caller's then.
 */
napi_value start_work(napi_env env, struct work *work, napi_async_execute_callback execute, napi_async_complete_callback complete, void *data);

/* Fulfils the promise; the last that is done with `work`. */
void finish_work(napi_env env, const struct work *work, napi_value result);

#endif
