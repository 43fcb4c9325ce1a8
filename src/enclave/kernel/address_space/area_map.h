// SPDX-License-Identifier: Apache-2.0
// The mappings of an address space, ordered, without overlaps. Trusted, kernel storey. Bookkeeping only: no page is
// touched here.
#pragma once
#include <sys/mman.h>
#include <cstdint>
#include <map>
#include "src/enclave/kernel/address_space.h"

namespace cloister::kernel {
using layout::kPageSize;

inline constexpr std::uint64_t page_down(std::uint64_t value) { return value & ~(kPageSize - 1); }
inline constexpr std::uint64_t page_up(std::uint64_t value) { return page_down(value + kPageSize - 1); }

// [start, end), whole pages.
struct PageRange {
  std::uint64_t start = 0, end = 0;
  std::uint64_t size() const { return end - start; }
  bool is_empty() const { return start >= end; }
  bool contains(std::uint64_t address) const { return address >= start && address < end; }
  PageRange clipped_to(PageRange other) const {
    PageRange result{start > other.start ? start : other.start, end < other.end ? end : other.end};
    if (result.end < result.start) result.end = result.start;
    return result;
  }
  bool operator==(const PageRange&) const = default;
};

enum class ForkBehaviour : std::uint8_t { copy, omit, wipe };  // madvise: DOFORK, DONTFORK, WIPEONFORK

struct Area : Mapping {
  bool file_writable = false;  // a shared file mapping that may become writable
  bool modified = false;       // a file's mapping that has been writable, so that pages may differ from the file
  ForkBehaviour fork = ForkBehaviour::copy;
  PageRange last_window;  // what the last fault committed, to recognise sequences

  std::uint64_t size() const { return end - start; }
  PageRange range() const { return {start, end}; }
  bool is_anonymous() const { return file == nullptr; }
  bool is_shared() const { return (flags & MAP_SHARED) != 0; }
  // Contents go back to the file.
  bool is_written_back() const { return is_shared() && !is_anonymous() && file_writable; }
  bool is_code() const { return (protection & (PROT_EXEC | PROT_WRITE)) == PROT_EXEC; }
  std::uint64_t file_position(std::uint64_t address) const { return file_offset + (address - start); }
};

class AreaMap {
 public:
  using Iterator = std::map<std::uint64_t, Area>::iterator;
  Iterator begin() { return areas_.begin(); }
  Iterator end() { return areas_.end(); }

  // The first area that ends above `address`: it contains it, or is the next one.
  Iterator first_above(std::uint64_t address);
  Area* find(std::uint64_t address);
  bool is_free(PageRange range);
  bool is_covered(PageRange range);  // mapped without a hole
  // Makes `address` the border of two areas if it lies within one.
  void split_at(std::uint64_t address);
  void isolate(PageRange range) { split_at(range.start), split_at(range.end); }
  // The range is free. The new area may become one with its neighbours; the result is what it lies in now.
  Area& insert(Area area);
  // Whatever lies in the range goes; what sticks out stays.
  void erase(PageRange range);
  // Joins equal neighbours in the range and at its ends.
  void join(PageRange range);
  // A growing stack; the room below is free.
  void extend_down(Area& area, std::uint64_t start);

  std::size_t count() const { return areas_.size(); }
  std::uint64_t mapped_bytes() const { return mapped_bytes_; }

 private:
  std::map<std::uint64_t, Area> areas_;
  std::uint64_t mapped_bytes_ = 0;
};
}  // namespace cloister::kernel
