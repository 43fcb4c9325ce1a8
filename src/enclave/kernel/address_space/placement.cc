// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/address_space/placement.h"
#include <algorithm>
#include "src/enclave/core/cpu.h"

namespace cloister::kernel {
namespace {
std::uint64_t random_pages(unsigned bits) { return (core::random_u64() & ((1ULL << bits) - 1)) * kPageSize; }

// Where the room of an area begins: a growing one keeps a gap below.
std::uint64_t room_start(const Area& area) {
  if ((area.flags & MAP_GROWSDOWN) == 0) return area.start;
  return area.start > kStackGuardGap ? area.start - kStackGuardGap : 0;
}
}  // namespace

void Placement::reset(PageRange program, std::uint64_t stack_limit) {
  program_ = program;
  // 2^22 pages are 16 GiB, 2^24 are 64 GiB; small ranges (of tests) are randomised less.
  const unsigned fewer = program.size() >= (512ULL << 30) ? 0 : 12;
  stack_top_ = program.end - random_pages(22 - fewer);
  const std::uint64_t stack_room =
      page_up(std::clamp<std::uint64_t>(stack_limit, 128ULL << 20, 16ULL << 30)) + kStackGuardGap;
  base_ = stack_top_ - std::min(stack_room, program.size() / 4) - random_pages(24 - fewer);
  search_top_ = base_;
  largest_hole_ = 0;
}

std::uint64_t Placement::highest(AreaMap& areas, PageRange bounds, std::uint64_t size, std::uint64_t* skipped) {
  if (size > bounds.size()) return 0;
  std::uint64_t end = bounds.end;
  auto at = areas.first_above(bounds.end - 1);
  if (at != areas.end()) end = std::min(end, room_start(at->second));
  while (at != areas.begin()) {
    --at;
    const Area& area = at->second;
    if (area.end < end) {
      if (end - area.end >= size) break;
      *skipped = std::max(*skipped, end - area.end);
    }
    end = std::min(end, room_start(area));
    if (end < bounds.start + size) return 0;
  }
  if (end < bounds.start || end - bounds.start < size) return 0;
  return end - size;
}

std::uint64_t Placement::anywhere(AreaMap& areas, std::uint64_t size) {
  if (size > largest_hole_) {
    std::uint64_t hole = largest_hole_;
    if (const std::uint64_t found = highest(areas, {program_.start, search_top_}, size, &hole); found != 0) {
      search_top_ = found;
      largest_hole_ = hole;
      return found;
    }
  }
  std::uint64_t hole = 0;
  if (const std::uint64_t found = highest(areas, {program_.start, base_}, size, &hole); found != 0) {
    search_top_ = found;
    largest_hole_ = hole;
    return found;
  }
  return highest(areas, program_, size, &hole);  // above the base, too
}

std::uint64_t Placement::below_2_gib(AreaMap& areas, std::uint64_t size) {
  std::uint64_t hole = 0;
  return highest(areas, PageRange{1ULL << 30, 1ULL << 31}.clipped_to(program_), size, &hole);
}

std::uint64_t Placement::within_2_gib(AreaMap& areas, PageRange near, std::uint64_t size) {
  constexpr std::uint64_t kReach = (1ULL << 31) - (1ULL << 20);
  if (size + near.size() > kReach) return 0;
  std::uint64_t hole = 0;
  const std::uint64_t lowest = near.end > kReach ? near.end - kReach : 0;
  if (const auto found = highest(areas, PageRange{lowest, near.start}.clipped_to(program_), size, &hole); found != 0)
    return found;
  // Above, but from the far end: the room behind a program's image is its heap's.
  return highest(areas, PageRange{near.end, near.start + kReach}.clipped_to(program_), size, &hole);
}

void Placement::released(AreaMap& areas, PageRange range) {
  if (range.end <= search_top_ || range.start >= base_) return;
  // The hole that the range is now part of, as far as it lies above search_top_.
  const auto next = areas.first_above(range.start);
  const std::uint64_t high = next != areas.end() ? std::min(base_, next->second.start) : base_;
  const std::uint64_t low = next != areas.begin() ? std::max(search_top_, std::prev(next)->second.end) : search_top_;
  if (high > low) largest_hole_ = std::max(largest_hole_, high - low);
}
}  // namespace cloister::kernel
