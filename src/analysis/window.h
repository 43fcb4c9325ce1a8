// SPDX-License-Identifier: Apache-2.0
// The window of a site: at least five bytes of whole instructions round it that a jump can replace. Owner's side.
//
// No control flow may arrive strictly inside a window, every byte of it is proven code, and everything in it but the
// site can be moved. Preferred is one that ends with the site's instruction ("backward"): the address behind a system
// call, which unwinders and cancellation see, then stays intact code. Next one that begins with it, last one round it.
#pragma once
#include <optional>
#include "src/analysis/code_map.h"
#include "src/plan/plan_writer.h"

namespace cloister {

// `lowest`: where the window before it ended, or the function begins. `highest`: where the function ends.
std::optional<PlannedSite> plan_window(const CodeMap& code, RawHit site, std::uint32_t lowest, std::uint32_t highest);

}  // namespace cloister
