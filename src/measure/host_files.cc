// SPDX-License-Identifier: Apache-2.0
#include "src/measure/host_files.h"
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include "src/measure/real_path.h"

namespace cloister {
namespace {
constexpr std::size_t kMaxEntries = 200'000;

Error no_such(const std::string& path, const char* what, std::string* problem) {
  *problem = path + ": " + what;
  return Error::from_errno(ENOENT, what);
}

// What a link in a tree leads to is meant, too, when it is a file.
void add_link_target(const std::string& target, InstanceDescription* description) {
  struct stat status {};
  if (!target.empty() && stat(target.c_str(), &status) == 0 && S_ISREG(status.st_mode))
    description->files.push_back({target, {}, {}, 0});
}
}  // namespace

Result<void> add_host_file(const std::string& path, InstanceDescription* description, std::string* problem) {
  const std::string real = real_path(path, &description->links);
  struct stat status {};
  if (real.empty() || stat(real.c_str(), &status) != 0) return no_such(path, "no such file on this machine", problem);
  if (!S_ISREG(status.st_mode)) return no_such(path, "is no regular file; `tree:` takes a directory", problem);
  description->files.push_back({real, {}, {}, 0});
  return {};
}

Result<void> add_host_tree(const std::string& path, InstanceDescription* description, std::string* problem) {
  const std::string top = real_path(path, &description->links);
  struct stat status {};
  if (top.empty() || stat(top.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return no_such(path, "no such directory on this machine", problem);
  std::vector<std::string> waiting{top};
  std::size_t entries = 0;
  while (!waiting.empty()) {
    const std::string directory = std::move(waiting.back());
    waiting.pop_back();
    DIR* const stream = opendir(directory.c_str());
    if (stream == nullptr) return no_such(directory, "cannot be read", problem);
    description->directories.push_back(directory);
    while (const dirent* entry = readdir(stream)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string here = directory + "/" + name;
      if (++entries > kMaxEntries || lstat(here.c_str(), &status) != 0) continue;
      if (S_ISDIR(status.st_mode)) waiting.push_back(here);
      if (S_ISREG(status.st_mode)) description->files.push_back({here, {}, {}, 0});
      if (S_ISLNK(status.st_mode)) add_link_target(real_path(here, &description->links), description);
    }
    closedir(stream);
    if (entries > kMaxEntries) return no_such(path, "has more than 200000 entries; name what is needed", problem);
  }
  return {};
}
}  // namespace cloister
