/*
 * The addon `ovlfs.node`: one function per system call, gathered from the tables of the other files, and the
 * object `constants`. src/sys/native.ts documents each function. No policy here, no overlay, no thread.
 */
#include "values.h"

static bool add_functions(napi_env env, napi_value exports, const struct binding *binding) {
  for (; binding->name != NULL; binding++) {
    napi_value function;
    if (napi_create_function(env, binding->name, NAPI_AUTO_LENGTH, binding->callback, NULL, &function) != napi_ok) {
      return false;
    }
    if (napi_set_named_property(env, exports, binding->name, function) != napi_ok) return false;
  }
  return true;
}

static bool add_constants(napi_env env, napi_value object, const struct constant *constant) {
  for (; constant->name != NULL; constant++) {
    napi_value number;
    if (napi_create_double(env, constant->value, &number) != napi_ok) return false;
    if (napi_set_named_property(env, object, constant->name, number) != napi_ok) return false;
  }
  return true;
}

static const struct binding *const all_bindings[] = {
    stat_bindings,   file_bindings,  directory_bindings, attribute_bindings, xattr_bindings, handle_bindings,
    mount_bindings,  channel_bindings, poll_bindings,    process_bindings,   async_bindings,
    whole_bindings,
};

NAPI_MODULE_INIT() {
  napi_value constants;
  for (size_t i = 0; i < sizeof all_bindings / sizeof all_bindings[0]; i++) {
    if (!add_functions(env, exports, all_bindings[i])) return NULL;
  }
  if (napi_create_object(env, &constants) != napi_ok) return NULL;
  if (!add_constants(env, constants, file_constants) || !add_constants(env, constants, mount_constants)) return NULL;
  if (napi_set_named_property(env, exports, "constants", constants) != napi_ok) return NULL;
  return exports;
}
