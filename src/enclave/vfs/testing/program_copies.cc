// SPDX-License-Identifier: Apache-2.0
// The core's copies and clocks over ordinary memory and the host's clock.
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <cerrno>
#include <string>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/program_access.h"

namespace cloister::core {
// The kernel finds out what is not mapped.
bool copy_from_program(void* to, std::uint64_t from, std::size_t size) {
  if (!is_program_range(from, size)) return false;
  if (size == 0) return true;
  const iovec local{to, size}, remote{reinterpret_cast<void*>(from), size};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}
bool copy_to_program(std::uint64_t to, const void* from, std::size_t size) {
  if (!is_program_range(to, size)) return false;
  if (size == 0) return true;
  const iovec local{const_cast<void*>(from), size}, remote{reinterpret_cast<void*>(to), size};
  return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}
bool zero_program(std::uint64_t to, std::size_t size) {
  const std::string zeros(size, '\0');
  return copy_to_program(to, zeros.data(), size);
}
long copy_string_from_program(char* to, std::uint64_t from, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (!copy_from_program(to + i, from + i, 1)) return -EFAULT;
    if (to[i] == '\0') return static_cast<long>(i);
  }
  return -ENAMETOOLONG;
}

namespace {
std::uint64_t now(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}
}  // namespace
std::uint64_t monotonic_now() { return now(CLOCK_MONOTONIC); }
std::uint64_t realtime_now() { return now(CLOCK_REALTIME); }
std::uint64_t boottime_now() { return now(CLOCK_BOOTTIME); }
}  // namespace cloister::core
