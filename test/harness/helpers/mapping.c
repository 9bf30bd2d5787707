/*
 * Memory mappings of a file, told what to do in lines on standard input; the answer is one line each.
 *   mapping FILE LENGTH [write]    maps LENGTH bytes shared, writable if asked for
 *   read OFFSET COUNT              prints the bytes of the mapping
 *   write OFFSET TEXT              stores the text in the mapping
 *   sync                           msync(MS_SYNC)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int writable = argc > 3;
	size_t length = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	int fd = argc > 2 ? open(argv[1], writable ? O_RDWR : O_RDONLY) : -1;
	char line[4096];
	char *memory;

	setvbuf(stdout, NULL, _IOLBF, 0);
	memory = mmap(NULL, length, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		printf("%s\n", strerror(errno));
		return 1;
	}
	close(fd);
	printf("mapped\n");
	while (fgets(line, sizeof line, stdin) != NULL) {
		unsigned long offset = 0;
		int count = 0, text = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "read %lu %d", &offset, &count) == 2) {
			printf("%.*s\n", count, memory + offset);
		} else if (sscanf(line, "write %lu %n", &offset, &text) == 1 && text > 0) {
			memcpy(memory + offset, line + text, strlen(line + text));
			printf("written\n");
		} else if (strcmp(line, "sync") == 0) {
			printf("%s\n", msync(memory, length, MS_SYNC) == 0 ? "synced" : strerror(errno));
		}
	}
	return 0;
}
