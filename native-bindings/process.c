/*
 * This thread's credentials and this process's limits and session. Credentials are changed by the raw system
 * calls: the C library's functions would change all threads, libuv's pool included.
 */
#include "values.h"

#include <fcntl.h>
#include <linux/securebits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

/* 32-bit architectures call their 16-bit variants by the plain names. */
#ifdef SYS_setfsuid32
#define SET_FSUID SYS_setfsuid32
#define SET_FSGID SYS_setfsgid32
#define SET_GROUPS SYS_setgroups32
#else
#define SET_FSUID SYS_setfsuid
#define SET_FSGID SYS_setfsgid
#define SET_GROUPS SYS_setgroups
#endif

/*
 * setfsuid(2) and setfsgid(2) report no failure, only the id before. A second call tells whether the first one
 * worked; to go on as someone else would create files of a wrong owner.
 */
static int64_t change_id(long number, uint32_t id) {
  syscall(number, id);
  return (uint32_t)syscall(number, id) == id ? 0 : -EPERM;
}

static napi_value call_setfsuid(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  uint32_t uid = uint_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, change_id(SET_FSUID, uid));
}

static napi_value call_setfsgid(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  uint32_t gid = uint_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, change_id(SET_FSGID, gid));
}

static napi_value call_setgroups(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  size_t count;
  uint32_t *gids = uints_argument(&call, 0, &count);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(syscall(SET_GROUPS, count, gids)));
}

static napi_value call_keep_capabilities(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  if (!usable(&call)) return answer(&call, 0);
  int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
  if (bits < 0) return answer(&call, -errno);
  return answer(&call, outcome(prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0)));
}

static napi_value call_umask(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  mode_t mask = uint_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, umask(mask));
}

static napi_value call_raise_file_limit(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct rlimit limit;
  if (!usable(&call)) return answer(&call, 0);
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return answer(&call, -errno);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return answer(&call, -errno);
  return answer(&call, (int64_t)limit.rlim_cur);
}

static napi_value call_syslog(napi_env env, napi_callback_info info) {
  static bool opened = false;
  struct call call = begin(env, info);
  int priority = int_argument(&call, 0);
  char message[8192];
  size_t length;
  if (napi_get_value_string_utf8(env, call.arguments[1], message, sizeof message, &length) != napi_ok) {
    refuse_type(&call, 1, "a string");
  }
  if (!usable(&call)) return answer(&call, 0);
  if (!opened) openlog("ovlfs", LOG_PID, LOG_DAEMON);
  opened = true;
  syslog(priority, "%s", message);
  return NULL;
}

static napi_value call_detach(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  if (!usable(&call)) return answer(&call, 0);
  /* A process that leads its session already (one that was started detached) is where it should be. */
  if (setsid() < 0 && getsid(0) != getpid()) return answer(&call, -errno);
  umask(0);
  return answer(&call, outcome(chdir("/")));
}

static napi_value call_getrandom(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct bytes buffer = bytes_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, outcome(getrandom(buffer.data, buffer.length, 0)));
}

/* Each word ends in NUL. Node marks even the standard descriptors close-on-exec (uv_disable_stdio_inheritance). */
static napi_value call_execv(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  char room[NAME_ROOM];
  const char *path = name_argument(&call, 0, room);
  struct bytes words = bytes_argument(&call, 1);
  if (!usable(&call)) return answer(&call, 0);
  size_t count = 0;
  for (size_t at = 0; at < words.length; at++) count += words.data[at] == 0;
  char **arguments = calloc(count + 1, sizeof *arguments);
  if (arguments == NULL) return answer(&call, -ENOMEM);
  char *word = (char *)words.data;
  for (size_t at = 0; at < count; at++, word += strlen(word) + 1) arguments[at] = word;
  for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFD, 0);
  execv(path, arguments);
  int error = errno;
  free(arguments);
  return answer(&call, -error);
}

/* Where in its page (of 4 KiB) a buffer begins: no system call, but what makes some of them faster. */
static napi_value call_place_in_page(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  struct bytes buffer = bytes_argument(&call, 0);
  if (!usable(&call)) return answer(&call, 0);
  return answer(&call, (uintptr_t)buffer.data % 4096);
}

/* Other C libraries have no such function. */
static napi_value call_malloc_trim(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info);
  int freed = 0;
#ifdef __GLIBC__
  if (usable(&call)) freed = malloc_trim(0);
#endif
  return answer(&call, freed);
}

const struct binding process_bindings[] = {
    {"setfsuid", call_setfsuid},
    {"setfsgid", call_setfsgid},
    {"setgroups", call_setgroups},
    {"keepCapabilities", call_keep_capabilities},
    {"umask", call_umask},
    {"raiseFileLimit", call_raise_file_limit},
    {"placeInPage", call_place_in_page},
    {"mallocTrim", call_malloc_trim},
    {"syslog", call_syslog},
    {"detach", call_detach},
    {"execv", call_execv},
    {"getrandom", call_getrandom},
    {NULL, NULL},
};
