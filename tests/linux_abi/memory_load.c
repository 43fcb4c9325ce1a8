// SPDX-License-Identifier: Apache-2.0
// Allocation under load from several threads, with contents checked.
#include "check.h"

static void* worker(void* seed_pointer) {
  unsigned seed = (unsigned)(uintptr_t)seed_pointer;
  enum { kSlots = 200 };
  unsigned char* slots[kSlots] = {0};
  size_t sizes[kSlots] = {0};
  for (int i = 0; i < 20000; i++) {
    int s = rand_r(&seed) % kSlots;
    if (slots[s]) {
      unsigned char mark = (unsigned char)(s + 1);
      CHECK(slots[s][0] == mark && slots[s][sizes[s] - 1] == mark);
      free(slots[s]);
      slots[s] = NULL;
    } else {
      size_t size =
          rand_r(&seed) % 50 == 0 ? 300000 + (size_t)rand_r(&seed) % 200000 : 1 + (size_t)rand_r(&seed) % 4000;
      sizes[s] = size;
      slots[s] = malloc(size);
      REQUIRE(slots[s]);
      slots[s][0] = slots[s][size - 1] = (unsigned char)(s + 1);
    }
  }
  for (int s = 0; s < kSlots; s++) free(slots[s]);
  return NULL;
}

int main(void) {
  pthread_t threads[4];
  for (uintptr_t i = 0; i < 4; i++) REQUIRE(pthread_create(&threads[i], NULL, worker, (void*)(i + 1)) == 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  SECTION("40 MiB, touched, released, ten times");
  for (int round = 0; round < 10; round++) {
    char* p = malloc(40 << 20);
    REQUIRE(p);
    memset(p, round, 40 << 20);
    CHECK(p[(40 << 20) - 1] == (char)round);
    free(p);
  }
  return check_done();
}
