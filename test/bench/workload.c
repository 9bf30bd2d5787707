/*
 * The measured programs of the benchmark, a subcommand each: plain system calls in a loop, so that what is measured is
 * the file system. Each prints the nanoseconds of its measured part alone (CLOCK_MONOTONIC), then checks what it read or
 * left, outside of the measured part where that costs calls, and fails with a sentence if the answer is wrong.
 * Contents are a function of their place, so that a reader can tell wrong data.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (128 * 1024)
#define SMALL 4096

static unsigned char buffer[1024 * 1024];

static void fail(const char *format, ...) {
  va_list words;
  va_start(words, format);
  vfprintf(stderr, format, words);
  va_end(words);
  fputc('\n', stderr);
  exit(1);
}

static void must(int good, const char *what, const char *path) {
  if (!good) fail("%s %s: %s", what, path, strerror(errno));
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void print_elapsed(int64_t begin) { printf("%lld\n", (long long)(now() - begin)); }

static int64_t number(const char *word) {
  char *end;
  int64_t value = strtoll(word, &end, 10);
  if (*end != 0 || value < 0) fail("not a number: %s", word);
  return value;
}

/* The eight bytes at `place` of a file's data (splitmix64). */
static uint64_t word_at(int64_t place) {
  uint64_t mixed = ((uint64_t)place / 8 + 1) * 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

static void fill(int64_t place, size_t length) {
  for (size_t at = 0; at < length; at += 8) {
    uint64_t word = word_at(place + (int64_t)at);
    memcpy(buffer + at, &word, 8);
  }
}

static void check_word(const void *data, int64_t place, const char *path) {
  uint64_t word;
  memcpy(&word, data, 8);
  if (word != word_at(place)) fail("%s: wrong data at %lld", path, (long long)place);
}

static void write_whole(int file, const void *data, size_t length, const char *path) {
  must(write(file, data, length) == (ssize_t)length, "write", path);
}

/* File `index` of a tree of `directories` directories. */
static void tree_path(char path[PATH_MAX], const char *root, int64_t directories, int64_t index) {
  snprintf(path, PATH_MAX, "%s/d%05lld/f%06lld", root, (long long)(index % directories), (long long)(index / directories));
}

/* ROOT DIRECTORIES FILES BYTES FIRST STEP: of the FILES of each directory those numbered FIRST, FIRST+STEP, ... */
static void make_tree(char **words) {
  const char *root = words[0];
  int64_t directories = number(words[1]), files = number(words[2]), bytes = number(words[3]);
  int64_t first = number(words[4]), step = number(words[5]);
  char path[PATH_MAX];
  must(mkdir(root, 0755) == 0, "mkdir", root);
  for (int64_t directory = 0; directory < directories; directory++) {
    snprintf(path, sizeof path, "%s/d%05lld", root, (long long)directory);
    must(mkdir(path, 0755) == 0, "mkdir", path);
    for (int64_t at = first; at < files; at += step) {
      tree_path(path, root, directories, at * directories + directory);
      int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
      must(file >= 0, "open", path);
      if (bytes > 0) {
        fill((at * directories + directory) * 8, (size_t)bytes);
        write_whole(file, buffer, (size_t)bytes, path);
      }
      close(file);
    }
  }
}

/* FILE BYTES */
static void make_file(char **words) {
  int64_t bytes = number(words[1]);
  int file = open(words[0], O_WRONLY | O_CREAT | O_EXCL, 0644);
  must(file >= 0, "open", words[0]);
  for (int64_t at = 0; at < bytes; at += CHUNK) {
    fill(at, CHUNK);
    write_whole(file, buffer, (size_t)(bytes - at < CHUNK ? bytes - at : CHUNK), words[0]);
  }
  must(fsync(file) == 0, "fsync", words[0]);
  close(file);
}

struct visit {
  int64_t files;
  int64_t bytes;
  uint64_t digest;
  int read_data;
  /* Files are read without being asked for their attributes, as a list of names is read; directories are listed. */
  int no_attributes;
};

static void read_file(int directory, const char *name, struct visit *visit) {
  int file = openat(directory, name, O_RDONLY);
  must(file >= 0, "open", name);
  ssize_t length;
  while ((length = read(file, buffer, CHUNK)) > 0) visit->bytes += length;
  must(length == 0, "read", name);
  close(file);
}

static uint64_t digest_text(uint64_t digest, const char *text) {
  for (; *text != 0; text++) digest = (digest ^ (unsigned char)*text) * 0x100000001b3u;
  return digest;
}

/* As find(1) does it: each directory listed, each name lstat'ed. `path` is a digest of the names that lead here. */
static void visit_directory(int directory, uint64_t path, struct visit *visit) {
  DIR *stream = fdopendir(directory);
  must(stream != NULL, "opendir", "");
  struct dirent *entry;
  while ((entry = readdir(stream)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (visit->no_attributes && entry->d_type == DT_REG) {
      visit->files++;
      read_file(directory, entry->d_name, visit);
      continue;
    }
    struct stat status;
    must(fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0, "lstat", entry->d_name);
    char facts[160];
    snprintf(facts, sizeof facts, "/%o,%lld,%lld.%09ld", status.st_mode, S_ISDIR(status.st_mode) ? 0LL : (long long)status.st_size,
             (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    uint64_t below = digest_text(digest_text(path, "/"), entry->d_name);
    visit->digest += digest_text(below, facts);
    if (S_ISDIR(status.st_mode)) {
      int child = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      must(child >= 0, "open", entry->d_name);
      visit_directory(child, below, visit);
    } else {
      visit->files++;
      if (visit->read_data && S_ISREG(status.st_mode)) read_file(directory, entry->d_name, visit);
    }
  }
  closedir(stream);
}

static int open_directory(const char *path) {
  int directory = open(path, O_RDONLY | O_DIRECTORY);
  must(directory >= 0, "open", path);
  return directory;
}

static void check_count(const char *what, int64_t found, int64_t expected) {
  if (found != expected) fail("%lld %s instead of %lld", (long long)found, what, (long long)expected);
}

static void count_names(const char *directory, int64_t expected) {
  DIR *stream = opendir(directory);
  must(stream != NULL, "opendir", directory);
  int64_t names = 0;
  struct dirent *entry;
  while ((entry = readdir(stream)) != NULL) names += entry->d_name[0] != '.';
  closedir(stream);
  check_count("names", names, expected);
}

/* DIRECTORY: a digest of path, mode, size and modification time of all that is below. */
static void digest(char **words) {
  struct visit visit = {0};
  visit_directory(open_directory(words[0]), 0xcbf29ce484222325u, &visit);
  printf("%016llx\n", (unsigned long long)visit.digest);
}

/* DIRECTORY...: reads all, so that it is in the caches */
static void warm(char **words) {
  struct visit visit = {.read_data = 1};
  for (; *words != NULL; words++) visit_directory(open_directory(*words), 0, &visit);
}

/* DIRECTORY FILES */
static void walk(char **words) {
  struct visit visit = {0};
  int64_t begin = now();
  visit_directory(open_directory(words[0]), 0, &visit);
  print_elapsed(begin);
  check_count("files", visit.files, number(words[1]));
}

/* DIRECTORY FILES BYTES */
static void read_files(char **words, int no_attributes) {
  struct visit visit = {.read_data = 1, .no_attributes = no_attributes};
  int64_t begin = now();
  visit_directory(open_directory(words[0]), 0, &visit);
  print_elapsed(begin);
  check_count("files", visit.files, number(words[1]));
  check_count("bytes", visit.bytes, number(words[2]));
}

static void read_all(char **words) { read_files(words, 1); }

static void read_all_lstat(char **words) { read_files(words, 0); }

/* FILES BYTES DIRECTORY...: a process for each directory reads all below it, at the same time. */
static void read_together(char **words) {
  int64_t begin = now();
  int count = 0;
  for (char **directory = words + 2; *directory != NULL; directory++, count++) {
    if (fork() != 0) continue;
    struct visit visit = {.read_data = 1};
    visit_directory(open_directory(*directory), 0, &visit);
    check_count("files", visit.files, number(words[0]));
    check_count("bytes", visit.bytes, number(words[1]));
    _exit(0);
  }
  int good = 1;
  for (int status; count > 0; count--) good &= wait(&status) > 0 && status == 0;
  print_elapsed(begin);
  if (!good) fail("a reader failed");
}

/* DIRECTORY DIRECTORIES COUNT: names that are in no layer */
static void missing(char **words) {
  int64_t directories = number(words[1]), count = number(words[2]);
  int64_t begin = now();
  for (int64_t at = 0; at < count; at++) {
    char path[PATH_MAX];
    struct stat status;
    snprintf(path, sizeof path, "%s/d%05lld/missing-%lld", words[0], (long long)(at % directories), (long long)at);
    if (stat(path, &status) == 0 || errno != ENOENT) fail("%s: %s instead of ENOENT", path, strerror(errno));
  }
  print_elapsed(begin);
}

/* FILE COUNT */
static void open_close(char **words) {
  int64_t count = number(words[1]);
  int64_t begin = now();
  for (int64_t at = 0; at < count; at++) {
    int file = open(words[0], O_RDONLY);
    must(file >= 0, "open", words[0]);
    close(file);
  }
  print_elapsed(begin);
}

/* FILE BYTES */
static void read_sequential(char **words) {
  int64_t place = 0;
  int64_t begin = now();
  int file = open(words[0], O_RDONLY);
  must(file >= 0, "open", words[0]);
  ssize_t length;
  while ((length = read(file, buffer, CHUNK)) > 0) {
    check_word(buffer, place, words[0]);
    place += length;
  }
  must(length == 0, "read", words[0]);
  close(file);
  print_elapsed(begin);
  check_count("bytes", place, number(words[1]));
}

/* FILE BYTES COUNT */
static void read_random(char **words) {
  int64_t blocks = number(words[1]) / SMALL, count = number(words[2]);
  int64_t begin = now();
  int file = open(words[0], O_RDONLY);
  must(file >= 0, "open", words[0]);
  for (int64_t at = 0; at < count; at++) {
    int64_t place = (int64_t)(word_at(at * 8) % (uint64_t)blocks) * SMALL;
    must(pread(file, buffer, SMALL, place) == SMALL, "pread", words[0]);
    check_word(buffer, place, words[0]);
  }
  close(file);
  print_elapsed(begin);
}

/* FILE BYTES */
static void read_mapped(char **words) {
  int64_t bytes = number(words[1]);
  int64_t begin = now();
  int file = open(words[0], O_RDONLY);
  must(file >= 0, "open", words[0]);
  const char *data = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, file, 0);
  must(data != MAP_FAILED, "mmap", words[0]);
  for (int64_t place = 0; place < bytes; place += SMALL) check_word(data + place, place, words[0]);
  munmap((void *)data, (size_t)bytes);
  close(file);
  print_elapsed(begin);
}

static void check_size(const char *path, int64_t expected) {
  struct stat status;
  must(stat(path, &status) == 0, "stat", path);
  if (status.st_size != expected) fail("%s: %lld bytes instead of %lld", path, (long long)status.st_size, (long long)expected);
}

/* FILE BYTES */
static void write_sequential(char **words) {
  int64_t bytes = number(words[1]);
  fill(0, sizeof buffer);
  int64_t begin = now();
  int file = open(words[0], O_WRONLY | O_CREAT | O_EXCL, 0644);
  must(file >= 0, "open", words[0]);
  for (int64_t at = 0; at < bytes; at += (int64_t)sizeof buffer) write_whole(file, buffer, sizeof buffer, words[0]);
  must(fsync(file) == 0, "fsync", words[0]);
  close(file);
  print_elapsed(begin);
  check_size(words[0], bytes);
}

/* FILE COUNT */
static void write_small(char **words) {
  int64_t count = number(words[1]);
  fill(0, SMALL);
  int64_t begin = now();
  int file = open(words[0], O_WRONLY | O_CREAT | O_EXCL, 0644);
  must(file >= 0, "open", words[0]);
  for (int64_t at = 0; at < count; at++) write_whole(file, buffer, SMALL, words[0]);
  must(close(file) == 0, "close", words[0]);
  print_elapsed(begin);
  check_size(words[0], count * SMALL);
}

/* DIRECTORY COUNT BYTES: new files in a new directory */
static void create(char **words) {
  int64_t count = number(words[1]), bytes = number(words[2]);
  char path[PATH_MAX];
  fill(0, (size_t)bytes);
  must(mkdir(words[0], 0755) == 0, "mkdir", words[0]);
  int64_t begin = now();
  for (int64_t at = 0; at < count; at++) {
    snprintf(path, sizeof path, "%s/f%06lld", words[0], (long long)at);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    must(file >= 0, "open", path);
    write_whole(file, buffer, (size_t)bytes, path);
    must(close(file) == 0, "close", path);
  }
  print_elapsed(begin);
  check_size(path, bytes);
  count_names(words[0], count);
}

/* DIRECTORY COUNT: in a new directory, each name created, renamed and deleted */
static void create_rename_unlink(char **words) {
  int64_t count = number(words[1]);
  char path[PATH_MAX], renamed[PATH_MAX];
  must(mkdir(words[0], 0755) == 0, "mkdir", words[0]);
  int64_t begin = now();
  for (int64_t at = 0; at < count; at++) {
    snprintf(path, sizeof path, "%s/f%06lld", words[0], (long long)at);
    snprintf(renamed, sizeof renamed, "%s/r%06lld", words[0], (long long)at);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    must(file >= 0, "open", path);
    close(file);
    must(rename(path, renamed) == 0, "rename", path);
    must(unlink(renamed) == 0, "unlink", renamed);
  }
  print_elapsed(begin);
  count_names(words[0], 0);
}

/* DIRECTORY DIRECTORIES COUNT */
static void change_mode(char **words) {
  int64_t directories = number(words[1]), count = number(words[2]);
  char path[PATH_MAX];
  int64_t begin = now();
  for (int64_t at = 0; at < count; at++) {
    tree_path(path, words[0], directories, at);
    must(chmod(path, 0600) == 0, "chmod", path);
  }
  print_elapsed(begin);
  for (int64_t at = 0; at < count; at++) {
    struct stat status;
    tree_path(path, words[0], directories, at);
    must(stat(path, &status) == 0, "stat", path);
    if ((status.st_mode & 07777) != 0600) fail("%s: mode %o", path, status.st_mode);
  }
}

/* DIRECTORY DIRECTORIES COUNT BYTES: of files of BYTES */
static void append(char **words) {
  int64_t directories = number(words[1]), count = number(words[2]), bytes = number(words[3]);
  char path[PATH_MAX];
  int64_t begin = now();
  for (int64_t at = 0; at < count; at++) {
    tree_path(path, words[0], directories, at);
    int file = open(path, O_WRONLY | O_APPEND);
    must(file >= 0, "open", path);
    write_whole(file, "sixteen letters\n", 16, path);
    must(close(file) == 0, "close", path);
  }
  print_elapsed(begin);
  for (int64_t at = 0; at < count; at++) {
    tree_path(path, words[0], directories, at);
    check_size(path, bytes + 16);
  }
}

static void poke(const char *path) {
  int file = open(path, O_WRONLY);
  must(file >= 0, "open", path);
  must(pwrite(file, "!", 1, SMALL) == 1, "pwrite", path);
  must(close(file) == 0, "close", path);
}

static void check_poked(const char *path) {
  int file = open(path, O_RDONLY);
  must(file >= 0, "open", path);
  must(pread(file, buffer, 2 * SMALL, 0) == 2 * SMALL, "pread", path);
  check_word(buffer, 0, path);
  if (buffer[SMALL] != '!') fail("%s: the byte written is not there", path);
  check_word(buffer + SMALL + 8, SMALL + 8, path);
  close(file);
}

/* FILE BYTES: one byte is written into it */
static void write_byte(char **words) {
  int64_t begin = now();
  poke(words[0]);
  print_elapsed(begin);
  check_poked(words[0]);
  check_size(words[0], number(words[1]));
}

static void remove_below(int directory) {
  DIR *stream = fdopendir(directory);
  must(stream != NULL, "opendir", "");
  struct dirent *entry;
  while ((entry = readdir(stream)) != NULL) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (entry->d_type != DT_DIR) {
      must(unlinkat(directory, name, 0) == 0, "unlink", name);
      continue;
    }
    int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    must(child >= 0, "open", name);
    remove_below(child);
    must(unlinkat(directory, name, AT_REMOVEDIR) == 0, "rmdir", name);
  }
  closedir(stream);
}

/* DIRECTORY */
static void remove_tree(char **words) {
  struct stat status;
  int64_t begin = now();
  remove_below(open_directory(words[0]));
  must(rmdir(words[0]) == 0, "rmdir", words[0]);
  print_elapsed(begin);
  if (stat(words[0], &status) == 0 || errno != ENOENT) fail("%s is still there", words[0]);
}

/* COMMAND [WORD]...: its output goes nowhere, its errors to ours */
static void run_command(char **words) {
  int status;
  int64_t begin = now();
  pid_t child = fork();
  if (child == 0) {
    int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, 0);
    dup2(nowhere, 1);
    execvp(words[0], words);
    fail("%s: %s", words[0], strerror(errno));
  }
  must(waitpid(child, &status, 0) == child, "wait", words[0]);
  print_elapsed(begin);
  if (status != 0) fail("%s ended with %d", words[0], status);
}

static int compare_times(const void *one, const void *other) {
  int64_t left = *(const int64_t *)one, right = *(const int64_t *)other;
  return left < right ? -1 : left > right;
}

/*
 * DIRECTORY DIRECTORIES FILES BIG: while one process writes a byte into BIG, this one stats names not looked up before,
 * one each millisecond; prints the 99th percentile, the median, the maximum, how many, and how long the write took.
 */
static void stat_beside_copy(char **words) {
  enum { LIMIT = 200000 };
  static int64_t times[LIMIT];
  int64_t directories = number(words[1]), files = number(words[2]), count = 0;
  int64_t begin = now();
  pid_t child = fork();
  if (child == 0) {
    poke(words[3]);
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (count == LIMIT) fail("the write takes too long");
    char path[PATH_MAX];
    struct stat found;
    if (count < files) tree_path(path, words[0], directories, count);
    else snprintf(path, sizeof path, "%s/d00000/missing-%lld", words[0], (long long)count);
    int64_t asked = now();
    if ((stat(path, &found) == 0) != (count < files)) fail("stat %s: %s", path, strerror(errno));
    times[count++] = now() - asked;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  int64_t took = now() - begin;
  if (status != 0) fail("the write failed");
  if (count == 0) fail("the write was over before the first stat");
  qsort(times, (size_t)count, sizeof times[0], compare_times);
  printf("%lld %lld %lld %lld %lld\n", (long long)times[count * 99 / 100], (long long)times[count / 2],
         (long long)times[count - 1], (long long)count, (long long)took);
  check_poked(words[3]);
}

static const struct {
  const char *name;
  int words;
  void (*perform)(char **words);
} programs[] = {
  {"make-tree", 6, make_tree},
  {"make-file", 2, make_file},
  {"digest", 1, digest},
  {"warm", 1, warm},
  {"walk", 2, walk},
  {"read-all", 3, read_all},
  {"read-all-lstat", 3, read_all_lstat},
  {"read-together", 3, read_together},
  {"missing", 3, missing},
  {"open-close", 2, open_close},
  {"read-sequential", 2, read_sequential},
  {"read-random", 3, read_random},
  {"read-mapped", 2, read_mapped},
  {"write-sequential", 2, write_sequential},
  {"write-small", 2, write_small},
  {"create", 3, create},
  {"create-rename-unlink", 2, create_rename_unlink},
  {"chmod", 3, change_mode},
  {"append", 4, append},
  {"write-byte", 2, write_byte},
  {"remove", 1, remove_tree},
  {"run", 1, run_command},
  {"stat-beside-copy", 4, stat_beside_copy},
};

int main(int count, char **words) {
  for (size_t at = 0; at < sizeof programs / sizeof programs[0]; at++) {
    if (count < 2 || strcmp(words[1], programs[at].name) != 0) continue;
    if (count - 2 < programs[at].words) fail("%s needs %d words", words[1], programs[at].words);
    programs[at].perform(words + 2);
    return 0;
  }
  fail("no such program: %s", count < 2 ? "" : words[1]);
}
