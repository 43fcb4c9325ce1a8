// SPDX-License-Identifier: Apache-2.0
// case: small 1 4000
// case: other 20261126 4000
// timeout: 120
// Random mmap, munmap, mprotect, madvise and mremap in one stretch of addresses, compared with a model page by page:
// which accesses fault and how, and what the pages hold.
#include "check.h"
#include <setjmp.h>

enum { kPage = 4096, kPages = 160 };
struct Page {
  int mapped, protection;
  unsigned char value;  // all bytes of the page
};
static struct Page model[kPages];
static char* base;
static unsigned seed;
static long operations;
static sigjmp_buf way_out;
static volatile int code;

static void on_fault(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  code = info->si_code;
  siglongjmp(way_out, 1);
}
static unsigned draw(unsigned limit) { return (unsigned)rand_r(&seed) % limit; }

static void complain(unsigned page, const char* what, int found, int expected) {
  SAY("FAILED after %ld operations: page %u: %s is %d, not %d", operations, page, what, found, expected);
  exit(1);
}
static void check_page(unsigned page) {
  const struct Page* const m = &model[page];
  volatile char* const p = base + (size_t)page * kPage;
  code = 0;
  unsigned char first = 0, middle = 0, last = 0;
  if (sigsetjmp(way_out, 1) == 0)
    first = (unsigned char)p[0], middle = (unsigned char)p[2056], last = (unsigned char)p[4095];
  const int readable = m->mapped && m->protection != PROT_NONE;
  const int expected = readable ? 0 : m->mapped ? SEGV_ACCERR : SEGV_MAPERR;
  if (code != expected) complain(page, "the code of a read", code, expected);
  if (!readable) return;
  if (first != m->value) complain(page, "its first byte", first, m->value);
  if (middle != m->value) complain(page, "a byte in its middle", middle, m->value);
  if (last != m->value) complain(page, "its last byte", last, m->value);
}
static void write_page(unsigned page) {
  struct Page* const m = &model[page];
  const unsigned char value = (unsigned char)(1 + draw(255));
  code = 0;
  if (sigsetjmp(way_out, 1) == 0) memset(base + (size_t)page * kPage, value, kPage);
  const int writable = m->mapped && (m->protection & PROT_WRITE) != 0;
  const int expected = writable ? 0 : m->mapped ? SEGV_ACCERR : SEGV_MAPERR;
  if (code != expected) complain(page, "the code of a write", code, expected);
  if (writable) m->value = value;
}

struct Range {
  unsigned first, count;
};
static struct Range draw_range(void) {
  const unsigned longest = draw(8) == 0 ? kPages : 24;
  struct Range r = {draw(kPages), 1 + draw(longest)};
  if (r.first + r.count > kPages) r.count = kPages - r.first;
  return r;
}
static char* at(unsigned page) { return base + (size_t)page * kPage; }
static int count_mapped(struct Range r) {
  int count = 0;
  for (unsigned i = 0; i < r.count; i++) count += model[r.first + i].mapped;
  return count;
}
static void note(struct Range r, int mapped, int protection) {
  for (unsigned i = 0; i < r.count; i++) model[r.first + i] = (struct Page){mapped, protection, 0};
}
static int draw_protection(void) {
  static const int list[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ,
                             PROT_NONE};
  return list[draw(5)];
}

static void map_range(struct Range r, int flags) {
  const int protection = draw_protection();
  const size_t size = (size_t)r.count * kPage;
  char* p = mmap(at(r.first), size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  REQUIRE(p == at(r.first));
  note(r, 1, protection);
}
static void move_range(struct Range r) {
  const struct Range to = {draw(kPages - r.count + 1), r.count};
  if (to.first < r.first + r.count && r.first < to.first + to.count) return;
  const size_t size = (size_t)r.count * kPage;
  REQUIRE(mremap(at(r.first), size, size, MREMAP_MAYMOVE | MREMAP_FIXED, at(to.first)) == at(to.first));
  memcpy(&model[to.first], &model[r.first], r.count * sizeof model[0]);
  note(r, 0, 0);
}

static void operate(void) {
  const struct Range r = draw_range();
  const size_t size = (size_t)r.count * kPage;
  const int mapped = count_mapped(r);
  switch (draw(8)) {
    case 0: map_range(r, MAP_FIXED); break;
    case 1:
    case 2:
      if (mapped == 0) map_range(r, 0);  // the address as a wish, which is free
      break;
    case 3:
    case 4:
      REQUIRE(munmap(at(r.first), size) == 0);
      note(r, 0, 0);
      break;
    case 5: {
      if (mapped != (int)r.count) break;
      const int protection = draw_protection();
      REQUIRE(mprotect(at(r.first), size, protection) == 0);
      for (unsigned i = 0; i < r.count; i++) model[r.first + i].protection = protection;
      break;
    }
    case 6: {
      const int result = madvise(at(r.first), size, MADV_DONTNEED);
      REQUIRE(mapped == (int)r.count ? result == 0 : result == -1 && errno == ENOMEM);
      for (unsigned i = 0; i < r.count; i++) model[r.first + i].value = 0;
      break;
    }
    case 7:  // what moves must be one mapping
      map_range(r, MAP_FIXED);
      for (unsigned i = 0; i < r.count && i < 4; i++) write_page(r.first + draw(r.count));
      move_range(r);
      break;
    default: break;
  }
}

int main(int argc, char** argv) {
  REQUIRE(argc == 3);
  seed = (unsigned)atol(argv[1]);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, NULL);
  // Guards at both ends, so that nothing else comes to lie beside the stretch.
  base = mmap(NULL, (kPages + 2) * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(base != MAP_FAILED);
  base += kPage;
  for (unsigned i = 0; i < kPages; i++) model[i] = (struct Page){1, PROT_NONE, 0};
  for (operations = 1; operations <= atol(argv[2]); operations++) {
    operate();
    for (int i = 0; i < 6; i++) write_page(draw(kPages));
    for (int i = 0; i < 10; i++) check_page(draw(kPages));
    if (operations % 64 == 0)
      for (unsigned page = 0; page < kPages; page++) check_page(page);
  }
  return check_done();
}
