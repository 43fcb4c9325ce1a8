// SPDX-License-Identifier: Apache-2.0
// Memory that was given up faults at every access, and what is mapped there next is zero or what the file holds.
#include "check.h"
#include <setjmp.h>

enum { kPage = 4096 };
static sigjmp_buf way_out;
static volatile int code;

static void on_fault(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  code = info->si_code;
  siglongjmp(way_out, 1);
}
// 0: accessible; else the signal's si_code.
static int read_fault(const volatile char* p) {
  code = 0;
  if (sigsetjmp(way_out, 1) == 0) (void)*p;
  return code;
}
static int write_fault(volatile char* p) {
  code = 0;
  if (sigsetjmp(way_out, 1) == 0) *p = 1;
  return code;
}
static int is_zero(const char* p, size_t size) {
  for (size_t i = 0; i < size; i += 64)
    if (p[i] != 0) return 0;
  return p[size - 1] == 0;
}
static char* map(void* hint, size_t size, int protection) {
  char* p = mmap(hint, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(p != MAP_FAILED);
  return p;
}
static char* map_filled(size_t size) {
  char* p = map(NULL, size, PROT_READ | PROT_WRITE);
  memset(p, 0xa5, size);
  return p;
}

static void sizes(void) {
  static const size_t list[] = {1, 3, 16, 17, 64, 256, 300, 1024};
  for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
    size_t size = list[i] * kPage;
    for (int round = 0; round < 3; round++) {
      char* p = map_filled(size);
      CHECK(munmap(p, size) == 0);
      CHECK(read_fault(p) == SEGV_MAPERR && write_fault(p + size / 2) == SEGV_MAPERR);
      CHECK(read_fault(p + size - 1) == SEGV_MAPERR);
      CHECK_ERRNO(write(STDOUT_FILENO, p, size), EFAULT);
      char* q = map(p, size, PROT_READ | PROT_WRITE);
      CHECK(q == p && is_zero(q, size));
      CHECK(munmap(q, size) == 0);
    }
  }
}

static void pieces(void) {
  char* p = map_filled(32 * kPage);
  CHECK(munmap(p + 8 * kPage, 16 * kPage) == 0);
  CHECK(p[8 * kPage - 1] == (char)0xa5 && p[24 * kPage] == (char)0xa5);
  for (int i = 8; i < 24; i++) CHECK(read_fault(p + i * kPage) == SEGV_MAPERR);
  char* middle = map(p + 12 * kPage, 4 * kPage, PROT_READ | PROT_WRITE);
  CHECK(middle == p + 12 * kPage && is_zero(middle, 4 * kPage));
  CHECK(read_fault(middle - 1) == SEGV_MAPERR && read_fault(middle + 4 * kPage) == SEGV_MAPERR);
  CHECK(munmap(p, 32 * kPage) == 0);
  char* larger = map(p - 4 * kPage, 40 * kPage, PROT_READ | PROT_WRITE);
  CHECK(is_zero(larger, 40 * kPage));
  CHECK(munmap(larger, 40 * kPage) == 0);
}

static void protections(void) {
  char* p = map_filled(16 * kPage);
  CHECK(munmap(p, 16 * kPage) == 0);
  char* q = map(p, 16 * kPage, PROT_READ);
  CHECK(q == p && is_zero(q, 16 * kPage) && write_fault(q) == SEGV_ACCERR);
  CHECK(mprotect(q, 16 * kPage, PROT_READ | PROT_WRITE) == 0 && write_fault(q) == 0 && is_zero(q + kPage, 15 * kPage));
  memset(q, 7, 16 * kPage);
  CHECK(munmap(q, 16 * kPage) == 0);
  q = map(p, 16 * kPage, PROT_NONE);
  CHECK(q == p && read_fault(q) == SEGV_ACCERR);
  CHECK(mprotect(q, 16 * kPage, PROT_READ | PROT_WRITE) == 0 && is_zero(q, 16 * kPage));
  CHECK(munmap(q, 16 * kPage) == 0);
  p = map_filled(16 * kPage);
  q = mmap(p, 16 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CHECK(q == p && is_zero(q, 16 * kPage));
  CHECK(madvise(q, 16 * kPage, MADV_DONTNEED) == 0 && munmap(q, 16 * kPage) == 0);
}

static void files(void) {
  int fd = open("reuse.data", O_RDWR | O_CREAT | O_TRUNC, 0600);
  static char block[16 * kPage];
  memset(block, 'f', sizeof block);
  REQUIRE(fd >= 0 && write(fd, block, sizeof block) == sizeof block);
  char* p = map_filled(16 * kPage);
  CHECK(munmap(p, 16 * kPage) == 0);
  char* f = mmap(p, 16 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(f == p && memcmp(f, block, sizeof block) == 0);
  f[0] = 'x';
  CHECK(munmap(f, 16 * kPage) == 0 && read_fault(f) == SEGV_MAPERR);
  char* q = map(p, 16 * kPage, PROT_READ | PROT_WRITE);
  CHECK(q == p && is_zero(q, 16 * kPage) && munmap(q, 16 * kPage) == 0);
  close(fd);
}

static void heap(void) {
  char* const end = sbrk(0);
  REQUIRE(sbrk(64 * kPage) == end);
  memset(end, 0x5a, 64 * kPage);
  char* const kept = (char*)(((uintptr_t)end + 17 * kPage) & ~(uintptr_t)(kPage - 1));
  CHECK(brk(kept) == 0);
  CHECK(kept[-1] == 0x5a && read_fault(kept) == SEGV_MAPERR && write_fault(end + 63 * kPage) == SEGV_MAPERR);
  CHECK(brk(end + 64 * kPage) == 0);
  CHECK(kept[-1] == 0x5a && is_zero(kept, (size_t)(end + 64 * kPage - kept)));
  CHECK(brk(end) == 0);
}

static void moved(void) {
  char* p = map_filled(16 * kPage);
  char* place = map(NULL, 16 * kPage, PROT_NONE);
  char* q = mremap(p, 16 * kPage, 16 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  CHECK(q == place && q[16 * kPage - 1] == (char)0xa5 && read_fault(p) == SEGV_MAPERR);
  char* again = map(p, 16 * kPage, PROT_READ | PROT_WRITE);
  CHECK(again == p && is_zero(again, 16 * kPage));
  CHECK(mremap(q, 16 * kPage, 4 * kPage, 0) == q && read_fault(q + 4 * kPage) == SEGV_MAPERR);
  CHECK(mremap(q, 4 * kPage, 16 * kPage, 0) == q && q[0] == (char)0xa5 && is_zero(q + 4 * kPage, 12 * kPage));
  CHECK(munmap(q, 16 * kPage) == 0 && munmap(again, 16 * kPage) == 0);
}

// Threads map and unmap beside each other; each must find zeroes, and nobody's data but its own afterwards.
static void* mapper(void* argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  const char mark = (char)seed;
  for (int i = 0; i < 3000; i++) {
    size_t size = (1 + (size_t)rand_r(&seed) % (i % 50 == 0 ? 400 : 24)) * kPage;
    char* p = map(NULL, size, PROT_READ | PROT_WRITE);
    CHECK(is_zero(p, size));
    for (size_t at = 0; at < size; at += kPage) p[at] = mark;
    if (i % 7 == 0) CHECK(madvise(p, size, MADV_DONTNEED) == 0 && p[size / 2 & ~(size_t)(kPage - 1)] == 0);
    if (i % 7 != 0)
      for (size_t at = 0; at < size; at += kPage) CHECK(p[at] == mark);
    CHECK(munmap(p, size) == 0);
  }
  return NULL;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, NULL);
  SECTION("use after munmap, several sizes");
  sizes();
  SECTION("pieces");
  pieces();
  SECTION("protections");
  protections();
  SECTION("files");
  files();
  SECTION("heap");
  heap();
  SECTION("moved");
  moved();
  SECTION("threads");
  pthread_t threads[4];
  for (uintptr_t i = 0; i < 4; i++) REQUIRE(pthread_create(&threads[i], NULL, mapper, (void*)(i + 1)) == 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  return check_done();
}
