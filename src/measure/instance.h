// SPDX-License-Identifier: Apache-2.0
// From a program's name to the launch manifest of an instance: closure, chunk hashes, rewrite plans (from the cache, or
// made by cloister-plan). Owner's side.
#pragma once
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/manifest/launch_manifest.h"

namespace cloister {
struct InstanceOptions {
  std::string program;
  std::uint64_t heap_size = 0;
  std::uint32_t thread_limit = 0;
  std::uint64_t flags = 0;               // ManifestFlags
  std::vector<std::string> environment;  // NAME=VALUE or NAME
  std::string search_path;               // $PATH
  std::string plan_tool;                 // path of cloister-plan
  std::string cache_directory;           // plans and SIGSTRUCTs, keyed by content
};
struct PlanSummary {
  std::string path;
  std::uint32_t sites, trapped;
};
struct Instance {
  LaunchManifest manifest;
  // What argv has in place of the program's name, for a script: its interpreter, an argument perhaps, and its path.
  std::vector<std::string> script_words;
};
// `problem` is one line for people when the result is an error.
Result<Instance> make_instance(const InstanceOptions& options, std::vector<PlanSummary>* plans, std::string* problem);

// $XDG_CACHE_HOME/cloister and the like; created when missing, empty when impossible.
std::string cache_directory();
std::string configuration_directory();
}  // namespace cloister
