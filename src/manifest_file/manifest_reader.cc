// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <algorithm>
#include <cstring>
#include <map>
#include "src/base/hex.h"
#include "src/files/file_bytes.h"
#include "src/manifest_file/contradictions.h"
#include "src/manifest_file/manifest_file.h"
#include "src/manifest_file/schema_reader.h"
#include "src/measure/host_files.h"

namespace cloister {
namespace {
using yaml::Value;
constexpr std::uint64_t kMaxEmbedded = 4 << 20;
constexpr std::uint32_t kMostThreads = 4096;
constexpr std::size_t kMaxTmpfs = 64;

class ManifestReader {
 public:
  ManifestReader(const std::string& directory, yaml::Problem* problem) : read_(problem), directory_(directory) {}

  Result<InstanceDescription> read(const Value& document) {
    bool versioned = false;
    read_.mapping(
        document, "a launch manifest",
        {{"manifest", [&](const Value& v) { versioned = read_.number(v, "manifest", 1, 1) == 1; }},
         {"program", [&](const Value& v) { program_ = v; }},
         {"args", [&](const Value& v) { arguments(v); }},
         {"env", [&](const Value& v) { environment(v); }},
         {"working_directory", [&](const Value& v) { it_.working_directory = read_.path(v, "working_directory"); }},
         {"heap", [&](const Value& v) { it_.heap_size = read_.size(v, "heap", kLeastHeap, kMostHeap); }},
         {"threads",
          [&](const Value& v) {
            it_.thread_limit = static_cast<std::uint32_t>(read_.number(v, "threads", 1, kMostThreads));
          }},
         {"signals", [&](const Value& v) { signals(v); }},
         {"files", [&](const Value& v) { files(v); }},
         {"links", [&](const Value& v) { links(v); }},
         {"directories", [&](const Value& v) { paths(v, "directories", &it_.directories); }},
         {"tmpfs", [&](const Value& v) { paths(v, "tmpfs", &it_.tmpfs); }},
         {"insecure_host_paths", [&](const Value& v) { paths(v, "insecure_host_paths", &it_.insecure_host_paths); }},
         {"insecure_host_environment", [&](const Value& v) { host_environment(v); }},
         {"insecure_host_arguments",
          [&](const Value& v) { flag(v, "insecure_host_arguments", kInsecureHostArguments); }},
         {"insecure_host_directory",
          [&](const Value& v) { flag(v, "insecure_host_directory", kInsecureHostDirectory); }},
         {"insecure_dynamic_code", [&](const Value& v) { flag(v, "insecure_dynamic_code", kInsecureDynamicCode); }}});
    if (read_.ok() && !versioned) read_.refuse(document.place, "no version", "begin with `manifest: 1`");
    if (read_.ok()) check_whole(document);
    if (!read_.ok()) return Error(Errc::invalid, "manifest");
    return std::move(it_);
  }

 private:
  void flag(const Value& value, const char* name, std::uint64_t bit) {
    if (read_.boolean(value, name)) it_.flags |= bit;
  }
  void paths(const Value& value, const char* name, std::vector<std::string>* to) {
    read_.sequence(value, name, [&](const Value& item) {
      to->push_back(read_.path(item, name));
      places_[to->back()] = item.place;
    });
  }
  static bool is_from_policy(const Value& value) {
    return value.kind == Value::Kind::scalar && value.text == "from_policy";
  }
  void arguments(const Value& value) {
    arguments_given_ = true;
    if ((arguments_from_policy_ = is_from_policy(value))) return;
    read_.sequence(value, "args", [&](const Value& item) { it_.arguments.push_back(read_.text(item, "an argument")); });
  }
  void environment(const Value& value) {
    if ((environment_from_policy_ = is_from_policy(value))) return;
    if (value.kind != Value::Kind::mapping) return read_.refuse(value.place, "env must be a mapping", "NAME: value");
    for (std::size_t i = 0; i < value.keys.size() && read_.ok(); ++i) {
      const std::string& name = value.keys[i];
      if (name.empty() || name.find('=') != std::string::npos)
        read_.refuse(value.key_places[i], "a variable's name may not be empty or contain =");
      if (name.find('\0') != std::string::npos) read_.refuse(value.key_places[i], "a variable's name with a NUL");
      it_.environment.push_back(name + "=" + read_.text(value.items[i], "a variable"));
      places_[name] = value.key_places[i];
    }
  }
  void host_environment(const Value& value) {
    it_.flags |= kInsecureHostEnvironment;
    read_.sequence(value, "insecure_host_environment", [&](const Value& item) {
      const std::string name = read_.text(item, "a variable's name");
      if (name.empty() || name.find('=') != std::string::npos) read_.refuse(item.place, "give names only");
      it_.environment.push_back(name);
      places_[name] = item.place;
    });
  }
  void signals(const Value& value) {
    signals_given_ = true;
    read_.sequence(value, "signals", [&](const Value& item) {
      const int number = signal_number(read_.text(item, "a signal"));
      if (number == 0)
        return read_.refuse(item.place, "signal " + item.text.substr(0, 32) + " cannot be left to the host",
                            "known are HUP INT QUIT TERM USR1 USR2 ALRM CONT WINCH");
      it_.host_signals |= 1ULL << (number - 1);
    });
  }
  void links(const Value& value) {
    if (value.kind != Value::Kind::mapping) return read_.refuse(value.place, "links must be a mapping", "PATH: target");
    for (std::size_t i = 0; i < value.keys.size() && read_.ok(); ++i) {
      Value key;
      key.kind = Value::Kind::scalar;
      key.text = value.keys[i];
      key.place = value.key_places[i];
      const std::string path = read_.path(key, "a link");
      it_.links[path] = read_.text(value.items[i], "a link's target");
      places_[path] = key.place;
    }
  }

  void files(const Value& value) {
    read_.sequence(value, "files", [&](const Value& item) {
      const std::size_t before = it_.files.size();
      file(item);
      for (std::size_t i = before; i < it_.files.size(); ++i) places_[it_.files[i].path] = item.place;
    });
  }
  void file(const Value& value) {
    std::string problem;
    if (value.kind == Value::Kind::scalar) {
      const std::string path = read_.path(value, "a file");
      if (read_.ok() && !add_host_file(path, &it_, &problem).ok()) read_.refuse(value.place, problem);
      return;
    }
    InstanceFile entry;
    std::string tree;
    bool has_mode = false;
    read_.mapping(value, "an entry of files",
                  {{"path", [&](const Value& v) { entry.path = read_.path(v, "path"); }},
                   {"tree", [&](const Value& v) { tree = read_.path(v, "tree"); }},
                   {"sha256", [&](const Value& v) { pin(v, &entry); }},
                   {"contents",
                    [&](const Value& v) {
                      const std::string text = read_.bytes(v, "contents");
                      embed(v, {text.begin(), text.end()}, &entry);
                    }},
                   {"source", [&](const Value& v) { source(v, &entry); }},
                   {"mode", [&](const Value& v) {
                      entry.mode = read_.mode(v);
                      has_mode = true;
                    }}});
    if (!read_.ok()) return;
    if (tree.empty() == entry.path.empty())
      return read_.refuse(value.place, "an entry of files needs either path or tree");
    if (!tree.empty()) {
      if (value.keys.size() != 1) return read_.refuse(value.place, "tree stands alone");
      if (!add_host_tree(tree, &it_, &problem).ok()) read_.refuse(value.place, problem);
      return;
    }
    if (has_mode && !entry.contents) return read_.refuse(value.place, "mode belongs to contents or source");
    if (entry.contents && entry.sha256)
      return read_.refuse(value.place, "sha256 is for files of the host", "contents are measured as they are");
    if (!entry.contents && !entry.sha256) {
      if (!add_host_file(entry.path, &it_, &problem).ok()) read_.refuse(value.place, problem);
      return;
    }
    it_.files.push_back(std::move(entry));
  }
  void pin(const Value& value, InstanceFile* entry) {
    const auto bytes = from_hex(read_.text(value, "sha256"));
    if (!bytes.ok() || bytes.value().size() != 32)
      return read_.refuse(value.place, "sha256 must be 64 hexadecimal digits");
    entry->sha256.emplace();
    std::copy(bytes.value().begin(), bytes.value().end(), entry->sha256->begin());
  }
  void embed(const Value& value, std::vector<std::uint8_t> bytes, InstanceFile* entry) {
    if (entry->contents) return read_.refuse(value.place, "contents and source together", "give one of them");
    if (bytes.size() > kMaxEmbedded)
      return read_.refuse(value.place, "more than 4 MiB", "let the host keep it, and pin it with sha256");
    entry->contents = std::move(bytes);
  }
  void source(const Value& value, InstanceFile* entry) {
    const std::string name = read_.text(value, "source");
    if (!read_.ok()) return;
    auto bytes = cloister::read_file(!name.empty() && name.front() == '/' ? name : directory_ + "/" + name);
    if (!bytes.ok())
      return read_.refuse(value.place, "source " + name + ": " + std::strerror(bytes.error().errno_value()),
                          "relative paths start at the manifest's folder");
    embed(value, std::move(bytes).take(), entry);
  }

  void check_whole(const Value& document) {
    if (program_.kind == Value::Kind::null) return read_.refuse(document.place, "no program", "program: /usr/bin/…");
    const std::string named = read_.path(program_, "program");
    if (!read_.ok()) return;
    it_.program = through_links(named);
    if (std::none_of(it_.files.begin(), it_.files.end(), [&](const auto& file) { return file.path == it_.program; }))
      return read_.refuse(program_.place, "the program is not among the files",
                          "add it with its loader and libraries; `cloister manifest new -- PROG` lists them");
    if (it_.tmpfs.size() > kMaxTmpfs) return read_.refuse(document.place, "more than 64 entries of tmpfs");
    if (arguments_given_ && (it_.flags & kInsecureHostArguments) != 0)
      return read_.refuse(document.place, "args and insecure_host_arguments together", "keep one of them");
    if (!it_.working_directory.empty() && (it_.flags & kInsecureHostDirectory) != 0)
      return read_.refuse(document.place, "working_directory and insecure_host_directory together", "keep one of them");
    check_policy(document);
    if (const auto found = find_contradiction(it_)) {
      const auto place = places_.find(found->subject);
      read_.refuse(place == places_.end() ? document.place : place->second, found->subject + " " + found->what,
                   found->hint);
    }
    it_.arguments.insert(it_.arguments.begin(), named);
    if (it_.heap_size == 0) it_.heap_size = 1ULL << 30;
    if (it_.thread_limit == 0) it_.thread_limit = 256;
    if (!signals_given_) it_.host_signals = 1ULL << (SIGTERM - 1);
  }
  void check_policy(const Value& document) {
    if (!arguments_from_policy_ && !environment_from_policy_) return;
    if (!arguments_from_policy_ || !environment_from_policy_)
      return read_.refuse(document.place, "args and env come from a policy together or not at all",
                          "write `args: from_policy` and `env: from_policy`");
    if (!it_.working_directory.empty())
      return read_.refuse(document.place, "working_directory comes from the policy as well", "leave it out");
    if ((it_.flags & (kInsecureHostEnvironment | kInsecureHostDirectory)) != 0)
      return read_.refuse(document.place, "a policy decides what may come from the host",
                          "leave insecure_host_environment and insecure_host_directory out");
    it_.flags |= kConfiguredByPolicy;
  }
  // `path` with the manifest's own links followed.
  std::string through_links(std::string path) const {
    for (int hops = 0; hops < 40; ++hops) {
      bool changed = false;
      for (std::size_t end = path.find('/', 1); !changed; end = path.find('/', end + 1)) {
        const std::string prefix = path.substr(0, end);
        if (const auto link = it_.links.find(prefix); link != it_.links.end()) {
          const std::string rest = end == std::string::npos ? "" : path.substr(end);
          const std::string base = prefix.substr(0, prefix.rfind('/') + 1);
          path = (link->second.front() == '/' ? link->second : base + link->second) + rest;
          changed = true;
        }
        if (end == std::string::npos) break;
      }
      if (!changed) break;
    }
    return normal(path);
  }
  static std::string normal(const std::string& path) {
    std::string done;
    for (std::size_t at = 1; at <= path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      const std::string name = path.substr(at, end - at);
      at = end + 1;
      if (name.empty() || name == ".") continue;
      if (name == "..")
        done.erase(done.empty() ? 0 : done.rfind('/'));
      else
        done += "/" + name;
    }
    return done;
  }

  SchemaReader read_;
  const std::string directory_;
  InstanceDescription it_;
  Value program_;
  std::map<std::string, yaml::Place> places_;  // where a path or a variable was last named
  bool arguments_given_ = false, signals_given_ = false;
  bool arguments_from_policy_ = false, environment_from_policy_ = false;
};
}  // namespace

Result<InstanceDescription> read_manifest_file(std::string_view text, const std::string& directory,
                                               yaml::Problem* problem) {
  const auto document = yaml::parse(text, problem);
  if (!document.ok()) return document.error();
  return ManifestReader(directory, problem).read(document.value());
}
}  // namespace cloister
