/*
 * Locks and leases of a file, told what to do in lines on standard input; the answer is one line each: "done", a
 * number, or what was refused.
 *   locks FILE [write]      opens it
 *   lock read|write         fcntl(F_SETLK) on all of it
 *   lease read|write|none   fcntl(F_SETLEASE)
 *   break                   opens it anew for writing, without waiting for a lease
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static short kind(const char *word)
{
	return strcmp(word, "read") == 0 ? F_RDLCK : strcmp(word, "write") == 0 ? F_WRLCK : F_UNLCK;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], argc > 2 ? O_RDWR : O_RDONLY);
	char line[256], word[16];

	signal(SIGIO, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s\n", fd < 0 ? strerror(errno) : "done");
	while (fgets(line, sizeof line, stdin) != NULL) {
		int result = -1;

		errno = EINVAL;
		if (sscanf(line, "lock %15s", word) == 1) {
			struct flock lock = {.l_type = kind(word), .l_whence = SEEK_SET};
			result = fcntl(fd, F_SETLK, &lock);
		} else if (sscanf(line, "lease %15s", word) == 1) {
			result = fcntl(fd, F_SETLEASE, kind(word));
		} else if (strcmp(line, "break\n") == 0) {
			result = open(argv[1], O_WRONLY | O_NONBLOCK);
			if (result >= 0) result = close(result);
		}
		printf("%s\n", result < 0 ? strerror(errno) : "done");
	}
	return 0;
}
