// SPDX-License-Identifier: Apache-2.0
// Plans as the analysis builds them, and their canonical encoding. Owner's side: allocates.
#pragma once
#include <vector>
#include "src/plan/plan.h"

namespace cloister {

struct PlannedSite {
  std::uint64_t window_start = 0;
  std::uint8_t instruction_offset = 0;
  SiteKind kind = SiteKind::syscall;
  bool vectors_dead = false;
  std::vector<std::uint8_t> window;
  std::vector<PlanFixup> fixups;
};

struct Plan {
  std::vector<PlannedSite> sites;   // ascending
  std::uint32_t raw_hit_count = 0;  // byte sequences of interest in executable segments, real or not
  std::uint32_t trapped_count = 0;  // of those, what may be an instruction but is left to the trap
};

std::vector<std::uint8_t> encode_plan(const Plan& plan);

}  // namespace cloister
