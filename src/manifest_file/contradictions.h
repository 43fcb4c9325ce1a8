// SPDX-License-Identifier: Apache-2.0
// What a manifest says twice in different words, or says of paths that can never be what it says. Each would be
// resolved silently, and whoever reads the manifest could take it for the opposite. Owner's side.
#pragma once
#include <optional>
#include <string>
#include "src/measure/instance.h"

namespace cloister {
struct Contradiction {
  std::string subject;  // the path or the variable that it is about
  std::string what, hint;
};

std::optional<Contradiction> find_contradiction(const InstanceDescription& description);
}  // namespace cloister
