// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/moved_names.h"
#include <mutex>
#include <optional>
#include "src/base/path.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
namespace {
// `path` with the prefix `to` instead of `from`; nothing if it does not lie there.
std::optional<std::string> moved(const std::string& path, const std::string& from, const std::string& to) {
  if (!is_at_or_below(path, from)) return std::nullopt;
  return to + path.substr(from.size());
}

std::optional<std::string> new_name(const std::string& path, const std::string& from, const std::string& to,
                                    Renaming how) {
  auto name = moved(path, from, to);
  return name.has_value() || how == Renaming::moved ? name : moved(path, to, from);
}
}  // namespace

void follow_renaming(kernel::Process& process, const std::string& from, const std::string& to, Renaming how) {
  {
    const std::lock_guard guard(process.mutex);
    if (auto name = new_name(process.working_directory, from, to, how)) process.working_directory = *std::move(name);
  }
  for (const int descriptor : process.descriptors.open_descriptors()) {
    const auto file = process.descriptors.get(descriptor);
    if (!file.ok()) continue;
    if (auto name = new_name(file.value()->path(), from, to, how)) file.value()->set_path(*std::move(name));
  }
}
}  // namespace cloister::vfs
