// SPDX-License-Identifier: Apache-2.0
#include "src/measure/closure.h"
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>
#include "src/files/file_view.h"
#include "src/measure/elf_dependencies.h"
#include "src/measure/real_path.h"
#include "src/measure/script.h"

namespace cloister {
namespace {
std::string absolute(const std::string& path) {
  if (path.front() == '/') return path;
  char directory[PATH_MAX];
  return getcwd(directory, sizeof directory) != nullptr ? std::string(directory) + "/" + path : path;
}

std::string find_program(const std::string& name, const std::string& search_path) {
  if (name.find('/') != std::string::npos) return absolute(name);
  for (std::size_t at = 0; at <= search_path.size();) {
    const std::size_t end = std::min(search_path.find(':', at), search_path.size());
    const std::string candidate =
        absolute((end > at ? search_path.substr(at, end - at) : std::string(".")) + "/" + name);
    struct stat status {};
    if (access(candidate.c_str(), X_OK) == 0 && stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode))
      return candidate;
    at = end + 1;
  }
  return {};
}

class Collector {
 public:
  Collector(Closure* closure, ClosureError* error) : closure_(closure), error_(error) {
    if (const auto cache = FileView::open("/etc/ld.so.cache"); cache.ok())
      cache_ = read_library_cache(cache.value().bytes());
  }

  // Adds the file at `path` and everything that it needs.
  Result<void> add(const std::string& path, const std::vector<std::string>& inherited_path) {
    const std::string real = real_path(path, &closure_->links);
    if (real.empty()) return fail(path, "no such file");
    if (!seen_.insert(real).second) return {};
    const auto file = FileView::open(real);
    if (!file.ok()) return fail(real, "cannot be read");
    const auto dependencies = elf_dependencies(file.value().bytes());
    if (!dependencies.ok()) {
      error_->text = real + ": " + dependencies.error().what();
      return dependencies.error();
    }
    closure_->files.push_back(real);
    const ElfDependencies& wanted = dependencies.value();
    if (!wanted.interpreter.empty()) {
      TRY(add(wanted.interpreter, {}));
      if (wanted.interpreter.find("/ld-musl-") != std::string::npos) follow_musl(wanted.interpreter);
    }
    std::vector<std::string> search = inherited_path;
    const std::string origin = real.substr(0, real.rfind('/'));
    for (std::string part : wanted.run_path) {
      for (const char* token : {"$ORIGIN", "${ORIGIN}"})
        if (const std::size_t at = part.find(token); at != std::string::npos)
          part.replace(at, std::string(token).size(), origin);
      search.push_back(part);
    }
    for (const std::string& name : wanted.needed) {
      const std::string found = find_library(name, search);
      if (found.empty())
        closure_->missing.push_back(name);
      else
        TRY(add(found, search));
    }
    return {};
  }

 private:
  Error fail(const std::string& path, const char* why) {
    error_->text = path + ": " + why;
    return Error(Errc::io, why);
  }
  // musl's loader is its C library, looks into no cache, and has folders of its own.
  void follow_musl(const std::string& interpreter) {
    musl_loader_ = interpreter;
    cache_.clear();
    folders_ = {"/lib", "/usr/local/lib", "/usr/lib"};
    const std::string begin = interpreter.substr(interpreter.rfind('/') + 1);
    const auto list = FileView::open("/etc/" + begin.substr(0, begin.rfind(".so")) + ".path");
    if (!list.ok()) return;
    folders_.clear();
    std::string folder;
    for (const std::uint8_t c : list.value().bytes()) {
      if (c != '\n' && c != ':')
        folder.push_back(static_cast<char>(c));
      else if (!folder.empty())
        folders_.push_back(std::exchange(folder, {}));
    }
    if (!folder.empty()) folders_.push_back(folder);
  }
  bool is_part_of_musl(const std::string& name) const {
    constexpr const char* kParts[] = {"libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet."};
    return !musl_loader_.empty() && std::any_of(std::begin(kParts), std::end(kParts),
                                                [&](const char* part) { return name.rfind(part, 0) == 0; });
  }

  std::string find_library(const std::string& name, const std::vector<std::string>& search) {
    if (name.find('/') != std::string::npos) return name;
    if (is_part_of_musl(name)) return musl_loader_;
    for (const std::string& directory : search)
      if (access((directory + "/" + name).c_str(), R_OK) == 0) return directory + "/" + name;
    for (const auto& [key, path] : cache_)
      if (key == name) return path;
    for (const std::string& directory : folders_)
      if (const std::string path = directory + "/" + name; access(path.c_str(), R_OK) == 0) return path;
    return {};
  }

  Closure* closure_;
  ClosureError* error_;
  std::set<std::string> seen_;
  std::vector<std::pair<std::string, std::string>> cache_;
  std::vector<std::string> folders_ = {
      "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"};
  std::string musl_loader_;
};
}  // namespace

namespace {
constexpr int kScriptLevels = 5;  // as Linux: an interpreter may be a script

Result<void> check_executable(const std::string& path, ClosureError* error) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0) return {};
  error->text = path + (S_ISDIR(status.st_mode) ? ": is a directory" : ": is not executable; chmod +x it");
  return Error::from_errno(13, "not executable");
}

// `path`: where it should be; empty: in no directory of PATH.
Error not_found(const std::string& wanted, const std::string& path, ClosureError* error) {
  struct stat status {};
  const bool is_hidden = !path.empty() && stat(path.c_str(), &status) != 0 && errno == EACCES;
  error->text = wanted + (path.empty() ? ": not found in PATH" : is_hidden ? ": permission denied" : ": no such file");
  return Error::from_errno(is_hidden ? EACCES : ENOENT, "program not found");
}
}  // namespace

Result<Closure> elf_closure(const std::string& name, const std::string& search_path, ClosureError* error) {
  Closure closure;
  std::string wanted = name;
  for (int level = 0; level <= kScriptLevels; ++level) {
    const std::string path = find_program(wanted, search_path);
    closure.program = path.empty() ? path : real_path(path, &closure.links);
    if (closure.program.empty()) return not_found(wanted, path, error);
    TRY(check_executable(closure.program, error));
    const auto file = FileView::open(closure.program);
    auto words = file.ok() ? read_script_line(file.value().bytes()) : std::nullopt;
    if (!words.has_value()) {
      closure.found = absolute(path);
      Collector collector(&closure, error);
      TRY(collector.add(path, {}));
      std::sort(closure.files.begin(), closure.files.end());
      return closure;
    }
    closure.files.push_back(closure.program);
    words = skip_env(*words);
    words->push_back(wanted.find('/') != std::string::npos ? wanted : path);
    wanted = words->front();
    if (!closure.script_words.empty()) closure.script_words.erase(closure.script_words.begin());
    closure.script_words.insert(closure.script_words.begin(), words->begin(), words->end());
  }
  error->text = name + ": its interpreters are scripts, too many of them";
  return Error::from_errno(40, "too many scripts");
}
}  // namespace cloister
