// SPDX-License-Identifier: Apache-2.0
// Where new mappings go: from a randomised base downwards, the main stack above it. Trusted, kernel storey.
#pragma once
#include "src/enclave/kernel/address_space/area_map.h"

namespace cloister::kernel {
inline constexpr std::uint64_t kStackGuardGap = 256 * kPageSize;  // as Linux keeps below a growing mapping

class Placement {
 public:
  // Draws the addresses anew.
  void reset(PageRange program, std::uint64_t stack_limit);
  std::uint64_t stack_top() const { return stack_top_; }

  // Each answers 0 when there is no room.
  std::uint64_t anywhere(AreaMap& areas, std::uint64_t size);
  std::uint64_t below_2_gib(AreaMap& areas, std::uint64_t size);  // MAP_32BIT
  // Such that everything in [near] is within 2 GiB of everything in the result.
  std::uint64_t within_2_gib(AreaMap& areas, PageRange near, std::uint64_t size);
  // The range has become free.
  void released(AreaMap& areas, PageRange range);

 private:
  // The highest free place for `size` bytes in `bounds`; *skipped is raised to the largest hole above it.
  static std::uint64_t highest(AreaMap& areas, PageRange bounds, std::uint64_t size, std::uint64_t* skipped);

  PageRange program_;
  std::uint64_t stack_top_ = 0;
  std::uint64_t base_ = 0;  // below the main stack's room
  // All holes between search_top_ and base_ have at most largest_hole_ bytes, so that a search can begin at
  // search_top_.
  std::uint64_t search_top_ = 0, largest_hole_ = 0;
};
}  // namespace cloister::kernel
