// SPDX-License-Identifier: Apache-2.0
#include "src/manifest_file/contradictions.h"
#include <algorithm>
#include <set>
#include <string_view>
#include "src/base/path.h"

namespace cloister {
namespace {
using Found = std::optional<Contradiction>;

bool is_alike(const InstanceFile& a, const InstanceFile& b) {
  return a.contents == b.contents && a.sha256 == b.sha256 && a.mode == b.mode;
}

// Of two entries for a path only one could hold, and with it a hash or contents.
Found listed_twice(const std::map<std::string, const InstanceFile*>& files, const InstanceDescription& description) {
  for (const InstanceFile& file : description.files)
    if (const InstanceFile& other = *files.at(file.path); !is_alike(file, other))
      return Contradiction{file.path, "is listed twice, differently", "keep one of them, or narrow the tree"};
  return {};
}

// `path` is a file, a link or a folder; above it there may be neither a file nor a link.
Found below_no_folder(const std::map<std::string, const InstanceFile*>& files, const InstanceDescription& description,
                      const std::string& path, bool links_too) {
  for (std::size_t end = path.rfind('/'); end != 0 && end != std::string::npos; end = path.rfind('/', end - 1)) {
    const std::string parent = path.substr(0, end);
    if (files.contains(parent)) return Contradiction{path, "lies below " + parent + ", which is a file", {}};
    if (links_too && description.links.contains(parent))
      return Contradiction{path, "lies below " + parent + ", which is a link", "give its real path"};
  }
  return {};
}

Found two_kinds(const std::map<std::string, const InstanceFile*>& files, const InstanceDescription& description) {
  for (const auto& [path, file] : files)
    if (auto found = below_no_folder(files, description, path, true)) return found;
  for (const auto& [path, target] : description.links) {
    if (files.contains(path)) return Contradiction{path, "is a file and a link", "keep one of them"};
    if (target.empty()) return Contradiction{path, "is a link to nothing", "name its target"};
    if (auto found = below_no_folder(files, description, path, false)) return found;
  }
  for (const auto* folders : {&description.directories, &description.tmpfs})
    for (const std::string& path : *folders) {
      if (files.contains(path)) return Contradiction{path, "is a file and a directory", "keep one of them"};
      if (auto found = below_no_folder(files, description, path, false)) return found;
    }
  if (const std::string& path = description.working_directory; !path.empty()) {
    if (files.contains(path)) return Contradiction{path, "is a file and the working directory", {}};
    if (auto found = below_no_folder(files, description, path, false)) return found;
  }
  return {};
}

// Two file systems at one place, of which one would hide the other.
Found mounted_twice(const InstanceDescription& description) {
  for (const std::string& path : description.tmpfs) {
    if (path == "/")
      return Contradiction{path, "is measured and cannot be a memory file system",
                           "name the folders that are written to"};
    if (std::ranges::find(description.insecure_host_paths, path) != description.insecure_host_paths.end())
      return Contradiction{path, "is a memory file system and the host's", "keep one of them"};
  }
  return {};
}

// What the runtime makes there is seen, never what a manifest lists.
Found in_runtime_folders(const InstanceDescription& description) {
  const auto check = [](const std::string& path) -> Found {
    for (const char* folder : {"/proc", "/sys", "/dev"})
      if (is_at_or_below(path, folder) && !is_at_or_below(path, "/dev/shm"))
        return Contradiction{path, std::string("lies in ") + folder + ", which the runtime makes", "leave it out"};
    return {};
  };
  for (const InstanceFile& file : description.files)
    if (auto found = check(file.path)) return found;
  for (const auto& [path, target] : description.links)
    if (auto found = check(path)) return found;
  for (const auto* folders : {&description.directories, &description.tmpfs})
    for (const std::string& path : *folders)
      if (auto found = check(path)) return found;
  return {};
}

Found variable_given_twice(const InstanceDescription& description) {
  std::set<std::string> names;
  for (const std::string& entry : description.environment) {
    const std::string name = entry.substr(0, entry.find('='));
    if (!names.insert(name).second)
      return Contradiction{name, "is a variable that is given twice", "either env or insecure_host_environment"};
  }
  return {};
}
}  // namespace

std::optional<Contradiction> find_contradiction(const InstanceDescription& description) {
  std::map<std::string, const InstanceFile*> files;
  for (const InstanceFile& file : description.files) files.emplace(file.path, &file);
  if (auto found = listed_twice(files, description)) return found;
  if (auto found = in_runtime_folders(description)) return found;
  if (auto found = two_kinds(files, description)) return found;
  if (auto found = mounted_twice(description)) return found;
  return variable_given_twice(description);
}
}  // namespace cloister
