// SPDX-License-Identifier: Apache-2.0
// Also the core's copies between enclave, program and bounce buffer, and a clock that moves by being looked at.
#include "fuzz/boundary/program_memory.h"
#include <sys/mman.h>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <utility>
#include <vector>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/program_access.h"

namespace cloister::fuzz {
namespace {
constexpr std::uint64_t kBase = 0x1000'0000, kSize = 8 << 20;  // below what the address sanitizer keeps for itself
std::uint64_t used = 0;
std::vector<std::pair<std::uint64_t, std::size_t>> outputs;

[[maybe_unused]] const bool mapped = [] {
  if (mmap(reinterpret_cast<void*>(kBase), kSize, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != reinterpret_cast<void*>(kBase))
    std::abort();
  return true;
}();

bool is_mapped(std::uint64_t address, std::size_t size) {
  return address >= kBase && size <= kSize && address - kBase <= kSize - size;
}
void require_output(std::uint64_t to, std::size_t size) {
  for (const auto& [start, length] : outputs)
    if (to >= start && size <= length && to - start <= length - size) return;
  std::fprintf(stderr, "the enclave wrote %zu bytes at %#lx of the program, which nobody asked for\n", size, to);
  std::abort();
}

// An area of the host block, or several of one size.
struct Areas {
  std::uint64_t offset, size, count;
  bool hold(core::HostAddress host, std::size_t size_there) const {
    const std::uint64_t at = host.word() - core::current_thread()->host_block.word() - offset;
    return host.word() % 8 == 0 && at < size * count && size_there <= size - at % size;
  }
};
constexpr Areas kBounce{kHostBlockBounceOffset, kBounceSize, 1}, kSends{kSendAreaOffset, kSendAreaSize, 1},
    kReceivedAhead{kPrefetchOffset, kPrefetchSize, kMostPrefetches}, kFirstBytes{kFirstBytesOffset, kFirstBytesSize, 2};

void require_area(std::initializer_list<Areas> areas, core::HostAddress host, std::size_t size) {
  if (std::any_of(areas.begin(), areas.end(), [&](const Areas& area) { return area.hold(host, size); })) return;
  std::fprintf(stderr, "the enclave copied %zu bytes at %#lx of the host block\n", size,
               host.word() - core::current_thread()->host_block.word());
  std::abort();
}
}  // namespace

void forget_program_memory() {
  std::memset(reinterpret_cast<void*>(kBase), 0, used);
  used = 0;
  outputs.clear();
}

kernel::ProgramAddress allocate(std::size_t size) {
  const std::uint64_t address = kBase + used;
  used += (size + 15) / 8 * 8;  // at least 8 bytes lie between two
  if (used > kSize) std::abort();
  return {address};
}
kernel::ProgramAddress allocate_output(std::size_t size) {
  const kernel::ProgramAddress address = allocate(size);
  outputs.emplace_back(address.value, size);
  return address;
}
kernel::ProgramAddress text(const std::string& contents) {
  const kernel::ProgramAddress address = allocate(contents.size() + 1);
  std::memcpy(at<char>(address), contents.c_str(), contents.size() + 1);
  return address;
}
void end_call() { outputs.clear(); }
}  // namespace cloister::fuzz

namespace cloister::core {
bool copy_from_program(void* to, std::uint64_t from, std::size_t size) {
  if (!fuzz::is_mapped(from, size)) return false;
  std::memcpy(to, reinterpret_cast<const void*>(from), size);
  return true;
}
bool copy_to_program(std::uint64_t to, const void* from, std::size_t size) {
  if (!fuzz::is_mapped(to, size)) return false;
  if (size == 0) return true;
  fuzz::require_output(to, size);
  std::memcpy(reinterpret_cast<void*>(to), from, size);
  return true;
}
bool zero_program(std::uint64_t to, std::size_t size) {
  const std::vector<char> zeros(size);
  return copy_to_program(to, zeros.data(), size);
}
bool copy_host_to_program_checked(std::uint64_t to, HostAddress host, std::size_t size) {
  fuzz::require_area({fuzz::kBounce, fuzz::kReceivedAhead, fuzz::kFirstBytes}, host, size);
  return copy_to_program(to, reinterpret_cast<const void*>(host.word()), size);
}
bool copy_program_to_host_checked(HostAddress host, std::uint64_t from, std::size_t size) {
  fuzz::require_area({fuzz::kBounce, fuzz::kSends}, host, size);
  return copy_from_program(reinterpret_cast<void*>(host.word()), from, size);
}
bool load_program_u32_checked(std::uint64_t from, std::uint32_t* value) {
  return copy_from_program(value, from, sizeof *value);
}
bool compare_exchange_program_u32_checked(std::uint64_t at, std::uint32_t* expected, std::uint32_t desired) {
  if (!fuzz::is_mapped(at, sizeof desired)) return false;
  auto& word = *reinterpret_cast<std::atomic<std::uint32_t>*>(at);
  word.compare_exchange_strong(*expected, desired);
  return true;
}
long copy_string_from_program(char* to, std::uint64_t from, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (!copy_from_program(to + i, from + i, 1)) return -EFAULT;
    if (to[i] == '\0') return static_cast<long>(i);
  }
  return -ENAMETOOLONG;
}

namespace {
std::uint64_t now = 1'000'000'000'000;
}
std::uint64_t monotonic_now() { return now += 1'000'000; }
std::uint64_t realtime_now() { return now += 1'000'000; }
std::uint64_t boottime_now() { return now += 1'000'000; }
}  // namespace cloister::core
