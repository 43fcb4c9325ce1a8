// SPDX-License-Identifier: Apache-2.0
// Also the core's copies between enclave, program and host block.
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
#include "fuzz/boundary/enclave_thread.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/program_access.h"

namespace cloister::fuzz {
namespace {
constexpr std::uint64_t kBase = 0x1000'0000, kSize = 8 << 20;  // below what the address sanitizer keeps for itself
std::uint64_t used = 0;
std::vector<std::pair<std::uint64_t, std::size_t>> outputs;
struct Gap {
  std::uint64_t begin, end;
  Missing until;
};
std::vector<Gap> gaps;

[[maybe_unused]] const bool mapped = [] {
  if (mmap(reinterpret_cast<void*>(kBase), kSize, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != reinterpret_cast<void*>(kBase))
    std::abort();
  return true;
}();

bool is_mapped(std::uint64_t address, std::size_t size) {
  return address >= kBase && size <= kSize && address - kBase <= kSize - size;
}
// How many of the bytes can be copied. What is missing until it is touched costs an exit, as any fault may.
std::size_t bring_in(std::uint64_t address, std::size_t size) {
  if (!is_mapped(address, size)) return 0;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const Gap gap = gaps[i];
    if (gap.begin >= address + size || gap.end <= address) continue;
    if (gap.until == Missing::for_good) return gap.begin <= address ? 0 : gap.begin - address;
    gaps.erase(gaps.begin() + static_cast<std::ptrdiff_t>(i--));
    core::host_call(HostCall::sched_yield);
  }
  return size;
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
  bool hold(core::HostAddress block, core::HostAddress host, std::size_t size_there) const {
    const std::uint64_t at = host.word() - block.word() - offset;
    return host.word() % 8 == 0 && at < size * count && size_there <= size - at % size;
  }
};
constexpr Areas kBounce{kHostBlockBounceOffset, kBounceSize, 1}, kSends{kSendAreaOffset, kSendAreaSize, 1},
    kReceivedAhead{kPrefetchOffset, kPrefetchSize, kMostPrefetches}, kFirstBytes{kFirstBytesOffset, kFirstBytesSize, 2};

// Of the running thread's block.
bool is_in(std::initializer_list<Areas> areas, core::HostAddress host, std::size_t size) {
  const core::HostAddress block = core::current_thread()->host_block;
  return std::any_of(areas.begin(), areas.end(), [&](const Areas& area) { return area.hold(block, host, size); });
}
// By any thread, which another one may read.
bool is_received_ahead(core::HostAddress host, std::size_t size) {
  return std::any_of(host_blocks().begin(), host_blocks().end(),
                     [&](core::HostAddress block) { return kReceivedAhead.hold(block, host, size); });
}
void require_area(bool holds, core::HostAddress host, std::size_t size) {
  if (holds) return;
  std::fprintf(stderr, "the enclave copied %zu bytes at %#lx of the host block\n", size,
               host.word() - core::current_thread()->host_block.word());
  std::abort();
}
// What was received ahead is never read twice from where the host may change it.
void spoil(core::HostAddress host, std::size_t size) {
  auto* const bytes = reinterpret_cast<std::uint8_t*>(host.word());
  std::transform(bytes, bytes + size, bytes, [](std::uint8_t byte) { return ~byte; });
}
}  // namespace

void forget_program_memory() {
  std::memset(reinterpret_cast<void*>(kBase), 0, used);
  used = 0;
  outputs.clear();
  gaps.clear();
}
bool is_memory_missing() {
  return std::any_of(gaps.begin(), gaps.end(), [](const Gap& gap) { return gap.until == Missing::for_good; });
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
kernel::ProgramAddress allocate_with_gap(std::size_t size, Missing until) {
  constexpr std::uint64_t kPage = 4096;
  const std::uint64_t here = size / 2, end = (kBase + used + here + kPage - 1) / kPage * kPage;
  used = end - here - kBase;
  const kernel::ProgramAddress address = allocate_output(size);
  used = (used + 7) / 8 * 8;
  gaps.push_back({end, address.value + size, until});
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
  const std::size_t here = fuzz::bring_in(from, size);
  if (here > 0) std::memcpy(to, reinterpret_cast<const void*>(from), here);
  return here == size;
}
bool copy_to_program(std::uint64_t to, const void* from, std::size_t size) {
  const std::size_t here = fuzz::bring_in(to, size);
  if (size > 0) fuzz::require_output(to, size);
  if (here > 0) std::memcpy(reinterpret_cast<void*>(to), from, here);
  return here == size;
}
bool zero_program(std::uint64_t to, std::size_t size) {
  const std::vector<char> zeros(size);
  return copy_to_program(to, zeros.data(), size);
}
bool copy_host_to_program_checked(std::uint64_t to, HostAddress host, std::size_t size) {
  const bool is_ahead = fuzz::is_received_ahead(host, size);
  fuzz::require_area(is_ahead || fuzz::is_in({fuzz::kBounce, fuzz::kFirstBytes}, host, size), host, size);
  const bool copied = copy_to_program(to, reinterpret_cast<const void*>(host.word()), size);
  if (is_ahead) fuzz::spoil(host, size);
  return copied;
}
bool copy_program_to_host_checked(HostAddress host, std::uint64_t from, std::size_t size) {
  fuzz::require_area(fuzz::is_in({fuzz::kBounce, fuzz::kSends}, host, size), host, size);
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
}  // namespace cloister::core
