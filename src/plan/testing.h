// SPDX-License-Identifier: Apache-2.0
// For tests: small plans, and executable memory near each other.
#pragma once
#include <sys/mman.h>
#include <cstring>
#include <span>
#include <vector>
#include "src/plan/plan_writer.h"

namespace cloister::testing {

using Bytes = std::vector<std::uint8_t>;

inline PlannedSite make_site(SiteKind kind, std::uint64_t start, std::uint8_t offset, Bytes window,
                             std::vector<PlanFixup> fixups = {}) {
  PlannedSite site;
  site.kind = kind;
  site.window_start = start;
  site.instruction_offset = offset;
  site.window = std::move(window);
  site.fixups = std::move(fixups);
  return site;
}

// mov $39,%eax; syscall: the usual shape, whose window ends with the instruction.
inline PlannedSite getpid_site(std::uint64_t start) {
  return make_site(SiteKind::syscall, start, 5, {0xB8, 39, 0, 0, 0, 0x0F, 0x05});
}
// syscall; cmp $-4095,%rax; jae +3: a window that goes on behind the instruction and grows.
inline PlannedSite forward_site(std::uint64_t start) {
  return make_site(SiteKind::syscall, start, 0, {0x0F, 0x05, 0x48, 0x3D, 0x01, 0xF0, 0xFF, 0xFF, 0x73, 0x03},
                   {{9, 10, FixupField::rel8}});
}
// jne -2 (to the window's start + 0); lea 0x100(%rip),%rsi; rdtsc: both kinds of fix-up before the instruction.
inline PlannedSite rdtsc_site(std::uint64_t start) {
  return make_site(SiteKind::rdtsc, start, 9, {0x75, 0xFE, 0x48, 0x8D, 0x35, 0x00, 0x01, 0x00, 0x00, 0x0F, 0x31},
                   {{1, 2, FixupField::rel8}, {5, 9, FixupField::rel32}});
}

// Anonymous read-write-execute memory for code under test.
class CodeMemory {
 public:
  explicit CodeMemory(std::size_t size) : size_(size) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data_ = memory == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(memory);
  }
  ~CodeMemory() {
    if (data_ != nullptr) munmap(data_, size_);
  }
  CodeMemory(const CodeMemory&) = delete;
  CodeMemory& operator=(const CodeMemory&) = delete;
  std::span<std::uint8_t> bytes() { return {data_, data_ == nullptr ? 0 : size_}; }
  std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(data_); }

 private:
  std::size_t size_;
  std::uint8_t* data_;
};

}  // namespace cloister::testing
