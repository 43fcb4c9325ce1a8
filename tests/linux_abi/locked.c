// SPDX-License-Identifier: Apache-2.0
// mlock, mlockall and MAP_LOCKED: pages come at once and stay, and what is counted as locked.
#include "check.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { kPages = 64 };
static long page;

static long locked_kilobytes(void) {
  char line[256];
  long size = -1;
  FILE* status = fopen("/proc/self/status", "r");
  REQUIRE(status != NULL);
  while (fgets(line, sizeof line, status) != NULL)
    if (sscanf(line, "VmLck: %ld", &size) == 1) break;
  fclose(status);
  return size;
}

static int resident(char* memory, size_t pages) {
  unsigned char there[kPages];
  int count = 0;
  REQUIRE(mincore(memory, pages * (size_t)page, there) == 0);
  for (size_t i = 0; i < pages; i++) count += there[i] & 1;
  return count;
}

static char* map(int flags) {
  char* memory =
      mmap(NULL, (size_t)(kPages * page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  return memory;
}

int main(void) {
  page = sysconf(_SC_PAGESIZE);
  const size_t size = (size_t)(kPages * page);
  SECTION("mlock");
  char* memory = map(0);
  CHECK(mlock(memory + 100, size - 200) == 0);
  SAY("resident %d, locked %ld kB", resident(memory, kPages), locked_kilobytes());
  CHECK_ERRNO(madvise(memory, size, MADV_DONTNEED), EINVAL);
  CHECK_ERRNO(madvise(memory + page, (size_t)page, MADV_FREE), EINVAL);
  CHECK_ERRNO(msync(memory, size, MS_INVALIDATE), EBUSY);
  CHECK(munlock(memory, 4 * (size_t)page) == 0);
  SAY("locked %ld kB", locked_kilobytes());
  memory[0] = 7;
  CHECK(madvise(memory, (size_t)page, MADV_DONTNEED) == 0 && memory[0] == 0);
  CHECK(msync(memory, (size_t)page, MS_INVALIDATE) == 0);
  CHECK(munmap(memory, size) == 0);
  SAY("locked %ld kB", locked_kilobytes());
  CHECK_ERRNO(mlock(memory, size), ENOMEM);
  CHECK_ERRNO(munlock(memory, size), ENOMEM);
  CHECK_ERRNO(mlock((void*)-4096, size), EINVAL);
  CHECK_ERRNO(mlock((void*)-4096, 4095), EINVAL);
  CHECK_ERRNO(mlock((void*)-2048, 2047), EINVAL);
  CHECK_ERRNO(munlock((void*)-4096, 4095), EINVAL);
  CHECK(mlock(memory, (size_t)-1) == 0);
  CHECK(munlock(memory, (size_t)-1) == 0);
  SECTION("on fault");
  memory = map(MAP_NORESERVE);
  CHECK(mlock2(memory, size, MLOCK_ONFAULT) == 0);
  SAY("locked %ld kB", locked_kilobytes());
  CHECK(munlock(memory, size) == 0 && munmap(memory, size) == 0);
  CHECK_ERRNO((int)syscall(SYS_mlock2, memory, size, 2), EINVAL);
  SECTION("mapped as locked");
  memory = map(MAP_LOCKED);
  SAY("resident %d, locked %ld kB", resident(memory, kPages), locked_kilobytes());
  char* larger = mremap(memory, size, 2 * size, MREMAP_MAYMOVE);
  REQUIRE(larger != MAP_FAILED);
  SAY("locked %ld kB", locked_kilobytes());
  CHECK(munlockall() == 0);
  SAY("locked %ld kB", locked_kilobytes());
  CHECK(munmap(larger, 2 * size) == 0);
  SECTION("everything to come");
  CHECK_ERRNO(mlockall(0), EINVAL);
  CHECK_ERRNO(mlockall(MCL_ONFAULT), EINVAL);
  CHECK(mlockall(MCL_FUTURE) == 0);
  memory = map(0);
  SAY("resident %d, locked %ld kB", resident(memory, kPages), locked_kilobytes());
  CHECK(munlockall() == 0);
  CHECK(munmap(memory, size) == 0);
  memory = map(0);
  SAY("locked %ld kB", locked_kilobytes());
  CHECK(munmap(memory, size) == 0);
  SECTION("without the right");
  if (geteuid() == 0) {
    const struct rlimit few = {(rlim_t)(4 * page), (rlim_t)(4 * page)}, none = {0, 0};
    REQUIRE(setrlimit(RLIMIT_MEMLOCK, &few) == 0 && setresuid(65534, 65534, 65534) == 0);
    memory = map(0);
    CHECK_ERRNO(mlock(memory, size), ENOMEM);
    CHECK(mlock(memory, 4 * (size_t)page) == 0);
    CHECK_ERRNO(mlock(memory + 8 * page, (size_t)page), ENOMEM);
    CHECK(mlock(memory, 2 * (size_t)page) == 0);
    CHECK_ERRNO(mlockall(MCL_CURRENT), ENOMEM);
    REQUIRE(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    CHECK_ERRNO(mlock(memory + 8 * page, (size_t)page), EPERM);
    CHECK_ERRNO(mlockall(MCL_FUTURE), EPERM);
    CHECK(munlockall() == 0);
  }
  return check_done();
}
