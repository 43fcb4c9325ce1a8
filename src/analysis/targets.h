// SPDX-License-Identifier: Apache-2.0
// Marks every address round the sites where control flow may arrive, so that windows avoid them. Owner's side.
// What is not proven to be harmless counts as a target.
#pragma once
#include "src/analysis/reach.h"

namespace cloister {

// `hits`: the real sites.
void mark_targets(const ElfImage& image, const FunctionTable& functions, const References& references,
                  std::span<const RawHit> hits, CodeMap& code, Reach& reach);

}  // namespace cloister
