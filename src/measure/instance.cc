// SPDX-License-Identifier: Apache-2.0
#include "src/measure/instance.h"
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
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

std::vector<ChunkHash> hash_chunks(std::span<const std::uint8_t> bytes) {
  std::vector<ChunkHash> chunks;
  for (std::size_t at = 0; at < bytes.size(); at += kFileChunkSize)
    chunks.push_back(sgx::sha256(bytes.subspan(at, std::min<std::size_t>(kFileChunkSize, bytes.size() - at))));
  return chunks;
}

// The cache's key for a file's plan: its contents, by way of the chunk hashes that are needed anyway.
std::string content_key(const std::vector<ChunkHash>& chunks) {
  return to_hex(sgx::sha256({reinterpret_cast<const std::uint8_t*>(chunks.data()), chunks.size() * sizeof(ChunkHash)}));
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

struct Pending {
  std::size_t index;
  std::string key;
};

bool is_elf(const std::string& path) {
  const auto file = FileView::open(path);
  return file.ok() && file.value().bytes().size() >= SELFMAG &&
         std::memcmp(file.value().bytes().data(), ELFMAG, SELFMAG) == 0;
}

// Fills in plans: from the cache where it knows the content, else by one run of the tool for all others.
bool add_plans(const InstanceOptions& options, LaunchManifest* manifest) {
  const std::string plans = options.cache_directory + "/plans";
  mkdir(plans.c_str(), 0700);
  std::vector<Pending> pending;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < manifest->files.size(); ++i) {
    if (!is_elf(manifest->files[i].path)) continue;  // a script
    const std::string key = content_key(manifest->files[i].chunks);
    if (const auto cached = FileView::open(plans + "/" + key + ".plan"); cached.ok()) {
      manifest->files[i].plan.assign(cached.value().bytes().begin(), cached.value().bytes().end());
      continue;
    }
    pending.push_back({i, key});
    paths.push_back(manifest->files[i].path);
  }
  if (pending.empty()) return true;
  const std::string work = plans + "/work." + std::to_string(getpid());
  mkdir(work.c_str(), 0700);
  bool good = run_plan_tool(options.plan_tool, work, paths);
  for (const Pending& item : pending) {
    MeasuredFile& file = manifest->files[item.index];
    const auto contents = FileView::open(file.path);
    if (!good || !contents.ok()) break;
    const std::string made = work + "/" + to_hex(sgx::sha256(contents.value().bytes())) + ".plan";
    const auto plan = FileView::open(made);
    if (!plan.ok() || !PlanView::parse(plan.value().bytes()).ok()) {
      good = false;
      break;
    }
    file.plan.assign(plan.value().bytes().begin(), plan.value().bytes().end());
    (void)write_file_atomically(plans + "/" + item.key + ".plan", plan.value().bytes(), 0600).ok();  // only a cache
    unlink(made.c_str());
  }
  rmdir(work.c_str());
  return good;
}
}  // namespace

std::string cache_directory() { return directory_below("XDG_CACHE_HOME", "/.cache"); }
std::string configuration_directory() { return directory_below("XDG_CONFIG_HOME", "/.config"); }

Result<Instance> make_instance(const InstanceOptions& options, std::vector<PlanSummary>* plans, std::string* problem) {
  ClosureError closure_error;
  auto closure = elf_closure(options.program, options.search_path, &closure_error);
  if (!closure.ok()) {
    *problem = closure_error.text;
    return closure.error();
  }
  LaunchManifest manifest;
  manifest.flags = options.flags;
  manifest.heap_size = options.heap_size;
  manifest.thread_limit = options.thread_limit;
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT})
    manifest.host_signals |= 1ULL << (signal - 1);
  manifest.program = closure.value().program;
  manifest.environment = options.environment;
  manifest.insecure_host_paths = {"/"};
  for (const std::string& path : closure.value().files) {
    const auto file = FileView::open(path);
    if (!file.ok()) {
      *problem = path + ": cannot be read";
      return file.error();
    }
    MeasuredFile measured;
    measured.path = path;
    measured.size = file.value().bytes().size();
    measured.mode = file.value().mode();
    measured.chunks = hash_chunks(file.value().bytes());
    manifest.files.push_back(std::move(measured));
  }
  for (const auto& [path, target] : closure.value().links) manifest.links.push_back({path, target});
  if (!add_plans(options, &manifest)) {
    *problem = "cannot make rewrite plans with " + options.plan_tool;
    return Error(Errc::io, "plans");
  }
  for (MeasuredFile& file : manifest.files) {
    const auto plan = PlanView::parse(file.plan);
    if (!plan.ok()) continue;
    if (plans != nullptr) plans->push_back({file.path, plan.value().site_count(), plan.value().trapped_count()});
    if (plan.value().site_count() == 0) file.plan.clear();
  }
  return Instance{std::move(manifest), std::move(closure).take().script_words};
}
}  // namespace cloister
