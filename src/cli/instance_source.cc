// SPDX-License-Identifier: Apache-2.0
#include "src/cli/instance_source.h"
#include <signal.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include "src/base/size_text.h"
#include "src/files/file_bytes.h"
#include "src/files/file_view.h"
#include "src/manifest_file/manifest_file.h"
#include "src/measure/debian_packages.h"
#include "src/measure/host_files.h"
#include "src/sgx/measurement.h"

namespace cloister {
namespace {
constexpr int kUsage = 2;
// What the command line or the manifest says is wrong, in contrast to what the program's files are.
constexpr char kUsageMistake[] = "usage";

Error usage(std::string* problem, std::string text) {
  *problem = std::move(text);
  return Error(Errc::invalid, kUsageMistake);
}

Result<void> set_limits(const RunOptions& options, InstanceDescription* description, std::string* problem) {
  const auto heap = parse_size(options.heap);
  if (!heap.ok() || heap.value() < kLeastHeap || heap.value() > kMostHeap)
    return usage(problem, "--heap " + options.heap + ": give a size from 1M to 1T, such as 64M or 4G");
  description->heap_size = heap.value();
  description->thread_limit = options.threads;
  for (const std::string& name : options.allowed) {
    if (name != "insecure_dynamic_code")
      return usage(problem, "--allow " + name + ": unknown; known is insecure_dynamic_code");
    description->flags |= kInsecureDynamicCode;
  }
  return {};
}

// A small fixed environment, then what --env names; a later entry of a name replaces an earlier one.
void set_environment(const RunOptions& options, InstanceDescription* description) {
  std::vector<std::string>& environment = description->environment;
  environment = {"HOME=/", "LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const std::string& entry : options.environment) {
    const std::string name = entry.substr(0, entry.find('='));
    std::erase_if(environment, [&](const std::string& other) { return other.substr(0, other.find('=')) == name; });
    environment.push_back(entry);
    if (entry.find('=') == std::string::npos) description->flags |= kInsecureHostEnvironment;
  }
}

Result<void> check_variables(const RunOptions& options, std::string* problem) {
  for (const std::string& entry : options.environment)
    if (entry.empty() || entry.front() == '=')
      return usage(problem, "--env " + entry + ": give NAME=VALUE, or NAME to take the value from here");
  return {};
}

// A closed root starts in a directory of its own, so a program that is named from here gets its full path.
std::string name_inside(const std::string& name) {
  const std::filesystem::path path = name;
  if (name.find('/') == std::string::npos || (path.is_absolute() && path == path.lexically_normal())) return name;
  std::error_code error;
  const auto folder = std::filesystem::canonical(path.has_parent_path() ? path.parent_path() : ".", error);
  return error ? name : (folder / path.filename()).string();
}

// Files that the arguments name belong to the program: a script, a configuration. What is named from here is found from
// there. Others than those that lie on a disk are not measured.
Result<void> add_named_files(const std::vector<std::string>& command, InstanceDescription* description,
                             std::string* problem) {
  std::error_code error;
  for (std::size_t i = 1; i < command.size(); ++i) {
    const std::filesystem::path given = command[i], path = std::filesystem::absolute(given, error);
    const bool is_made_by_the_runtime =
        std::ranges::any_of(std::array{"/proc/", "/sys/", "/dev/"},
                            [&](const char* folder) { return path.lexically_normal().string().starts_with(folder); });
    if (command[i].empty() || is_made_by_the_runtime || !std::filesystem::is_regular_file(path, error) ||
        access(path.c_str(), R_OK) != 0)
      continue;
    TRY(add_host_file(path.lexically_normal(), description, problem));
    if (given.is_relative()) description->working_directory = std::filesystem::current_path(error).string();
  }
  return {};
}

Result<InstanceDescription> describe_program(const RunOptions& options, std::string* problem) {
  InstanceDescription description;
  TRY(set_limits(options, &description, problem));
  TRY(check_variables(options, problem));
  set_environment(options, &description);
  const char* const path = std::getenv("PATH");
  TRY(add_program_closure(options.command[0], path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin", &description,
                          problem));
  return description;
}

Result<std::vector<std::uint8_t>> read_manifest(const std::string& path, std::string* problem) {
  auto bytes = read_file(path);
  if (!bytes.ok()) return usage(problem, path + ": " + std::strerror(bytes.error().errno_value()));
  return bytes;
}

Result<InstanceDescription> describe_text(const std::string& path, const std::vector<std::uint8_t>& bytes,
                                          std::string* problem) {
  const std::size_t slash = path.rfind('/');
  yaml::Problem where;
  auto description = read_manifest_file({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                        slash == std::string::npos ? "." : path.substr(0, slash + 1), &where);
  return description.ok() ? std::move(description) : usage(problem, text_of(where, path));
}

std::optional<Instance> measured_before(const std::vector<std::uint8_t>& bytes, const std::string& path,
                                        std::string* problem, int* status) {
  auto decoded = decode_signed_manifest(bytes);
  if (decoded.ok()) return Instance{std::move(decoded).take(), {}, {}, {}};
  *problem = path + ": " + decoded.error().what();
  *status = kUsage;
  return {};
}

// The program's arguments on the command line, where the manifest leaves them to the host.
bool take_arguments(const RunOptions& options, Instance* instance, std::string* problem) {
  const LaunchManifest& manifest = instance->measured.manifest;
  instance->first_words = {manifest.arguments.empty() ? manifest.program : manifest.arguments.front()};
  if (options.command.empty() || (manifest.flags & (kInsecureHostArguments | kConfiguredByPolicy)) != 0) return true;
  *problem = options.manifest + ": fixes the program's arguments; remove those after --";
  return false;
}
}  // namespace

int status_of(const Error& error) {
  if (error.what() == kUsageMistake) return kUsage;
  return error.is_errno() && error.errno_value() == ENOENT ? 127 : 126;
}

Result<InstanceDescription> describe_command(const RunOptions& options, std::string* problem) {
  InstanceDescription description = TRY(describe_program(options, problem));
  description.flags |= kInsecureHostArguments | kInsecureHostDirectory;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT})
    description.host_signals |= 1ULL << (signal - 1);
  description.insecure_host_paths = {"/"};
  return description;
}

Result<InstanceDescription> describe_policy(const RunOptions& given, std::string* problem) {
  RunOptions options = given;
  options.command[0] = name_inside(options.command[0]);
  InstanceDescription description = TRY(describe_program(options, problem));
  if (options.command.size() == 1 && options.environment.empty()) {
    // One MRENCLAVE for every configuration: nothing of how the program was named here remains.
    description.flags |= kConfiguredByPolicy;
    description.arguments = {description.program};
    description.environment.clear();
  } else {
    description.arguments.insert(description.arguments.end(), options.command.begin() + 1, options.command.end());
    description.working_directory = "/";
    TRY(add_named_files(options.command, &description, problem));
  }
  description.host_signals = 1ULL << (SIGTERM - 1);
  TRY(add_package_files(&description, problem));
  sort_and_merge(&description);
  return description;
}

Result<InstanceDescription> describe_file(const std::string& path, std::string* problem) {
  const auto bytes = TRY(read_manifest(path, problem));
  if (looks_like_signed_manifest(bytes))
    return usage(problem, path + ": was measured already; this needs the manifest in YAML");
  return describe_text(path, bytes, problem);
}

Result<void> pin_files(InstanceDescription* description, std::string* problem) {
  for (InstanceFile& file : description->files) {
    if (file.contents) continue;
    const auto view = FileView::open(file.found_at());
    if (!view.ok()) {
      *problem = file.found_at() + ": cannot be read: " + std::strerror(view.error().errno_value());
      return view.error();
    }
    file.sha256 = sgx::sha256(view.value().bytes());
  }
  return {};
}

std::optional<Instance> find_instance(const RunOptions& options, std::string* problem, int* status) {
  Instance instance;
  std::vector<std::uint8_t> text;
  if (!options.manifest.empty()) {
    auto bytes = read_manifest(options.manifest, problem);
    if (!bytes.ok()) {
      *status = kUsage;
      return {};
    }
    text = std::move(bytes).take();
    if (looks_like_signed_manifest(text)) {
      auto before = measured_before(text, options.manifest, problem, status);
      if (before && !take_arguments(options, &*before, problem)) {
        *status = kUsage;
        before.reset();
      }
      return before;
    }
  }
  auto description = !options.manifest.empty() ? describe_text(options.manifest, text, problem)
                     : options.policy          ? describe_policy(options, problem)
                                               : describe_command(options, problem);
  if (!description.ok()) {
    *status = status_of(description.error());
    return {};
  }
  instance.description = std::move(description).take();
  if (options.manifest.empty() && !options.policy) {
    // As a shell gives it: argv[0] as typed, unless it is a script.
    std::swap(instance.first_words, instance.description->arguments);
    if (instance.first_words.size() == 1) instance.first_words = {options.command[0]};
  }
  if (options.policy) instance.first_words = {instance.description->program};
  auto manifest = measure_instance(*instance.description, measuring_tools(), &instance.plans, problem);
  if (!manifest.ok()) {
    *status = status_of(manifest.error());
    return {};
  }
  instance.measured.manifest = std::move(manifest).take();
  if (!options.manifest.empty() && !take_arguments(options, &instance, problem)) {
    *status = kUsage;
    return {};
  }
  return instance;
}
}  // namespace cloister
