/*
 * The operations whose requests are counted, as the system calls that programs make. It works in the directory
 * that is its argument, on COUNT names, and is told what to do by lines on standard input: one operation each,
 * done to every name before the answer, "done" or what failed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PAGE 4096
#define WRITING (O_WRONLY | O_CREAT)

static char data[PAGE];
static volatile char seen;
static int kept = -1;

static int writes(const char *name, int flags, size_t length)
{
	int fd = open(name, flags, 0644);

	return fd < 0 || write(fd, data, length) != (ssize_t)length || close(fd) != 0;
}

static int creates(const char *name) { return writes(name, WRITING | O_EXCL, 1024); }
static int rewrites(const char *name) { return writes(name, WRITING | O_TRUNC, 1024); }
static int appends(const char *name) { return writes(name, O_WRONLY | O_APPEND, PAGE); }

static int reads(const char *name)
{
	int fd = open(name, O_RDONLY);

	return fd < 0 || read(fd, data, PAGE) < 0 || close(fd) != 0;
}

static int maps(const char *name)
{
	struct stat found;
	int fd = open(name, O_RDONLY);
	char *memory;

	if (fd < 0 || fstat(fd, &found) != 0)
		return 1;
	memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		return 1;
	seen = memory[0];
	return munmap(memory, PAGE) != 0 || close(fd) != 0;
}

static int saves(const char *name)
{
	char other[64];
	int fd;

	snprintf(other, sizeof other, ".%s.new", name);
	fd = open(other, WRITING | O_EXCL, 0644);
	if (fd < 0 || write(fd, data, 1024) != 1024 || fsync(fd) != 0 || close(fd) != 0)
		return 1;
	return rename(other, name);
}

static int lists(const char *name, int attributes)
{
	DIR *directory = opendir(name);
	struct dirent *entry;
	struct stat found;

	if (directory == NULL)
		return 1;
	while ((entry = readdir(directory)) != NULL) {
		if (attributes && fstatat(dirfd(directory), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0)
			return 1;
	}
	return closedir(directory);
}

static int lists_names(const char *name) { return lists(name, 0); }
static int lists_attributes(const char *name) { return lists(name, 1); }

static int stats(const char *name)
{
	struct stat found;

	return stat(name, &found);
}

static int misses(const char *name) { return stats(name) == 0 || errno != ENOENT; }
static int may_read(const char *name) { return access(name, R_OK); }
static int changes_mode(const char *name) { return chmod(name, 0600); }
static int touches(const char *name) { return utimensat(AT_FDCWD, name, NULL, 0); }
static int unlinks(const char *name) { return unlink(name); }
static int makes_directory(const char *name) { return mkdir(name, 0755); }
static int removes_directory(const char *name) { return rmdir(name); }
static int makes_symlink(const char *name) { return symlink("target", name); }

static int renames(const char *name)
{
	char other[64];

	snprintf(other, sizeof other, "%s.new", name);
	return rename(name, other);
}

static int links(const char *name)
{
	char other[64];

	snprintf(other, sizeof other, "%s.new", name);
	return link(name, other);
}

static int asks_capability(const char *name)
{
	return getxattr(name, "security.capability", data, sizeof data) >= 0 || errno != ENODATA;
}

static int asks_space(const char *name)
{
	struct statfs found;

	return statfs(name, &found);
}

static int keeps_open(const char *name)
{
	if (kept < 0)
		kept = open(name, WRITING | O_TRUNC, 0644);
	return kept < 0;
}

/* Each write goes behind the one before. */
static int writes_to_kept(const char *name) { return *name == '\0' || write(kept, data, PAGE) != PAGE; }
static int writes_and_syncs_kept(const char *name) { return writes_to_kept(name) || fsync(kept) != 0; }

static int closes_kept(const char *name)
{
	int failed = *name == '\0' || (kept >= 0 && close(kept) != 0);

	kept = -1;
	return failed;
}

static const struct operation {
	const char *name;
	int (*on)(const char *name);
} operations[] = {
	{ "create", creates }, { "rewrite", rewrites }, { "append", appends }, { "read", reads }, { "map", maps },
	{ "save", saves }, { "list", lists_names }, { "list-attributes", lists_attributes }, { "stat", stats },
	{ "miss", misses }, { "access", may_read }, { "chmod", changes_mode }, { "touch", touches }, { "unlink", unlinks },
	{ "mkdir", makes_directory }, { "rmdir", removes_directory }, { "symlink", makes_symlink }, { "rename", renames },
	{ "link", links }, { "capability", asks_capability }, { "statfs", asks_space }, { "keep-open", keeps_open },
	{ "write-kept", writes_to_kept }, { "write-sync-kept", writes_and_syncs_kept }, { "close-kept", closes_kept },
};

static void perform(const char *wanted, int count)
{
	const struct operation *end = operations + sizeof operations / sizeof *operations;
	const struct operation *operation = operations;
	char name[16];
	int i;

	while (operation < end && strcmp(operation->name, wanted) != 0)
		operation++;
	if (operation == end) {
		printf("there is no operation %s\n", wanted);
		return;
	}
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof name, "n%d", i);
		if (operation->on(name) != 0) {
			printf("%s of %s: %s\n", wanted, name, strerror(errno));
			return;
		}
	}
	printf("done\n");
}

int main(int argc, char **argv)
{
	char line[64];

	if (argc < 3 || chdir(argv[1]) != 0)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		perform(line, atoi(argv[2]));
	}
	return 0;
}
