/*
 * The file of the program that this process runs, which is Node: parts of it are mapped before they are needed, so that
 * nobody waits for the disk amid what needs them.
 */
#include "program.h"

#include <errno.h>
#include <link.h>
#include <sys/mman.h>

/* Linux 5.14; older C libraries do not name it. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define PAGE ((uintptr_t)4096)

struct image {
  uintptr_t begin, end;
};

/* The program is the first that is told of, its dynamic libraries follow. */
static int find_image(struct dl_phdr_info *info, size_t size, void *data) {
  struct image *image = data;
  for (int at = 0; at < info->dlpi_phnum; at++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[at];
    if (segment->p_type != PT_LOAD) continue;
    uintptr_t begin = (info->dlpi_addr + segment->p_vaddr) / PAGE * PAGE;
    if (image->begin == 0) image->begin = begin;
    image->end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
  }
  return 1;
}

int64_t map_program(const uint32_t *parts, size_t count) {
  struct image image = {0};
  int64_t mapped = 0;
  dl_iterate_phdr(find_image, &image);
  for (size_t at = 0; at + 1 < count; at += 2) {
    uintptr_t begin = image.begin + parts[at] * PAGE;
    if (begin + parts[at + 1] * PAGE > image.end) continue;
    if (madvise((void *)begin, parts[at + 1] * PAGE, MADV_POPULATE_READ) < 0) return -errno;
    mapped += parts[at + 1];
  }
  return mapped;
}
