// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/program_access.h"
#include <asm/errno.h>
#include "src/enclave/core/thread.h"

extern "C" {
std::size_t copy_program_bytes(std::uint64_t to, std::uint64_t from, std::size_t size);
std::size_t zero_program_bytes(std::uint64_t to, std::size_t size);
std::size_t copy_program_string(char* to, std::uint64_t from, std::size_t size);
std::size_t load_program_u32(std::uint64_t from, std::uint32_t* value);
std::size_t compare_exchange_program_u32(std::uint64_t at, std::uint32_t* expected, std::uint32_t desired);
long enter_kernel(long (*function)(void*), void* argument);
}

namespace cloister::core {
constinit FaultResolver fault_resolver = nullptr;

namespace {
struct Fault {
  std::uint64_t address;
  Access access;
};

long resolve_in_kernel(void* argument) {
  const auto* fault = static_cast<const Fault*>(argument);
  return fault_resolver(fault->address, fault->access) ? 1 : 0;
}

// Called with the program's FS base from core handlers and with the runtime's from the kernel storey.
bool resolve(Thread* thread, Access access) {
  Fault fault{thread->fault_address, access};
  if (fault_resolver == nullptr || !is_program_range(fault.address, 1)) return false;
  std::uint64_t fs;
  asm volatile("rdfsbase %0" : "=r"(fs));
  if (fs == thread->runtime_fs) return resolve_in_kernel(&fault) != 0;
  return enter_kernel(resolve_in_kernel, &fault) != 0;
}

// Goes on with `copy(done, left)` -> bytes left, of which `left` are left after a fault, until all is copied or a fault
// cannot be resolved.
template <typename Copy>
bool copy_rest(std::size_t size, std::size_t left, Access access, Copy copy) {
  for (int same = 0; left != 0;) {
    if (same > 2 || !resolve(current_thread(), access)) return false;
    const std::size_t before = left;
    left = copy(size - left, left);
    same = left == before ? same + 1 : 0;
  }
  return true;
}

template <typename Copy>
bool copy_with_faults(std::size_t size, Access access, Copy copy) {
  return copy_rest(size, copy(0, size), access, copy);
}

// Called as they are, so that the hot path saves no registers.
[[gnu::always_inline]] inline std::size_t copy_host_to_program(std::uint64_t to, std::uint64_t from, std::size_t size) {
  std::size_t left;
  asm volatile("call copy_host_to_program" : "=a"(left), "+D"(to), "+S"(from), "+d"(size)::"rcx", "r8", "memory", "cc");
  return left;
}
[[gnu::always_inline]] inline std::size_t copy_program_to_host(std::uint64_t to, std::uint64_t from, std::size_t size) {
  std::size_t left;
  asm volatile("call copy_program_to_host" : "=a"(left), "+D"(to), "+S"(from), "+d"(size)::"rcx", "r8", "memory", "cc");
  return left;
}

// The copies from and to the host restart on an 8-byte boundary of the bounce buffer, which repeats at most 7 bytes.
[[gnu::noinline]] bool copy_rest_to_program(std::uint64_t to, HostAddress host, std::size_t size, std::size_t left) {
  return copy_rest(size, left, Access::write, [&](std::size_t done, std::size_t rest) {
    const std::size_t aligned = done & ~std::size_t{7};
    const std::size_t still = copy_host_to_program(to + aligned, host.word() + aligned, rest + (done - aligned));
    return still > rest ? rest : still;
  });
}
[[gnu::noinline]] bool copy_rest_to_host(HostAddress host, std::uint64_t from, std::size_t size, std::size_t left) {
  return copy_rest(size, left, Access::read, [&](std::size_t done, std::size_t rest) {
    const std::size_t aligned = done & ~std::size_t{7};
    const std::size_t still = copy_program_to_host(host.word() + aligned, from + aligned, rest + (done - aligned));
    return still > rest ? rest : still;
  });
}
}  // namespace

bool copy_from_program(void* to, std::uint64_t from, std::size_t size) {
  if (!is_program_range(from, size)) return false;
  return copy_with_faults(size, Access::read, [&](std::size_t done, std::size_t left) {
    return copy_program_bytes(reinterpret_cast<std::uint64_t>(to) + done, from + done, left);
  });
}

bool copy_to_program(std::uint64_t to, const void* from, std::size_t size) {
  if (!is_program_range(to, size)) return false;
  return copy_with_faults(size, Access::write, [&](std::size_t done, std::size_t left) {
    return copy_program_bytes(to + done, reinterpret_cast<std::uint64_t>(from) + done, left);
  });
}

bool zero_program(std::uint64_t to, std::size_t size) {
  if (!is_program_range(to, size)) return false;
  return copy_with_faults(size, Access::write,
                          [&](std::size_t done, std::size_t left) { return zero_program_bytes(to + done, left); });
}

bool copy_host_to_program_checked(std::uint64_t to, HostAddress host, std::size_t size) {
  if (!is_program_range(to, size)) return false;
  const std::size_t left = copy_host_to_program(to, host.word(), size);
  return left == 0 || copy_rest_to_program(to, host, size, left);
}

bool copy_program_to_host_checked(HostAddress host, std::uint64_t from, std::size_t size) {
  if (!is_program_range(from, size)) return false;
  const std::size_t left = copy_program_to_host(host.word(), from, size);
  return left == 0 || copy_rest_to_host(host, from, size, left);
}

long copy_string_from_program(char* to, std::uint64_t from, std::size_t size) {
  Thread* thread = current_thread();
  std::size_t left = size;
  for (;;) {
    const std::size_t done = size - left;
    if (!is_program_range(from + done, 1)) return -EFAULT;
    thread->fault_address = 0;
    // The string may not run out of the program's range: the copy stops there as if the buffer ended.
    const std::size_t room = layout::kProgramHigh - (from + done);
    left = left < room ? left : room;
    left = copy_program_string(to + done, from + done, left);
    if (thread->fault_address != 0) {
      if (!resolve(thread, Access::read)) return -EFAULT;
      continue;
    }
    return left == 0 ? -ENAMETOOLONG : static_cast<long>(size - left);
  }
}

bool load_program_u32_checked(std::uint64_t from, std::uint32_t* value) {
  if (!is_program_range(from, 4)) return false;
  return copy_with_faults(4, Access::read, [&](std::size_t, std::size_t) { return load_program_u32(from, value); });
}

bool compare_exchange_program_u32_checked(std::uint64_t at, std::uint32_t* expected, std::uint32_t desired) {
  if (!is_program_range(at, 4)) return false;
  return copy_with_faults(
      4, Access::write, [&](std::size_t, std::size_t) { return compare_exchange_program_u32(at, expected, desired); });
}

}  // namespace cloister::core
