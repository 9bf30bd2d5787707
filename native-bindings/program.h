/* The program that this process runs; see program.c. */
#ifndef OVLFS_PROGRAM_H
#define OVLFS_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Maps parts of the program's own file, reading them where they are not in memory. `parts` are `count` numbers, two for
 * each part: the page of 4 KiB it begins with, as counted from where the program begins in memory, and its pages. Answers
 * the pages that are mapped then, or the negated errno of the first part that cannot be; parts beyond the program are left out.
 */
int64_t map_program(const uint32_t *parts, size_t count);

#endif
