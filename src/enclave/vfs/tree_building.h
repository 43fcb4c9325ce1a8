// SPDX-License-Identifier: Apache-2.0
// Steps in which the tree is built, before the program starts. Trusted, kernel storey.
#pragma once
#include <string>
#include <vector>
#include "src/enclave/vfs/static_tree.h"

namespace cloister::vfs {
// Without empty ones.
std::vector<std::string> components_of(const std::string& path);
// The directory `name` in `parent`, made if it is not there. Null where no such directory can be (in /proc, or below a
// file).
NodeRef enter(Node& parent, const std::string& name);
void add_child(Node& parent, const std::string& name, NodeRef node);
}  // namespace cloister::vfs
