// SPDX-License-Identifier: Apache-2.0
// Asks for more memory than there is: every request beyond it fails with ENOMEM, and what is given back serves again.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kBlock = 1 << 20, kMost = 4096 };
#define REQUIRE(condition)                                            \
  do {                                                                \
    if (!(condition)) {                                               \
      printf("line %d: %s, errno %d\n", __LINE__, #condition, errno); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

// Returns how many blocks there were.
static int fill_and_free(void) {
  char** blocks = calloc(kMost, sizeof *blocks);
  if (blocks == NULL) return 0;
  int count = 0;
  for (; count < kMost; ++count) {
    errno = 0;
    blocks[count] = mmap(NULL, kBlock, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (blocks[count] == MAP_FAILED) break;
    memset(blocks[count], count, kBlock);
  }
  const int error = errno;
  for (int i = 0; i < count; ++i) munmap(blocks[i], kBlock);
  free(blocks);
  if (count == kMost || error != ENOMEM) exit(printf("the end is missing: %d blocks, errno %d\n", count, error));
  return count;
}

static void* in_thread(void* result) {
  *(int*)result = fill_and_free();
  return NULL;
}
static void* idle(void* unused) { return unused; }

static int use_stack(int depth) {
  volatile char room[4096];
  memset((char*)room, depth, sizeof room);
  return depth == 0 ? room[17] : use_stack(depth - 1) + room[18] * 0;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  const size_t huge = 1UL << 30;
  REQUIRE(malloc(huge) == NULL && errno == ENOMEM);
  errno = 0;
  REQUIRE(sbrk(huge) == (void*)-1 && errno == ENOMEM);
  void* const small = mmap(NULL, kBlock, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(small != MAP_FAILED && mremap(small, kBlock, huge, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
  puts("single requests");
  const int alone = fill_and_free();
  REQUIRE(alone > 8 && fill_and_free() > alone / 2);
  puts("filled twice");
  pthread_t threads[2];
  int counts[2];
  for (int i = 0; i < 2; ++i) REQUIRE(pthread_create(&threads[i], NULL, in_thread, &counts[i]) == 0);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  REQUIRE(counts[0] + counts[1] > 4);
  puts("filled by two threads");
  char* blocks[kMost];
  int count = 0;
  while (count < kMost && (blocks[count] = malloc(kBlock)) != NULL) memset(blocks[count++], 1, kBlock);
  REQUIRE(count > 8 && count < kMost);
  // Whatever becomes of a thread that is started now, the process goes on.
  if (pthread_create(&threads[0], NULL, idle, NULL) == 0) pthread_join(threads[0], NULL);
  REQUIRE(access("/", F_OK) == 0);
  while (count > 0) free(blocks[--count]);
  REQUIRE(use_stack(1000) >= 0);
  puts("done");
  return 0;
}
