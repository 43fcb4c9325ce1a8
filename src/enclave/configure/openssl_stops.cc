// SPDX-License-Identifier: Apache-2.0
// What OpenSSL's library refers to and an enclave must not have: loading code, resolving names, the environment, the
// system log, the host's time. The linker sends all such calls here (--wrap), so that the C library's own are not
// linked in, which the check of forbidden symbols holds. Nothing that the runtime does leads to the ones that stop.
#include <sys/time.h>
#include <time.h>
#include <algorithm>
#include <cstddef>
#include "src/enclave/core/check.h"

#define STOP(name)                                                               \
  extern "C" [[noreturn]] void __wrap_##name() {                                 \
    ::cloister::core::enclave_fail("OpenSSL called " #name, __FILE__, __LINE__); \
  }
STOP(dlopen)
STOP(dlsym)
STOP(dlclose)
STOP(dlerror)
STOP(dladdr)
STOP(getaddrinfo)
STOP(freeaddrinfo)
STOP(gai_strerror)
STOP(getnameinfo)
STOP(gethostbyname)
STOP(getservbyname)
STOP(openlog)
STOP(syslog)
STOP(closelog)

// The enclave's clock. The C library's own would ask for calls that the runtime does not serve.
extern "C" int __wrap_gettimeofday(timeval* now, void*) {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  *now = {time.tv_sec, time.tv_nsec / 1000};
  return 0;
}
extern "C" time_t __wrap_time(time_t* now) {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  if (now != nullptr) *now = time.tv_sec;
  return time.tv_sec;
}

// In place: the C library's own asks the host how much memory there is, to choose between a heap and the stack.
extern "C" void __wrap_qsort(void* base, std::size_t count, std::size_t size,
                             int (*compare)(const void*, const void*)) {
  auto* const bytes = static_cast<unsigned char*>(base);
  const auto sift = [&](std::size_t root, std::size_t end) {
    for (std::size_t child = 2 * root + 1; child < end; root = child, child = 2 * root + 1) {
      if (child + 1 < end && compare(bytes + child * size, bytes + (child + 1) * size) < 0) ++child;
      if (compare(bytes + root * size, bytes + child * size) >= 0) return;
      std::swap_ranges(bytes + root * size, bytes + (root + 1) * size, bytes + child * size);
    }
  };
  for (std::size_t root = count / 2; root-- > 0;) sift(root, count);
  for (std::size_t end = count; end-- > 1;) {
    std::swap_ranges(bytes, bytes + size, bytes + end * size);
    sift(0, end);
  }
}

// The environment is empty, and asking is no mistake.
extern "C" char* __wrap_getenv(const char*) { return nullptr; }
extern "C" char* __wrap_secure_getenv(const char*) { return nullptr; }
