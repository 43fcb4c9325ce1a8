// SPDX-License-Identifier: Apache-2.0
// The options by which verbs say what the simulation's collateral shall claim. Owner's tools.
#pragma once
#include <CLI/CLI.hpp>
#include "src/las/server/simulated_quoting.h"

namespace cloister {
inline void add_collateral_wishes(CLI::App& verb, las::CollateralWishes& wishes) {
  verb.add_option("--tcb-level", wishes.tcb_level, "SVN that up-to-date platforms have in every component (1)")
      ->check(CLI::Range(1, 255));
  verb.add_option("--days", wishes.days, "How long it is in force (30)")->check(CLI::Range(1, 3650));
  verb.add_flag("--revoke", wishes.revoke, "List this platform's PCK certificate as revoked");
}
}  // namespace cloister
