/*
 * Memory mappings in numbered slots, told what to do in lines on standard input; the answer is one line each.
 *   map SLOT FILE LENGTH rs|ws|rp|wp   maps FILE from its start: readable or writable, shared or private
 *   peek SLOT OFFSET COUNT             prints bytes in hexadecimal
 *   poke SLOT OFFSET COUNT CHARACTER   stores a character COUNT times
 *   sync SLOT, unmap SLOT
 * An access that the kernel answers with a signal is answered with its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 8

static struct {
	char *memory;
	size_t length;
} slots[SLOTS];
static sigjmp_buf back;

static void caught(int signal) { siglongjmp(back, signal); }

static void unmap(int slot)
{
	if (slots[slot].memory != NULL) munmap(slots[slot].memory, slots[slot].length);
	slots[slot].memory = NULL;
}

static const char *map(int slot, const char *file, size_t length, const char *kind)
{
	int writable = kind[0] == 'w', shared = kind[1] == 's';
	int fd = open(file, writable && shared ? O_RDWR : O_RDONLY);
	char *memory;

	if (fd < 0) return strerror(errno);
	unmap(slot);
	memory = mmap(NULL, length, PROT_READ | (writable ? PROT_WRITE : 0), shared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED) {
		close(fd);
		return strerror(errno);
	}
	close(fd);
	slots[slot].memory = memory;
	slots[slot].length = length;
	return "mapped";
}

static void act(const char *line)
{
	char file[4096], kind[8], character;
	unsigned slot = 0, count = 0, i;
	unsigned long offset = 0, length = 0;
	char *at;

	if (sscanf(line, "%*s %u", &slot) != 1 || slot >= SLOTS) {
		puts("no slot");
	} else if (sscanf(line, "map %u %4095s %lu %7s", &slot, file, &length, kind) == 4) {
		puts(map(slot, file, length, kind));
	} else if (slots[slot].memory == NULL) {
		puts("no mapping");
	} else if (sscanf(line, "peek %u %lu %u", &slot, &offset, &count) == 3 && offset + count <= slots[slot].length) {
		char bytes[4096];
		memcpy(bytes, slots[slot].memory + offset, count < sizeof bytes ? count : sizeof bytes);
		for (i = 0; i < count && i < sizeof bytes; i++) printf("%02x", (unsigned char)bytes[i]);
		puts("");
	} else if (sscanf(line, "poke %u %lu %u %c", &slot, &offset, &count, &character) == 4 && offset + count <= slots[slot].length) {
		at = slots[slot].memory + offset;
		memset(at, character, count);
		puts("stored");
	} else if (strncmp(line, "sync", 4) == 0) {
		puts(msync(slots[slot].memory, slots[slot].length, MS_SYNC) == 0 ? "synced" : strerror(errno));
	} else if (strncmp(line, "unmap", 5) == 0) {
		unmap(slot);
		puts("unmapped");
	} else {
		puts("outside");
	}
}

int main(void)
{
	static char line[8192];
	int signal;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGBUS, &(struct sigaction){ .sa_handler = caught }, NULL);
	sigaction(SIGSEGV, &(struct sigaction){ .sa_handler = caught }, NULL);
	while (fgets(line, sizeof line, stdin) != NULL) {
		signal = sigsetjmp(back, 1);
		if (signal == 0) act(line);
		else puts(signal == SIGBUS ? "SIGBUS" : "SIGSEGV");
	}
	return 0;
}
