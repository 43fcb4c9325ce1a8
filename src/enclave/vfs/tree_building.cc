// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/tree_building.h"
#include <algorithm>
#include "src/enclave/vfs/tmpfs.h"

namespace cloister::vfs {
std::vector<std::string> components_of(const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) names.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

NodeRef enter(Node& parent, const std::string& name) {
  if (is_in_memory(parent.filesystem())) return static_cast<TmpfsDirectory&>(parent).enter(name);
  if (parent.filesystem().device == kProcfs.device) return nullptr;
  auto& directory = static_cast<StaticDirectory&>(parent);
  if (Node* found = directory.find(name)) return found->is_directory() ? found->shared_from_this() : nullptr;
  auto made = std::make_shared<StaticDirectory>(parent.filesystem(),
                                                parent.is_host_backed() ? HostBacked::yes : HostBacked::no);
  directory.add(name, made);
  return made;
}

void add_child(Node& parent, const std::string& name, NodeRef node) {
  if (is_in_memory(parent.filesystem()))
    static_cast<TmpfsDirectory&>(parent).attach(name, std::move(node));
  else if (parent.filesystem().device != kProcfs.device)
    static_cast<StaticDirectory&>(parent).add(name, std::move(node));
}
}  // namespace cloister::vfs
