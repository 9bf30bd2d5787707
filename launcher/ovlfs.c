/*
 * The program `ovlfs` as it is installed: starts Node.js with what it needs, and for a mount waits until the daemon
 * says that the mount answers. Node starts once then, where a daemon started by JavaScript would need a second one.
 * What the words mean is JavaScript's to know: where the daemon finds that they are no mount, it says so, and they
 * are run in front.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptor of the daemon's one answer: a status in a byte, then a sentence if it is not 0. */
#define CHANNEL 3
#define LONGEST_ANSWER 65536
/* In place of a status: the words are for the foreground. */
#define IN_FRONT 255
/* Descriptors that the table of Node's process has room for from the start, 64 KB. */
#define ROOM 8192
/* Begins the words of a daemon, here as well as in JavaScript. */
#define DAEMON "--daemon"

/* Where the package is, without a slash at the end; this program is build/Release/ovlfs in it. */
static char package[PATH_MAX];

static int fail(const char *what, const char *remedy) {
  fprintf(stderr, "ovlfs: %s (%s); %s\n", what, strerror(errno), remedy);
  return 1;
}

static bool find_package(void) {
  ssize_t length = readlink("/proc/self/exe", package, sizeof package - 1);
  if (length < 0) return false;
  package[length] = 0;
  for (int level = 0; level < 3; level++) {
    char *slash = strrchr(package, '/');
    if (slash == NULL) return false;
    *slash = 0;
  }
  return true;
}

/*
 * A table of descriptors that is full is replaced by one twice as large. In a process of several threads, as Node's is, that
 * waits for all processors (synchronize_rcu in expand_fdtable, fs/file.c): 5 to 20 ms amid a request. Here is one thread, and an
 * exec keeps the table.
 */
static void make_room_for_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  rlim_t room = limit.rlim_max < ROOM ? limit.rlim_max : ROOM;
  if (limit.rlim_cur < room) {
    /* Node raises it as far as it may. */
    limit.rlim_cur = room;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  }
  int any = open("/", O_PATH | O_CLOEXEC);
  int last = fcntl(any, F_DUPFD_CLOEXEC, (int)room - 1);
  if (last >= 0) close(last);
  if (any >= 0) close(any);
}

/* Replaces this process by Node; returns only if there is none. The Node that built the addon is the first choice. */
static void run_node(char *const arguments[]) {
  /* Certificates for connections that ovlfs never makes; to read them costs Node more than all else. */
  unsetenv("NODE_EXTRA_CA_CERTS");
  /* Room for long copies beside what waits in the kernel (src/engine/long-copies.ts); threads cost little. */
  setenv("UV_THREADPOOL_SIZE", "8", 0);
  /* glibc never gives back what is free at the end of a thread's own arena, only that of the main one (malloc_trim). */
  setenv("MALLOC_ARENA_MAX", "1", 0);
  make_room_for_descriptors();
  execv(OVLFS_NODE, arguments);
  execvp("node", arguments);
}

static const char no_node[] = "Node.js cannot be started, neither " OVLFS_NODE " nor the 'node' of PATH";
static const char install_node[] = "install it and run 'npm rebuild -g ovlfs'";

/* The words of Node for `words`, which a NULL ends, behind `first` if there is one. */
static char **node_words(const char *script, const char *first, char **words) {
  size_t count = 0, at = 0;
  while (words[count] != NULL) count++;
  const char **all = calloc(count + 4, sizeof *all);
  if (all == NULL) return NULL;
  all[at++] = "node";
  all[at++] = script;
  if (first != NULL) all[at++] = first;
  memcpy(all + at, words, count * sizeof *all);
  return (char **)all;
}

static int run_in_front(const char *script, char **words) {
  char **arguments = node_words(script, NULL, words);
  if (arguments != NULL) run_node(arguments);
  return fail(no_node, install_node);
}

static void close_from(unsigned int first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  long most = sysconf(_SC_OPEN_MAX);
  for (long fd = first; fd < most; fd++) close(fd);
}

/*
 * The daemon's side of the fork: it leaves the caller's session and holds nothing of the caller's but the channel, and
 * standard input until it has read its words, which may say that more is to be read there.
 */
static void become_daemon(const char *script, char **words, int channel) {
  setsid();
  int nothing = open("/dev/null", O_RDWR);
  if (channel != CHANNEL) dup2(channel, CHANNEL);
  if (fcntl(STDIN_FILENO, F_GETFD) < 0) dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  close_from(CHANNEL + 1);
  char **arguments = node_words(script, DAEMON, words);
  if (arguments != NULL) run_node(arguments);
  dprintf(CHANNEL, "%c%s (%s); %s", 1, no_node, strerror(errno), install_node);
  _exit(1);
}

/* All that the daemon answers, up to `room` bytes; how many. */
static size_t read_answer(int channel, char *answer, size_t room) {
  size_t length = 0;
  while (length < room) {
    ssize_t count = read(channel, answer + length, room - length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    length += (size_t)count;
  }
  return length;
}

/* Waits for its end; the status as waitpid(2) gives it. */
static int end_of(pid_t daemon) {
  int status = 0;
  while (waitpid(daemon, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

static int without_answer(int status) {
  fputs("ovlfs: the daemon ended before the mount answered (", stderr);
  if (WIFSIGNALED(status)) fprintf(stderr, "signal %d, %s", WTERMSIG(status), strsignal(WTERMSIG(status)));
  else fprintf(stderr, "exit status %d", WEXITSTATUS(status));
  fputs("); run it with -f to see why\n", stderr);
  return 1;
}

static int mount_in_daemon(const char *script, char **words) {
  static char answer[LONGEST_ANSWER];
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail("no pipe for the daemon", "close other programs and try again");
  /* What the numbers 0 to 2 would be is replaced by the null device in the daemon. */
  int channel = fcntl(ends[1], F_DUPFD, CHANNEL);
  if (channel < 0) return fail("no pipe for the daemon", "close other programs and try again");
  pid_t daemon = fork();
  if (daemon < 0) return fail("the daemon cannot be started", "close other programs and try again");
  if (daemon == 0) become_daemon(script, words, channel);
  close(channel);
  close(ends[1]);
  size_t length = read_answer(ends[0], answer, sizeof answer);
  close(ends[0]);
  if (length == 0) return without_answer(end_of(daemon));
  unsigned char status = (unsigned char)answer[0];
  if (status == IN_FRONT) {
    end_of(daemon);
    return run_in_front(script, words);
  }
  if (status != 0) fprintf(stderr, "ovlfs: %.*s\n", (int)length - 1, answer + 1);
  return status;
}

static bool is_one_of(const char *word, const char *const *others) {
  for (; *others != NULL; others++) if (strcmp(word, *others) == 0) return true;
  return false;
}

/* Whether `name` is one of the options in a list with commas, or behind `-o`. */
static bool has_option(const char *list, const char *name) {
  size_t length = strlen(name);
  if (strncmp(list, "-o", 2) == 0) list += 2;
  for (; list != NULL; list = strchr(list, ',')) {
    if (*list == ',') list++;
    if (strncmp(list, name, length) == 0 && (list[length] == ',' || list[length] == 0)) return true;
  }
  return false;
}

/* Whether a word asks for the foreground: a long option, a letter among others, or an option of -o. */
static bool asks_for_front(const char *word) {
  static const char *const options[] = {"--foreground", "--debug", "--help", "--version", NULL};
  if (is_one_of(word, options) || has_option(word, "debug")) return true;
  if (word[0] != '-' || word[1] == '-') return false;
  return word[1 + strcspn(word + 1, "fdhVo")] != 0 && word[1 + strcspn(word + 1, "fdhVo")] != 'o';
}

/* Whether the words look like a mount that stays behind. Only a guess: a wrong one costs time and nothing else. */
static bool look_like_a_mount(char **words) {
  static const char *const mounts[] = {"mount", "mount-helper", NULL};
  bool mount = words[0] != NULL && is_one_of(words[0], mounts);
  bool helper = mount && strcmp(words[0], "mount-helper") == 0;
  for (; *words != NULL; words++) {
    if (!helper && asks_for_front(*words)) return false;
    if (strncmp(*words, "-o", 2) == 0) mount = true;
  }
  return mount;
}

static int show_version(void) {
  char *const arguments[] = {"node", "--version", NULL};
  fputs("ovlfs " OVLFS_VERSION "\nNode.js ", stdout);
  fflush(stdout);
  run_node(arguments);
  puts("not found");
  return 0;
}

int main(int count, char **arguments) {
  static char script[PATH_MAX + 32];
  char **words = arguments + (count > 0 ? 1 : 0);
  if (count == 2 && (strcmp(words[0], "--version") == 0 || strcmp(words[0], "-V") == 0)) return show_version();
  if (!find_package()) return fail("the program does not find itself by /proc/self/exe", "mount /proc");
  snprintf(script, sizeof script, "%s/dist/cli/start.cjs", package);
  if (count > 1 && strcmp(words[0], DAEMON) == 0) return mount_in_daemon(script, words + 1);
  return look_like_a_mount(words) ? mount_in_daemon(script, words) : run_in_front(script, words);
}
