// SPDX-License-Identifier: Apache-2.0
// From the description of an instance to its launch manifest: chunk hashes, and rewrite plans from the cache or made by
// cloister-plan. Owner's side.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/manifest/launch_manifest.h"

namespace cloister {
// Bounds of an instance's heap; ELRANGE has no room for more.
constexpr std::uint64_t kLeastHeap = 1ULL << 20, kMostHeap = 1ULL << 40;

// A file of the instance: measured as it is found at `path` on this machine, or embedded.
struct InstanceFile {
  std::string path;                                    // absolute, as inside
  std::optional<std::array<std::uint8_t, 32>> sha256;  // what the whole file must hash to
  std::optional<std::vector<std::uint8_t>> contents;   // embedded in the manifest; the host's file plays no part
  std::uint32_t mode = 0644;                           // of an embedded file; others keep their own
  std::string source = {};                             // where it is found when measuring, if not at `path`
  const std::string& found_at() const { return source.empty() ? path : source; }
};

// What a manifest file or the command line says of an instance; paths of files are real ones.
struct InstanceDescription {
  std::string program;
  std::vector<std::string> arguments;    // argv; with kInsecureHostArguments the host's, and this only names argv[0]
  std::vector<std::string> environment;  // NAME=VALUE or NAME
  std::string working_directory;
  std::uint64_t heap_size = 0;
  std::uint32_t thread_limit = 0;
  std::uint64_t flags = 0;         // ManifestFlags
  std::uint64_t host_signals = 0;  // bit n-1: signal n
  std::vector<InstanceFile> files;
  std::map<std::string, std::string> links;  // path of a symbolic link -> its target
  std::vector<std::string> directories, tmpfs, insecure_host_paths;
};

struct MeasuringTools {
  std::string plan_tool;        // path of cloister-plan
  std::string cache_directory;  // plans and SIGSTRUCTs, keyed by content
};
struct PlanSummary {
  std::string path;
  std::uint32_t sites, trapped;
};

// `problem` is one line for people when the result is an error: Errc::mismatch when a file is not the pinned one, the
// errno when one cannot be read.
Result<LaunchManifest> measure_instance(const InstanceDescription& description, const MeasuringTools& tools,
                                        std::vector<PlanSummary>* plans, std::string* problem);

// Adds the ELF closure of `name` (looked up in `search_path` when it has no slash) with the links on the way, and makes
// it the program; argv begins with the path by which it was found, since some programs look at it, or with the words of
// a script: its interpreter becomes the program.
Result<void> add_program_closure(const std::string& name, const std::string& search_path,
                                 InstanceDescription* description, std::string* problem);

// Files and paths ascending, each once.
void sort_and_merge(InstanceDescription* description);

// $XDG_CACHE_HOME/cloister and the like; created when missing, empty when impossible.
std::string cache_directory();
std::string configuration_directory();
}  // namespace cloister
