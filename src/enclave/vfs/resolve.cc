// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/resolve.h"
#include <fcntl.h>
#include <algorithm>
#include <string_view>
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/host_paths.h"
#include "src/enclave/vfs/static_tree.h"

namespace cloister::vfs {
namespace {
constexpr int kMaxLinks = 40;
constexpr std::size_t kRestLimit = 64 << 10;  // of a path that links have made longer

class Walk {
 public:
  Walk(Task& task, const NodeRef& root, LastLink last) : task_(task), last_(last) {
    constexpr std::size_t kUsualDepth = 8;
    steps_.reserve(kUsualDepth);
    steps_.push_back({root, 0});
  }

  Result<Resolved> run(std::string path) {
    rest_ = std::move(path);
    path_.reserve(rest_.size());
    std::string name;
    while (next_name(name)) {
      if (name == ".") continue;
      if (name.size() > kNameLimit) return refuse(ENAMETOOLONG);
      if (outside_ > 0) {
        TRY(step_outside(name));
      } else if (name == "..") {
        TRY(step_up());
      } else {
        if (TRY(step_inside(name)) == Step::end) return finish();
      }
    }
    return finish();
  }

 private:
  struct Place {
    NodeRef node;
    std::size_t path_size;  // its path is so much of path_
  };
  enum class Step { go_on, end };

  // Takes the next component of what is left. Sets must_be_directory_ for "a/", "a/." and "a/..".
  bool next_name(std::string& name) {
    const std::size_t begin = rest_.find_first_not_of('/', at_);
    if (begin == std::string::npos) return false;
    at_ = std::min(rest_.find('/', begin), rest_.size());
    name.assign(rest_, begin, at_ - begin);
    must_be_directory_ = at_ < rest_.size() || name == "." || name == "..";
    return true;
  }
  bool is_last() const { return rest_.find_first_not_of('/', at_) == std::string::npos; }

  void append(const std::string& name) { path_.append(1, '/').append(name); }
  void leave_step() {
    steps_.pop_back();
    path_.resize(steps_.back().path_size);
  }
  void append_outside(const std::string& name) {
    append(name);
    ++outside_;
  }
  void leave_outside() {
    path_.resize(path_.rfind('/'));
    --outside_;
  }

  Result<void> step_up() {
    Node& directory = *steps_.back().node;
    if (!directory.is_directory()) return refuse(ENOTDIR);
    TRY(directory.check_search(task_));
    if (steps_.size() > 1) leave_step();
    return {};
  }
  Result<Step> step_inside(const std::string& name) {
    Node& directory = *steps_.back().node;
    if (!directory.is_directory()) return refuse(ENOTDIR);
    TRY(directory.check_search(task_));
    auto found = directory.child(task_, name);
    if (!found.ok()) {
      if (found.error().errno_value() != ENOENT) return found.error();
      if (directory.is_host_backed()) {
        append_outside(name);
        return Step::go_on;
      }
      if (!is_last()) return refuse(ENOENT);
      append(name);
      is_missing_ = true;
      return Step::end;
    }
    NodeRef node = std::move(found).take();
    const bool follow = !is_last() || last_ == LastLink::follow || must_be_directory_;
    if (!node->is_link() || !follow) {
      append(name);
      steps_.push_back({std::move(node), path_.size()});
      return Step::go_on;
    }
    return follow_link(*node);
  }

  Result<Step> follow_link(Node& link) {
    if (++links_ > kMaxLinks) return refuse(ELOOP);
    if (link.is_magic_link()) {
      FileRef file = TRY(link.linked_file(task_));
      if (is_last()) {
        if (must_be_directory_ && !file->is_directory()) return refuse(ENOTDIR);
        file_ = std::move(file);
        return Step::end;
      }
      if (!file->is_directory()) return refuse(ENOTDIR);
      TRY(prepend(file->path()));
      return Step::go_on;
    }
    TRY(prepend(TRY(link.link_target(task_))));
    return Step::go_on;
  }

  Result<void> prepend(const std::string& target) {
    if (target.empty()) return refuse(ENOENT);
    if (target.size() + rest_.size() - at_ > kRestLimit) return refuse(ENAMETOOLONG);
    rest_ = target + (at_ == rest_.size() ? "" : "/") + rest_.substr(at_);
    at_ = 0;
    if (target.front() == '/') {
      steps_.erase(steps_.begin() + 1, steps_.end());
      path_.clear();
      outside_ = 0;
    }
    return {};
  }

  Result<void> step_outside(const std::string& name) {
    if (name != "..") {
      append_outside(name);
      return {};
    }
    const struct stat status = TRY(host_path_status(path_, AT_SYMLINK_NOFOLLOW));
    if (S_ISDIR(status.st_mode)) {
      leave_outside();
      return {};
    }
    if (!S_ISLNK(status.st_mode)) return refuse(ENOTDIR);
    if (++links_ > kMaxLinks) return refuse(ELOOP);
    const std::string target = TRY(read_host_link(path_));
    leave_outside();
    rest_.replace(0, at_, "/..");
    at_ = 0;
    return prepend(target);
  }

  Result<Resolved> finish() {
    Resolved result;
    result.must_be_directory = must_be_directory_;
    result.file = std::move(file_);
    result.host = !result.file && outside_ > 0;
    result.names_outside = outside_;
    if (!result.file && !result.host) TRY(finish_inside(result));
    result.path = path_.empty() ? "/" : std::move(path_);
    return result;
  }

  Result<void> finish_inside(Resolved& result) const {
    if (is_missing_) {
      result.parent = steps_.back().node;
    } else {
      result.node = steps_.back().node;
      result.host = result.node->is_host_backed();
      if (must_be_directory_ && !result.node->is_directory()) return refuse(ENOTDIR);
      if (steps_.size() == 1) return {};
      result.parent = steps_[steps_.size() - 2].node;
    }
    result.name = path_.substr(path_.rfind('/') + 1);
    return {};
  }

  Task& task_;
  const LastLink last_;
  std::string rest_;  // what is to be walked yet: from at_ on
  std::size_t at_ = 0;
  std::string path_;          // what has been walked; the root's is empty
  std::vector<Place> steps_;  // from the root to the last node
  std::size_t outside_ = 0;   // names of path_ beyond it, on the host
  bool is_missing_ = false;   // the last name of path_ is not there
  FileRef file_;
  bool must_be_directory_ = false;
  int links_ = 0;
};

// The way that most paths go: over directories of ours that never change, to a name that only the host can know. When
// no component needs a look of its own, such a path is the host's as it is written. How many of its names are; 0: it is
// not such a path.
std::size_t names_of_the_host(const Node& root, std::string_view path) {
  const StaticDirectory* inside = root.as_static_directory();
  std::size_t outside = 0;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view name = path.substr(at + 1, end - at - 1);
    if (name.empty() || name == "." || name == ".." || name.size() > kNameLimit) return 0;
    at = end;
    if (inside == nullptr) {
      ++outside;
      continue;
    }
    const Node* const child = inside->find(name);
    if (child == nullptr && !inside->is_host_backed()) return 0;
    inside = child == nullptr ? nullptr : child->as_static_directory();
    if (child != nullptr && inside == nullptr) return 0;
    if (inside == nullptr) outside = 1;
  }
  return outside;
}

// Where the first of the last `names` names of a path ends that is a link on the host; npos: none is.
std::size_t end_of_first_link(const std::string& path, std::size_t names) {
  std::size_t end = path.size();
  for (std::size_t left = names; left > 1; --left) end = path.rfind('/', end - 1);
  for (; end != std::string::npos;
       end = end == path.size() ? std::string::npos : std::min(path.find('/', end + 1), path.size())) {
    const auto status = host_path_status(path.substr(0, end), AT_SYMLINK_NOFOLLOW);
    if (!status.ok()) return std::string::npos;
    if (S_ISLNK(status.value().st_mode)) return end;
  }
  return std::string::npos;
}

bool is_directory(const Resolved& place) {
  if (!place.host) return place.node != nullptr && place.node->is_directory();
  const auto status = host_path_status(place.path, 0);
  return status.ok() && S_ISDIR(status.value().st_mode);
}
}  // namespace

Result<Resolved> resolve_path(Task& task, const NodeRef& root, const std::string& base, const std::string& path,
                              LastLink last) {
  if (path.empty()) return refuse(ENOENT);
  std::string whole = path.front() == '/' ? path : (base == "/" ? base : base + "/") + path;
  if (const std::size_t names = names_of_the_host(*root, whole); names > 0) {
    Resolved result;
    result.path = std::move(whole);
    result.host = true;
    result.names_outside = names;
    return result;
  }
  Walk walk(task, root, last);
  return walk.run(std::move(whole));
}

std::string own_name(Task& task, const NodeRef& root, const Resolved& directory) {
  std::string path = directory.path;
  std::size_t names = directory.names_outside;
  for (int links = 0; links < kMaxLinks; ++links) {
    const std::size_t end = names == 0 ? std::string::npos : end_of_first_link(path, names);
    if (end == std::string::npos) return path;
    const auto target = read_host_link(path.substr(0, end));
    if (!target.ok()) break;
    const auto place = resolve_path(task, root, path.substr(0, std::max<std::size_t>(path.rfind('/', end - 1), 1)),
                                    target.value() + path.substr(end), LastLink::follow);
    if (!place.ok() || !is_directory(place.value())) break;
    path = place.value().path;
    names = place.value().names_outside;
  }
  return directory.path;
}
}  // namespace cloister::vfs
