// SPDX-License-Identifier: Apache-2.0
#include "src/measure/instance.h"
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include "src/base/hex.h"
#include "src/measure/closure.h"
#include "src/files/file_bytes.h"
#include "src/files/file_view.h"
#include "src/plan/plan.h"
#include "src/sgx/measurement.h"

extern char** environ;

namespace cloister {
namespace {
std::string directory_below(const char* variable, const char* fallback) {
  const char* const base = std::getenv(variable);
  const char* const home = std::getenv("HOME");
  std::string path = base != nullptr && *base != '\0' ? base : std::string(home != nullptr ? home : "/tmp") + fallback;
  mkdir(path.c_str(), 0700);
  path += "/cloister";
  mkdir(path.c_str(), 0700);
  return access(path.c_str(), W_OK) == 0 ? path : std::string();
}

std::string temporary_directory() {
  const char* const named = std::getenv("TMPDIR");
  return named != nullptr && *named != '\0' ? named : "/tmp";
}

std::vector<ChunkHash> hash_chunks(std::span<const std::uint8_t> bytes) {
  std::vector<ChunkHash> chunks;
  for (std::size_t at = 0; at < bytes.size(); at += kFileChunkSize)
    chunks.push_back(sgx::sha256(bytes.subspan(at, std::min<std::size_t>(kFileChunkSize, bytes.size() - at))));
  return chunks;
}

// The cache's key for a file's plan: who makes it, and the file's contents, by way of the chunk hashes that are needed
// anyway.
std::string plan_key(const std::vector<ChunkHash>& chunks) {
  constexpr std::string_view kAnalysis = CLOISTER_ANALYSIS;  // hash of the sources of cloister-plan
  std::vector<std::uint8_t> key(kAnalysis.begin(), kAnalysis.end());
  for (const ChunkHash& chunk : chunks) key.insert(key.end(), chunk.begin(), chunk.end());
  return to_hex(sgx::sha256(key));
}

bool run_plan_tool(const std::string& tool, const std::string& out, const std::vector<std::string>& files) {
  std::vector<std::string> words{tool, "--out", out};
  words.insert(words.end(), files.begin(), files.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t child;
  const int error = posix_spawn(&child, tool.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  return error == 0 && waitpid(child, &status, 0) == child && status == 0;
}

struct FoundFile {
  MeasuredFile file;
  bool is_elf;
};

Result<FoundFile> measure_file(const InstanceFile& wanted, std::string* problem) {
  MeasuredFile measured;
  measured.path = wanted.path;
  if (wanted.contents) {
    measured.size = wanted.contents->size();
    measured.mode = wanted.mode;
    measured.contents = *wanted.contents;
    return FoundFile{std::move(measured), false};
  }
  const auto file = FileView::open(wanted.found_at());
  if (!file.ok()) {
    *problem = wanted.found_at() + ": cannot be read: " + std::strerror(file.error().errno_value());
    return file.error();
  }
  const auto bytes = file.value().bytes();
  if (wanted.sha256 && sgx::sha256(bytes) != *wanted.sha256) {
    *problem = wanted.found_at() + ": is not the file that the manifest pins (sha256 " + to_hex(*wanted.sha256) +
               "); restore it, or measure again";
    return Error(Errc::mismatch, "not the pinned file");
  }
  measured.size = bytes.size();
  measured.mode = file.value().mode();
  measured.chunks = hash_chunks(bytes);
  static constexpr std::uint8_t kElf[] = {0x7f, 'E', 'L', 'F'};
  return FoundFile{std::move(measured), bytes.size() > 4 && std::equal(kElf, kElf + 4, bytes.begin())};
}

std::vector<std::string> ascending(std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

// Ascending, the first of equal paths.
std::vector<InstanceFile> by_path(std::vector<InstanceFile> files) {
  std::stable_sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  files.erase(std::unique(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path == b.path; }),
              files.end());
  return files;
}

struct Executable {
  std::size_t index;  // in the manifest's files
  std::string found_at;
};
struct Pending {
  Executable file;
  std::string key;
};

// Fills in plans: from the cache where it knows the content, else by one run of the tool for all others.
bool add_plans(const MeasuringTools& tools, const std::vector<Executable>& executables, LaunchManifest* manifest) {
  const bool has_cache = !tools.cache_directory.empty();
  const std::string plans = has_cache ? tools.cache_directory + "/plans" : temporary_directory();
  if (has_cache) mkdir(plans.c_str(), 0700);
  std::vector<Pending> pending;
  std::vector<std::string> paths;
  for (const Executable& executable : executables) {
    MeasuredFile& file = manifest->files[executable.index];
    const std::string key = plan_key(file.chunks);
    if (has_cache) {
      if (const auto cached = FileView::open(plans + "/" + key + ".plan"); cached.ok()) {
        file.plan.assign(cached.value().bytes().begin(), cached.value().bytes().end());
        continue;
      }
    }
    pending.push_back({executable, key});
    paths.push_back(executable.found_at);
  }
  if (pending.empty()) return true;
  std::string work = plans + "/cloister-plans.XXXXXX";
  bool good = mkdtemp(work.data()) != nullptr && run_plan_tool(tools.plan_tool, work, paths);
  for (const Pending& item : pending) {
    MeasuredFile& file = manifest->files[item.file.index];
    const auto contents = FileView::open(item.file.found_at);
    if (!good || !contents.ok()) break;
    const std::string made = work + "/" + to_hex(sgx::sha256(contents.value().bytes())) + ".plan";
    const auto plan = FileView::open(made);
    if (!plan.ok() || !PlanView::parse(plan.value().bytes()).ok()) {
      good = false;
      break;
    }
    file.plan.assign(plan.value().bytes().begin(), plan.value().bytes().end());
    if (has_cache)
      (void)write_file_atomically(plans + "/" + item.key + ".plan", plan.value().bytes(), 0600).ok();  // only a cache
    unlink(made.c_str());
  }
  rmdir(work.c_str());
  return good;
}
}  // namespace

std::string cache_directory() { return directory_below("XDG_CACHE_HOME", "/.cache"); }
std::string configuration_directory() { return directory_below("XDG_CONFIG_HOME", "/.config"); }

Result<void> add_program_closure(const std::string& name, const std::string& search_path,
                                 InstanceDescription* description, std::string* problem) {
  ClosureError closure_error;
  auto closure = elf_closure(name, search_path, &closure_error);
  if (!closure.ok()) {
    *problem = closure_error.text;
    return closure.error();
  }
  description->program = closure.value().program;
  const std::vector<std::string>& words = closure.value().script_words;
  description->arguments = words.empty() ? std::vector<std::string>{closure.value().found} : words;
  for (const std::string& path : closure.value().files) description->files.push_back({path, {}, {}, 0});
  description->links.merge(closure.value().links);
  return {};
}

void sort_and_merge(InstanceDescription* description) {
  description->files = by_path(std::move(description->files));
  for (auto* paths : {&description->directories, &description->tmpfs, &description->insecure_host_paths})
    *paths = ascending(std::move(*paths));
}

Result<LaunchManifest> measure_instance(const InstanceDescription& description, const MeasuringTools& tools,
                                        std::vector<PlanSummary>* plans, std::string* problem) {
  LaunchManifest manifest;
  manifest.flags = description.flags;
  manifest.heap_size = description.heap_size;
  manifest.thread_limit = description.thread_limit;
  manifest.host_signals = description.host_signals;
  manifest.program = description.program;
  manifest.arguments = description.arguments;
  manifest.environment = description.environment;
  manifest.working_directory = description.working_directory;
  manifest.insecure_host_paths = ascending(description.insecure_host_paths);
  manifest.directories = ascending(description.directories);
  manifest.tmpfs = ascending(description.tmpfs);
  std::vector<Executable> executables;
  for (const InstanceFile& file : by_path(description.files)) {
    auto measured = measure_file(file, problem);
    if (!measured.ok()) return measured.error();
    if (measured.value().is_elf && !file.contents) executables.push_back({manifest.files.size(), file.found_at()});
    manifest.files.push_back(std::move(measured).take().file);
  }
  for (const auto& [path, target] : description.links) manifest.links.push_back({path, target});
  if (!add_plans(tools, executables, &manifest)) {
    *problem = "cannot make rewrite plans with " + tools.plan_tool;
    return Error(Errc::io, "plans");
  }
  for (MeasuredFile& file : manifest.files) {
    const auto plan = PlanView::parse(file.plan);
    if (!plan.ok()) continue;
    if (plans != nullptr) plans->push_back({file.path, plan.value().site_count(), plan.value().trapped_count()});
    if (plan.value().site_count() == 0) file.plan.clear();
  }
  return manifest;
}
}  // namespace cloister
