// SPDX-License-Identifier: Apache-2.0
// mremap: shrink, grow in place or by moving, fixed target, contents kept.
#include "check.h"

int main(void) {
  char* p = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(p != MAP_FAILED);
  for (int i = 0; i < 4; i++) p[i * 4096] = (char)(i + 1);
  SECTION("shrink");
  CHECK(mremap(p, 4 * 4096, 2 * 4096, 0) == p);
  SECTION("grow may move");
  char* q = mremap(p, 2 * 4096, 64 * 4096, MREMAP_MAYMOVE);
  REQUIRE(q != MAP_FAILED);
  CHECK(q[0] == 1 && q[4096] == 2 && q[2 * 4096] == 0 && q[63 * 4096] == 0);
  SECTION("grow in place is refused when something follows");
  char* two = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK_ERRNO(mremap(two, 4096, 3 * 4096, 0), ENOMEM);
  SECTION("fixed");
  char* target = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  target[0] = 77;
  char* moved = mremap(q, 64 * 4096, 64 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, target);
  CHECK(moved == target && moved[0] == 1 && moved[4096] == 2 && moved[10 * 4096] == 0);
  SECTION("errors");
  CHECK_ERRNO(mremap(target + 1, 4096, 8192, MREMAP_MAYMOVE), EINVAL);
  CHECK_ERRNO(mremap(target, 4096, 0, MREMAP_MAYMOVE), EINVAL);
  CHECK_ERRNO(mremap(q, 4096, 8192, MREMAP_MAYMOVE), EFAULT);
  SECTION("realloc of a big block");
  size_t size = 1 << 20;
  unsigned char* block = malloc(size);
  for (size_t i = 0; i < size; i += 4096) block[i] = (unsigned char)(i >> 12);
  for (int step = 0; step < 5; step++) {
    block = realloc(block, size *= 2);
    REQUIRE(block);
    for (size_t i = 0; i < 1 << 20; i += 4096) CHECK(block[i] == (unsigned char)(i >> 12));
  }
  free(block);
  return check_done();
}
