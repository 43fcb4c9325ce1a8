// SPDX-License-Identifier: Apache-2.0
// Takes a record lock on the file that it is given; a mapping of the file, whose descriptor was closed before, goes
// meanwhile. Then it waits for the end of its input.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const int mapped = open(argv[argc - 1], O_RDWR), locked = open(argv[argc - 1], O_RDWR);
  char* const map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, 0);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
  if (mapped < 0 || locked < 0 || map == MAP_FAILED || close(mapped) != 0) return 1;
  map[0] = 'x';
  if (fcntl(locked, F_SETLK, &lock) != 0 || munmap(map, 4096) != 0) return 1;
  puts("locked");
  fflush(stdout);
  while (getchar() != EOF) continue;
  lock.l_type = F_UNLCK;
  return fcntl(locked, F_SETLK, &lock) != 0;
}
