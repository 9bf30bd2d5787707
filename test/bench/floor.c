/*
 * A yardstick, not a file system to use: what the protocol alone costs a daemon that speaks it as ovlfs does by default
 * (src/fuse/init.ts: writeback cache, opens without a message, unlimited lifetimes, readdirplus), measured by
 * `scripts/bench --mounters …,floor`. It answers each request that the workloads make with as few system calls as will do, and all
 * others with ENOSYS. It is an overlay only as far as they look: the first layer that has a name wins, what is changed is
 * copied up with its data synced before it gets its name, what is deleted leaves a whiteout. It keeps neither opaque
 * marks nor origins, copies no xattrs, checks no directory for being empty, and frees no node.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_WRITE (1024 * 1024)
#define COPY_CHUNK (512 * 1024)
/* How much is written in a row, or copied, before the disk is set to work. */
#define WRITEBACK_STEP (8 * 1024 * 1024)
#define READAHEAD_KIB "256"
#define FOREVER UINT32_MAX
#define BUCKETS (1 << 16)
#define WHITEOUT "whiteout"

/* A directory's descriptor in a layer that was not looked for yet, and one that is not there. */
enum { UNKNOWN = -2, ABSENT = -1 };
enum { UPPER = 0, NO_LAYER = -1 };
/* Not an errno: the request wants no answer. */
#define NO_REPLY INT_MIN

struct entry {
  char *name;
  unsigned char type;
  int layer;
};

/* Its number in `nodes` is its nodeid, and so stays the same when it is copied up. */
struct node {
  uint64_t parent;
  char *name;
  uint64_t next; /* in the bucket, 0 at its end */
  mode_t mode;
  int layer;    /* the topmost that has it */
  int in_lower; /* so that its name needs a whiteout when it goes */
  int dead;
  int file;           /* the data, -1 if not open; read-only in a lower */
  off_t written_to;   /* the end of the last write */
  off_t unsent;       /* so much of what was written in a row the disk was not set to work on */
  int *directories;   /* of a directory: by layer */
  struct entry *list; /* of a directory: as of the last listing from its beginning */
  size_t listed;
  int stale;
};

static struct node *nodes;
static uint64_t node_count = FUSE_ROOT_ID, node_room;
static uint64_t buckets[BUCKETS];
static int layer_count, work, device, no_reflink;
static const char *mountpoint;

static char request[MAX_WRITE + 4096] __attribute__((aligned(4096)));
static struct {
  struct fuse_out_header head;
  char body[MAX_WRITE];
} answer;
static char copied[COPY_CHUNK] __attribute__((aligned(4096)));

static void must(int good, const char *what, const char *path) {
  if (good) return;
  fprintf(stderr, "floor: %s %s: %s\n", what, path, strerror(errno));
  exit(1);
}

static uint64_t *bucket_of(uint64_t parent, const char *name) {
  uint64_t digest = 0xcbf29ce484222325u ^ parent;
  for (; *name != 0; name++) digest = (digest ^ (unsigned char)*name) * 0x100000001b3u;
  return &buckets[(digest ^ digest >> 32) % BUCKETS];
}

static uint64_t find_node(uint64_t parent, const char *name) {
  uint64_t id = *bucket_of(parent, name);
  while (id != 0 && (nodes[id].parent != parent || strcmp(nodes[id].name, name) != 0)) id = nodes[id].next;
  return id;
}

static void take_name(uint64_t id, uint64_t parent, const char *name) {
  uint64_t *bucket = bucket_of(parent, name);
  nodes[id].parent = parent;
  nodes[id].name = strdup(name);
  nodes[id].next = *bucket;
  *bucket = id;
  nodes[parent].stale = 1;
}

static void drop_name(uint64_t id) {
  uint64_t *at = bucket_of(nodes[id].parent, nodes[id].name);
  while (*at != id) at = &nodes[*at].next;
  *at = nodes[id].next;
  nodes[nodes[id].parent].stale = 1;
  free(nodes[id].name);
  nodes[id].name = NULL;
}

/* May move `nodes`. */
static uint64_t make_node(uint64_t parent, const char *name, mode_t mode, int layer) {
  if (node_count + 1 >= node_room) {
    node_room = node_room * 2 + 1024;
    nodes = realloc(nodes, node_room * sizeof *nodes);
    must(nodes != NULL, "realloc", "");
  }
  uint64_t id = node_count++;
  nodes[id] = (struct node){.mode = mode, .layer = layer, .in_lower = layer != UPPER, .file = -1, .stale = 1};
  if (S_ISDIR(mode)) {
    nodes[id].directories = malloc((size_t)layer_count * sizeof(int));
    for (int at = 0; at < layer_count; at++) nodes[id].directories[at] = at < layer ? ABSENT : UNKNOWN;
  }
  if (parent != 0) {
    int stale = nodes[parent].stale;
    take_name(id, parent, name);
    nodes[parent].stale = stale; /* the name is not new, it was only not known */
  }
  return id;
}

/* The descriptor of a directory in a layer, or ABSENT. */
static int directory_in(uint64_t id, int layer) {
  int *directory = &nodes[id].directories[layer];
  if (*directory != UNKNOWN) return *directory;
  int parent = directory_in(nodes[id].parent, layer);
  *directory = parent < 0 ? ABSENT : openat(parent, nodes[id].name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (*directory < 0) *directory = ABSENT;
  return *directory;
}

static int where(uint64_t id) { return directory_in(nodes[id].parent, nodes[id].layer); }

static int status_of(uint64_t id, struct stat *status) {
  struct node *node = &nodes[id];
  int result;
  if (S_ISDIR(node->mode)) result = fstat(directory_in(id, node->layer), status);
  else if (node->file >= 0) result = fstat(node->file, status);
  else if (node->dead) *status = (struct stat){.st_mode = node->mode}, result = 0;
  else result = fstatat(where(id), node->name, status, AT_SYMLINK_NOFOLLOW);
  return result < 0 ? -errno : 0;
}

static int is_whiteout(const struct stat *status) { return S_ISCHR(status->st_mode) && status->st_rdev == 0; }

/* The node of a name, or 0 and no errno where no layer has it. */
static uint64_t look_up(uint64_t parent, const char *name, struct stat *status) {
  uint64_t id = find_node(parent, name);
  if (id != 0) return status_of(id, status) == 0 ? id : 0;
  for (int layer = 0; layer < layer_count; layer++) {
    int directory = directory_in(parent, layer);
    if (directory < 0 || fstatat(directory, name, status, AT_SYMLINK_NOFOLLOW) < 0) continue;
    return is_whiteout(status) ? 0 : make_node(parent, name, status->st_mode, layer);
  }
  return 0;
}

/* A directory in the upper, made with its parents as they are below; its descriptor or an errno. */
static int upper_directory(uint64_t id) {
  struct stat status;
  int found = directory_in(id, UPPER);
  if (found >= 0) return found;
  int parent = upper_directory(nodes[id].parent);
  if (parent < 0) return parent;
  struct node *node = &nodes[id];
  if (fstat(directory_in(id, node->layer), &status) < 0) return -errno;
  if (mkdirat(parent, node->name, status.st_mode & 07777) < 0) return -errno;
  int made = openat(parent, node->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (made < 0) return -errno;
  if ((status.st_uid | status.st_gid) != 0 && fchown(made, status.st_uid, status.st_gid) < 0) return -errno;
  struct timespec times[2] = {status.st_atim, status.st_mtim};
  if (futimens(made, times) < 0) return -errno;
  node->directories[UPPER] = made;
  node->layer = UPPER;
  return made;
}

/* The descriptor of a file's data where it is now, or an errno. */
static int data_of(uint64_t id) {
  struct node *node = &nodes[id];
  if (node->file >= 0) return node->file;
  if (node->dead) return -ESTALE;
  node->file = openat(where(id), node->name, (node->layer == UPPER ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC);
  return node->file < 0 ? -errno : node->file;
}

static int copy_data(int from, int to, off_t size) {
  if (size == 0) return 0;
  if (!no_reflink) {
    if (ioctl(to, FICLONE, from) == 0) return 0;
    no_reflink = 1;
  }
  off_t at = 0, started = 0;
  while (at < size) {
    ssize_t length = pread(from, copied, COPY_CHUNK, at);
    if (length <= 0 || pwrite(to, copied, (size_t)length, at) != length) return length < 0 ? -errno : -EIO;
    at += length;
    if (at - started < WRITEBACK_STEP) continue;
    sync_file_range(to, started, at - started, SYNC_FILE_RANGE_WRITE);
    started = at;
  }
  return 0;
}

/* Fills and publishes a copy that has no name yet. */
static int publish_copy(uint64_t id, int copy, int directory, const struct stat *status) {
  struct timespec times[2] = {status->st_atim, status->st_mtim};
  int error = copy_data(nodes[id].file, copy, status->st_size);
  if (error < 0) return error;
  if ((status->st_uid | status->st_gid) != 0 && fchown(copy, status->st_uid, status->st_gid) < 0) return -errno;
  if (futimens(copy, times) < 0 || fsync(copy) < 0) return -errno;
  return linkat(copy, "", directory, nodes[id].name, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

/* `mode` is that of the copy, or 0 for that of the lower file. */
static int copy_up(uint64_t id, mode_t mode) {
  struct stat status;
  if (nodes[id].layer == UPPER) return 0;
  if (nodes[id].dead || !S_ISREG(nodes[id].mode)) return -ENOSYS;
  int from = data_of(id);
  if (from < 0) return from;
  if (fstat(from, &status) < 0) return -errno;
  int directory = upper_directory(nodes[id].parent);
  if (directory < 0) return directory;
  int copy = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, (mode != 0 ? mode : status.st_mode) & 07777);
  if (copy < 0) return -errno;
  int error = publish_copy(id, copy, directory, &status);
  close(error < 0 ? copy : from);
  if (error < 0) return error;
  nodes[id].file = copy;
  nodes[id].layer = UPPER;
  return 0;
}

static void encode_attributes(struct fuse_attr *attr, uint64_t id, const struct stat *status) {
  *attr = (struct fuse_attr){
    .ino = id, .size = (uint64_t)status->st_size, .blocks = (uint64_t)status->st_blocks,
    .atime = (uint64_t)status->st_atim.tv_sec, .atimensec = (uint32_t)status->st_atim.tv_nsec,
    .mtime = (uint64_t)status->st_mtim.tv_sec, .mtimensec = (uint32_t)status->st_mtim.tv_nsec,
    .ctime = (uint64_t)status->st_ctim.tv_sec, .ctimensec = (uint32_t)status->st_ctim.tv_nsec,
    .mode = status->st_mode, .nlink = (uint32_t)status->st_nlink, .uid = status->st_uid, .gid = status->st_gid,
    .blksize = (uint32_t)status->st_blksize,
  };
}

/* Without a status for a name that is known not to be there. */
static void encode_entry(struct fuse_entry_out *out, uint64_t id, const struct stat *status) {
  *out = (struct fuse_entry_out){.nodeid = id, .entry_valid = FOREVER, .attr_valid = FOREVER};
  if (id != 0) encode_attributes(&out->attr, id, status);
}

static int answer_entry(uint64_t id, const struct stat *status) {
  encode_entry((struct fuse_entry_out *)answer.body, id, status);
  return sizeof(struct fuse_entry_out);
}

static int answer_attributes(uint64_t id) {
  struct fuse_attr_out *out = (struct fuse_attr_out *)answer.body;
  struct stat status;
  int error = status_of(id, &status);
  if (error < 0) return error;
  *out = (struct fuse_attr_out){.attr_valid = FOREVER};
  encode_attributes(&out->attr, id, &status);
  return sizeof *out;
}

/* So that two READs are under way; INIT cannot raise it, and its answer takes it back. */
static void raise_readahead(void) {
  struct statx status;
  char path[96];
  /* Not asked of this daemon, which is busy here. */
  if (statx(AT_FDCWD, mountpoint, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &status) < 0) return;
  snprintf(path, sizeof path, "/sys/devices/virtual/bdi/%u:%u/read_ahead_kb", status.stx_dev_major, status.stx_dev_minor);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  must(write(file, READAHEAD_KIB, sizeof READAHEAD_KIB - 1) > 0, "write", path);
  close(file);
}

/* What ovlfs asks for; see there for why. */
static int init(const struct fuse_init_in *in) {
  const uint32_t wanted =
    FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_DONT_MASK | FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO | FUSE_NO_OPEN_SUPPORT |
    FUSE_PARALLEL_DIROPS | FUSE_POSIX_ACL | FUSE_ABORT_ERROR | FUSE_MAX_PAGES | FUSE_CACHE_SYMLINKS | FUSE_NO_OPENDIR_SUPPORT |
    FUSE_EXPLICIT_INVAL_DATA | FUSE_HANDLE_KILLPRIV_V2 | FUSE_SETXATTR_EXT | FUSE_INIT_EXT | FUSE_WRITEBACK_CACHE;
  struct fuse_init_out *out = (struct fuse_init_out *)answer.body;
  *out = (struct fuse_init_out){
    .major = FUSE_KERNEL_VERSION, .minor = in->minor < FUSE_KERNEL_MINOR_VERSION ? in->minor : FUSE_KERNEL_MINOR_VERSION,
    .max_readahead = in->max_readahead, .flags = in->flags & wanted, .max_background = UINT16_MAX,
    .congestion_threshold = UINT16_MAX, .max_write = MAX_WRITE, .time_gran = 1, .max_pages = MAX_WRITE / 4096,
  };
  return sizeof *out;
}

/* A name that exists nowhere is an answer too, which the kernel keeps. */
static int lookup(uint64_t parent, const char *name) {
  struct stat status;
  return answer_entry(look_up(parent, name, &status), &status);
}

/* The kernel has evicted the inode; the node stays, for it may be looked up again. */
static void forget(uint64_t id) {
  struct node *node = &nodes[id];
  if (node->file >= 0) close(node->file);
  node->file = -1;
  for (int layer = 0; node->dead && node->directories != NULL && layer < layer_count; layer++) {
    if (node->directories[layer] >= 0) close(node->directories[layer]);
    node->directories[layer] = ABSENT;
  }
}

static int forget_batch(const struct fuse_batch_forget_in *in) {
  const struct fuse_forget_one *one = (const struct fuse_forget_one *)(in + 1);
  for (uint32_t at = 0; at < in->count; at++) forget(one[at].nodeid);
  return NO_REPLY;
}

static int set_times(uint64_t id, const struct fuse_setattr_in *in) {
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};
  if (in->valid & FATTR_ATIME) times[0] = (struct timespec){(time_t)in->atime, in->atimensec};
  if (in->valid & FATTR_MTIME) times[1] = (struct timespec){(time_t)in->mtime, in->mtimensec};
  if (in->valid & FATTR_ATIME_NOW) times[0].tv_nsec = UTIME_NOW;
  if (in->valid & FATTR_MTIME_NOW) times[1].tv_nsec = UTIME_NOW;
  struct node *node = &nodes[id];
  return node->file >= 0 ? futimens(node->file, times) : utimensat(where(id), node->name, times, AT_SYMLINK_NOFOLLOW);
}

static int setattr(uint64_t id, const struct fuse_setattr_in *in) {
  struct node *node = &nodes[id];
  if (!S_ISREG(node->mode) || in->valid & (FATTR_UID | FATTR_GID | FATTR_SIZE)) return -ENOSYS;
  /* The times that an unlink leaves behind in the kernel: nobody will see them any more. */
  if (node->dead) return answer_attributes(id);
  int has_mode = (in->valid & FATTR_MODE) != 0, was_lower = node->layer != UPPER;
  int error = copy_up(id, has_mode ? in->mode : 0);
  if (error < 0) return error;
  if (has_mode && !was_lower && fchmodat(where(id), node->name, in->mode & 07777, 0) < 0) return -errno;
  if (in->valid & (FATTR_ATIME | FATTR_MTIME) && set_times(id, in) < 0) return -errno;
  return answer_attributes(id);
}

/* New files are opened at once, as their data comes next. */
static int make_file(uint64_t parent, const struct fuse_in_header *by, mode_t mode, const char *name) {
  struct stat status;
  int directory = upper_directory(parent);
  if (directory < 0) return directory;
  if (!S_ISREG(mode)) return -ENOSYS;
  int file = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode & 07777);
  if (file < 0) return -errno;
  if (((by->uid | by->gid) != 0 && fchown(file, by->uid, by->gid) < 0) || fstat(file, &status) < 0) return -errno;
  uint64_t id = make_node(parent, name, status.st_mode, UPPER);
  nodes[id].file = file;
  nodes[parent].stale = 1;
  return answer_entry(id, &status);
}

static int make_directory(uint64_t parent, const struct fuse_in_header *by, mode_t mode, const char *name) {
  struct stat status;
  int directory = upper_directory(parent);
  if (directory < 0) return directory;
  if (mkdirat(directory, name, mode & 07777) < 0) return -errno;
  int made = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (made < 0) return -errno;
  if (((by->uid | by->gid) != 0 && fchown(made, by->uid, by->gid) < 0) || fstat(made, &status) < 0) return -errno;
  uint64_t id = make_node(parent, name, status.st_mode, UPPER);
  for (int layer = 0; layer < layer_count; layer++) nodes[id].directories[layer] = layer == UPPER ? made : ABSENT;
  nodes[parent].stale = 1;
  return answer_entry(id, &status);
}

static int unlink_name(uint64_t parent, const char *name) {
  uint64_t id = find_node(parent, name);
  if (id == 0) return -ENOENT;
  struct node *node = &nodes[id];
  int directory = upper_directory(parent), result;
  if (directory < 0) return directory;
  if (node->in_lower && node->layer == UPPER) return -ENOSYS;
  if (node->in_lower) result = linkat(work, WHITEOUT, directory, name, 0);
  else result = unlinkat(directory, name, 0);
  if (result < 0) return -errno;
  drop_name(id);
  node->dead = 1;
  return 0;
}

/* The names of a directory in one layer, one after the other; NULL at the end. The buffer is shared. */
static struct dirent64 *next_name(int directory, int *at, int *filled) {
  static char names[64 * 1024] __attribute__((aligned(8)));
  for (;;) {
    if (*at >= *filled) {
      ssize_t length = getdents64(directory, names, sizeof names);
      if (length <= 0) return NULL;
      *at = 0;
      *filled = (int)length;
    }
    struct dirent64 *entry = (struct dirent64 *)(names + *at);
    *at += entry->d_reclen;
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry;
  }
}

/* Puts a whiteout in the place of an upper directory at once, then takes away the directory and the whiteouts in it. */
static int replace_by_whiteout(int parent, const char *name, int directory) {
  static unsigned number;
  char gone[32];
  int at = 0, filled = 0;
  snprintf(gone, sizeof gone, "gone-%u", number++);
  if (renameat2(parent, name, work, gone, RENAME_WHITEOUT) < 0 || lseek(directory, 0, SEEK_SET) < 0) return -errno;
  for (struct dirent64 *entry; (entry = next_name(directory, &at, &filled)) != NULL;) {
    if (unlinkat(directory, entry->d_name, 0) < 0) return -errno;
  }
  return unlinkat(work, gone, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int remove_directory(uint64_t parent, const char *name) {
  uint64_t id = find_node(parent, name);
  if (id == 0) return -ENOENT;
  int above = upper_directory(parent), own = directory_in(id, UPPER), result;
  if (above < 0) return above;
  if (!nodes[id].in_lower) result = unlinkat(above, name, AT_REMOVEDIR) < 0 ? -errno : 0;
  else if (own < 0) result = linkat(work, WHITEOUT, above, name, 0) < 0 ? -errno : 0;
  else result = replace_by_whiteout(above, name, own);
  if (result < 0) return result;
  drop_name(id);
  nodes[id].dead = 1;
  return 0;
}

/* Of files that only the upper has. */
static int rename_name(uint64_t from, uint64_t to, const char *old, const char *new) {
  uint64_t id = find_node(from, old), replaced = find_node(to, new);
  if (id == 0) return -ENOENT;
  if (nodes[id].layer != UPPER || nodes[id].in_lower || !S_ISREG(nodes[id].mode)) return -ENOSYS;
  int target = upper_directory(to);
  if (target < 0) return target;
  if (renameat(directory_in(from, UPPER), old, target, new) < 0) return -errno;
  if (replaced != 0) {
    drop_name(replaced);
    nodes[replaced].dead = 1;
  }
  drop_name(id);
  take_name(id, to, new);
  return 0;
}

static int read_data(uint64_t id, const struct fuse_read_in *in) {
  int file = data_of(id);
  if (file < 0) return file;
  ssize_t length = pread(file, answer.body, in->size, (off_t)in->offset);
  return length < 0 ? -errno : (int)length;
}

static int write_data(uint64_t id, const struct fuse_write_in *in) {
  int error = copy_up(id, 0);
  if (error < 0) return error;
  int file = data_of(id);
  if (file < 0) return file;
  ssize_t length = pwrite(file, in + 1, in->size, (off_t)in->offset);
  if (length < 0) return -errno;
  struct node *node = &nodes[id];
  off_t end = (off_t)in->offset + length;
  if ((off_t)in->offset != node->written_to) node->unsent = 0;
  node->written_to = end;
  node->unsent += length;
  if (node->unsent >= WRITEBACK_STEP) {
    sync_file_range(file, end - node->unsent, node->unsent, SYNC_FILE_RANGE_WRITE);
    node->unsent = 0;
  }
  *(struct fuse_write_out *)answer.body = (struct fuse_write_out){.size = (uint32_t)length};
  return sizeof(struct fuse_write_out);
}

static int sync_data(uint64_t id, const struct fuse_fsync_in *in) {
  int file = data_of(id);
  if (file < 0) return file;
  return (in->fsync_flags & FUSE_FSYNC_FDATASYNC ? fdatasync(file) : fsync(file)) < 0 ? -errno : 0;
}

/* Whether a name of a listing was in a layer above; `seen` has a power of two of places, more than there are names. */
static int is_seen(struct entry **seen, size_t places, struct entry *entry) {
  size_t at = (size_t)(bucket_of(1, entry->name) - buckets) & (places - 1);
  for (; seen[at] != NULL; at = (at + 1) & (places - 1)) {
    if (strcmp(seen[at]->name, entry->name) == 0) return 1;
  }
  seen[at] = entry;
  return 0;
}

/* Drops what is a whiteout, and all that is in a layer above. */
static size_t merge_list(struct entry *list, size_t count) {
  size_t places = 16, kept = 0;
  while (places < 2 * count) places *= 2;
  struct entry **seen = calloc(places, sizeof *seen);
  unsigned char *shown = malloc(count + 1);
  for (size_t at = 0; at < count; at++) shown[at] = !is_seen(seen, places, &list[at]) && list[at].type != DT_CHR;
  for (size_t at = 0; at < count; at++) {
    if (shown[at]) list[kept++] = list[at];
    else free(list[at].name);
  }
  free(seen);
  free(shown);
  return kept;
}

static void list_directory(uint64_t id) {
  struct node *node = &nodes[id];
  size_t room = 0, count = 0;
  for (size_t at = 0; at < node->listed; at++) free(node->list[at].name);
  free(node->list);
  node->list = NULL;
  for (int layer = 0; layer < layer_count; layer++) {
    int directory = directory_in(id, layer), at = 0, filled = 0;
    if (directory < 0 || lseek(directory, 0, SEEK_SET) < 0) continue;
    for (struct dirent64 *found; (found = next_name(directory, &at, &filled)) != NULL; count++) {
      if (count == room) node->list = realloc(node->list, (room = room * 2 + 64) * sizeof *node->list);
      node->list[count] = (struct entry){.name = strdup(found->d_name), .type = found->d_type, .layer = layer};
    }
  }
  node->listed = merge_list(node->list, count);
  node->stale = 0;
}

/* The node of a listed name, whose layer needs no search. */
static uint64_t listed_node(uint64_t parent, const struct entry *entry, struct stat *status) {
  uint64_t id = find_node(parent, entry->name);
  if (id != 0) return status_of(id, status) == 0 ? id : 0;
  if (fstatat(directory_in(parent, entry->layer), entry->name, status, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  return make_node(parent, entry->name, status->st_mode, entry->layer);
}

/* An offset is the index of the name that follows. "." and ".." are left out; the workloads pass over them. */
static int read_directory(uint64_t id, const struct fuse_read_in *in, int plus) {
  uint32_t filled = 0;
  if (in->offset == 0 && nodes[id].stale) list_directory(id);
  for (uint64_t at = in->offset; at < nodes[id].listed; at++) {
    const struct entry *entry = &nodes[id].list[at];
    size_t length = strlen(entry->name);
    size_t head = plus ? FUSE_NAME_OFFSET_DIRENTPLUS : FUSE_NAME_OFFSET;
    size_t size = FUSE_DIRENT_ALIGN(head + length);
    if (filled + size > in->size) break;
    struct fuse_dirent *out = (struct fuse_dirent *)(answer.body + filled);
    if (plus) {
      struct stat status;
      struct fuse_direntplus *whole = (struct fuse_direntplus *)out;
      uint64_t child = listed_node(id, entry, &status);
      if (child == 0) continue;
      encode_entry(&whole->entry_out, child, &status);
      out = &whole->dirent;
    }
    *out = (struct fuse_dirent){.ino = at + 1, .off = at + 1, .namelen = (uint32_t)length, .type = entry->type};
    memcpy(out->name, entry->name, length);
    filled += (uint32_t)size;
  }
  return (int)filled;
}

/* The length of the answer's body, an errno, or NO_REPLY. What the workloads never ask for is ENOSYS, as are opens. */
static int serve(const struct fuse_in_header *in) {
  const void *body = in + 1;
  const struct fuse_mknod_in *mknod = body;
  const struct fuse_mkdir_in *mkdir = body;
  const struct fuse_rename_in *rename = body;
  const char *name = body;
  switch (in->opcode) {
    case FUSE_INIT: return init(body);
    case FUSE_LOOKUP: return lookup(in->nodeid, name);
    case FUSE_FORGET: return forget(in->nodeid), NO_REPLY;
    case FUSE_BATCH_FORGET: return forget_batch(body);
    case FUSE_INTERRUPT: return NO_REPLY;
    case FUSE_GETATTR: return answer_attributes(in->nodeid);
    case FUSE_SETATTR: return setattr(in->nodeid, body);
    case FUSE_MKNOD: return make_file(in->nodeid, in, mknod->mode & ~mknod->umask, (const char *)(mknod + 1));
    case FUSE_MKDIR: return make_directory(in->nodeid, in, mkdir->mode & ~mkdir->umask, (const char *)(mkdir + 1));
    case FUSE_UNLINK: return unlink_name(in->nodeid, name);
    case FUSE_RMDIR: return remove_directory(in->nodeid, name);
    case FUSE_RENAME:
      name = (const char *)(rename + 1);
      return rename_name(in->nodeid, rename->newdir, name, name + strlen(name) + 1);
    case FUSE_READ: return read_data(in->nodeid, body);
    case FUSE_WRITE: return write_data(in->nodeid, body);
    case FUSE_FSYNC: return sync_data(in->nodeid, body);
    case FUSE_READDIR: return read_directory(in->nodeid, body, 0);
    case FUSE_READDIRPLUS: return read_directory(in->nodeid, body, 1);
    /* With ENOSYS the kernel would not ask again, as it does a file system that has xattrs. */
    case FUSE_GETXATTR: return -ENODATA;
    default: return -ENOSYS;
  }
}

static void send(const struct fuse_in_header *in, int result) {
  answer.head.error = result < 0 ? result : 0;
  answer.head.len = (uint32_t)(sizeof answer.head + (result < 0 ? 0 : (size_t)result));
  answer.head.unique = in->unique;
  /* ENOENT: whoever waited for it was killed. */
  must(write(device, &answer, answer.head.len) >= 0 || errno == ENOENT, "write", "/dev/fuse");
}

static void serve_all(void) {
  const struct fuse_in_header *in = (const struct fuse_in_header *)request;
  for (;;) {
    ssize_t length = read(device, request, sizeof request);
    if (length < 0 && errno == ENODEV) return;
    if (length < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN)) continue;
    must(length > 0, "read", "/dev/fuse");
    int result = serve(in);
    if (result != NO_REPLY) send(in, result);
    if (in->opcode == FUSE_INIT) raise_readahead();
  }
}

/* Held open for as long as this lives; ovlfs does it only while requests follow one another. */
static void keep_processors_awake(void) {
  int32_t none = 0;
  int latency = open("/dev/cpu_dma_latency", O_RDWR | O_CLOEXEC);
  if (latency >= 0) must(write(latency, &none, sizeof none) > 0, "write", "/dev/cpu_dma_latency");
}

static int open_layer(const char *path) {
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  must(directory >= 0, "open", path);
  return directory;
}

/* UPPER WORK MOUNTPOINT LOWER...: serves in front until it is unmounted */
int main(int count, char **words) {
  struct rlimit files;
  char options[128];
  errno = EINVAL;
  must(count >= 5, "usage:", "floor UPPER WORK MOUNTPOINT LOWER...");
  layer_count = count - 3;
  mountpoint = words[3];
  must(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit", "");
  files.rlim_cur = files.rlim_max;
  must(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit", "");
  umask(0);
  uint64_t root = make_node(0, NULL, S_IFDIR | 0755, UPPER);
  nodes[root].directories[UPPER] = open_layer(words[1]);
  for (int layer = 1; layer < layer_count; layer++) nodes[root].directories[layer] = open_layer(words[3 + layer]);
  work = open_layer(words[2]);
  must(mknodat(work, WHITEOUT, S_IFCHR, 0) == 0, "mknod", words[2]);
  keep_processors_awake();
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  must(device >= 0, "open", "/dev/fuse");
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other", device);
  must(mount("floor", mountpoint, "fuse.floor", 0, options) == 0, "mount", mountpoint);
  serve_all();
  return 0;
}
