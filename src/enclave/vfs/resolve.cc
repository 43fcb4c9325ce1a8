// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/resolve.h"
#include <fcntl.h>
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/host_paths.h"

namespace cloister::vfs {
namespace {
constexpr int kMaxLinks = 40;
constexpr std::size_t kRestLimit = 64 << 10;  // of a path that links have made longer

class Walk {
 public:
  Walk(Task& task, const NodeRef& root, LastLink last) : task_(task), last_(last) { steps_.push_back({"", root}); }

  Result<Resolved> run(std::string path) {
    rest_ = std::move(path);
    std::string name;
    while (next_name(name)) {
      if (name == ".") continue;
      if (name.size() > kNameLimit) return refuse(ENAMETOOLONG);
      if (!outside_.empty()) {
        TRY(step_outside(name));
      } else if (name == "..") {
        if (steps_.size() > 1) steps_.pop_back();
      } else {
        if (TRY(step_inside(name)) == Step::end) return finish();
      }
    }
    return finish();
  }

 private:
  struct Place {
    std::string name;
    NodeRef node;
  };
  enum class Step { go_on, end };

  // Takes the next component off rest_. Sets must_be_directory_ for "a/", "a/." and "a/..".
  bool next_name(std::string& name) {
    const std::size_t begin = rest_.find_first_not_of('/');
    if (begin == std::string::npos) return false;
    const std::size_t end = std::min(rest_.find('/', begin), rest_.size());
    name = rest_.substr(begin, end - begin);
    rest_.erase(0, end);
    must_be_directory_ = !rest_.empty() || name == "." || name == "..";
    return true;
  }
  bool is_last() const { return rest_.find_first_not_of('/') == std::string::npos; }

  Result<Step> step_inside(const std::string& name) {
    Node& directory = *steps_.back().node;
    if (!directory.is_directory()) return refuse(ENOTDIR);
    TRY(directory.check_search(task_));
    auto found = directory.child(task_, name);
    if (!found.ok()) {
      if (found.error().errno_value() != ENOENT) return found.error();
      if (directory.is_host_backed()) {
        outside_.push_back(name);
        return Step::go_on;
      }
      if (!is_last()) return refuse(ENOENT);
      missing_ = name;
      return Step::end;
    }
    NodeRef node = std::move(found).take();
    const bool follow = !is_last() || last_ == LastLink::follow || must_be_directory_;
    if (!node->is_link() || !follow) {
      steps_.push_back({name, std::move(node)});
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
    if (target.size() + rest_.size() > kRestLimit) return refuse(ENAMETOOLONG);
    rest_ = target + (rest_.empty() ? "" : "/") + rest_;
    if (target.front() == '/') {
      steps_.resize(1);
      outside_.clear();
    }
    return {};
  }

  Result<void> step_outside(const std::string& name) {
    if (name != "..") {
      outside_.push_back(name);
      return {};
    }
    const std::string path = current_path();
    const struct stat status = TRY(host_path_status(path, AT_SYMLINK_NOFOLLOW));
    if (S_ISDIR(status.st_mode)) {
      outside_.pop_back();
      return {};
    }
    if (!S_ISLNK(status.st_mode)) return refuse(ENOTDIR);
    if (++links_ > kMaxLinks) return refuse(ELOOP);
    const std::string target = TRY(read_host_link(path));
    outside_.pop_back();
    rest_ = "/.." + rest_;
    return prepend(target);
  }

  std::string current_path() const {
    std::string path;
    for (std::size_t i = 1; i < steps_.size(); ++i) path += "/" + steps_[i].name;
    for (const std::string& name : outside_) path += "/" + name;
    if (!missing_.empty()) path += "/" + missing_;
    return path.empty() ? "/" : path;
  }

  Result<Resolved> finish() {
    Resolved result;
    result.path = current_path();
    result.must_be_directory = must_be_directory_;
    result.file = std::move(file_);
    if (result.file) return result;
    if (!outside_.empty()) {
      result.host = true;
      return result;
    }
    if (!missing_.empty()) {
      result.parent = steps_.back().node;
      result.name = missing_;
      return result;
    }
    result.node = steps_.back().node;
    result.host = result.node->is_host_backed();
    if (must_be_directory_ && !result.node->is_directory()) return refuse(ENOTDIR);
    if (steps_.size() > 1) {
      result.parent = steps_[steps_.size() - 2].node;
      result.name = steps_.back().name;
    }
    return result;
  }

  Task& task_;
  const LastLink last_;
  std::string rest_;
  std::vector<Place> steps_;          // from the root to the last node
  std::vector<std::string> outside_;  // names beyond it, on the host
  std::string missing_;
  FileRef file_;
  bool must_be_directory_ = false;
  int links_ = 0;
};
}  // namespace

Result<Resolved> resolve_path(Task& task, const NodeRef& root, const std::string& base, const std::string& path,
                              LastLink last) {
  if (path.empty()) return refuse(ENOENT);
  Walk walk(task, root, last);
  return walk.run(path.front() == '/' ? path : base + "/" + path);
}
}  // namespace cloister::vfs
