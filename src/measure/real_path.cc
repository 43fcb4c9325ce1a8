// SPDX-License-Identifier: Apache-2.0
#include "src/measure/real_path.h"
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <deque>
#include <vector>

namespace cloister {
std::string real_path(const std::string& path, std::map<std::string, std::string>* links) {
  std::deque<std::string> rest;
  auto push_front = [&rest](const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('/', at), text.size());
      if (end > at) parts.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    rest.insert(rest.begin(), parts.begin(), parts.end());
  };
  push_front(path);
  std::string done;
  for (int hops = 0; !rest.empty();) {
    const std::string part = rest.front();
    rest.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      done.erase(done.empty() ? 0 : done.rfind('/'));
      continue;
    }
    const std::string here = done + "/" + part;
    struct stat status {};
    if (lstat(here.c_str(), &status) != 0) return {};
    if (S_ISLNK(status.st_mode)) {
      char target[PATH_MAX];
      const ssize_t size = readlink(here.c_str(), target, sizeof target);
      if (size <= 0 || ++hops > 40) return {};
      const std::string text(target, static_cast<std::size_t>(size));
      (*links)[here] = text;
      if (text.front() == '/') done.clear();
      push_front(text);
      continue;
    }
    done = here;
  }
  return done;
}
}  // namespace cloister
