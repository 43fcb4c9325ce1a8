// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_measure.h"
#include <cstdio>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/cli/complain.h"
#include "src/cli/instance_source.h"
#include "src/files/file_bytes.h"
#include "src/manifest_file/manifest_file.h"

namespace cloister {
namespace {
void print_text(const std::string& mrenclave, const Instance& instance) {
  std::printf("mrenclave %s\nprogram   %s\n", mrenclave.c_str(), instance.measured.manifest.program.c_str());
  for (const PlanSummary& plan : instance.plans)
    std::printf("file      %s  %u sites rewritten, %u left to the trap\n", plan.path.c_str(), plan.sites, plan.trapped);
}

void print_json(const std::string& mrenclave, const Instance& instance) {
  const LaunchManifest& manifest = instance.measured.manifest;
  nlohmann::ordered_json document{{"mrenclave", mrenclave},
                                  {"program", manifest.program},
                                  {"heap_size", manifest.heap_size},
                                  {"threads", manifest.thread_limit},
                                  {"insecure_host_paths", manifest.insecure_host_paths}};
  for (const PlanSummary& plan : instance.plans)
    document["files"].push_back({{"path", plan.path}, {"sites", plan.sites}, {"trapped", plan.trapped}});
  std::printf("%s\n", document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
}

// The manifest with a pinned hash for every file, so that nothing else can be measured from it on another day.
int print_policy(const std::string& mrenclave, const Instance& instance) {
  InstanceDescription description = *instance.description;
  std::string problem;
  if (const auto pinned = pin_files(&description, &problem); !pinned.ok()) return complain(problem, 126);
  const std::string text = write_manifest_file(
      description,
      {"mrenclave " + mrenclave, "Launch manifest of " + description.program + ": closed root, every file pinned.",
       "`cloister manifest explain FILE` says what the host can still influence."});
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0
             ? 0
             : complain("standard output cannot be written", 125);
}
}  // namespace

int measure_verb(int argc, char** argv) {
  RunOptions options;
  if (const int status = parse_run_options(argc, argv, "measure",
                                           "Prints the MRENCLAVE and the rewrite plans of a program.", &options);
      status >= 0)
    return status;
  std::string problem;
  int status = 125;
  const auto instance = find_instance(options, &problem, &status);
  if (!instance) return complain(problem, status);
  const std::string image = image_path(instance->measured.manifest.flags);
  const auto mrenclave = host::measure_enclave(image, instance->measured.manifest);
  if (!mrenclave.ok()) return complain(image + ": " + mrenclave.error().what(), 125);
  if (!options.out.empty())
    if (const auto written = write_file_atomically(options.out, encode_signed_manifest(instance->measured), 0644);
        !written.ok())
      return complain("--out " + options.out + ": cannot be written", 125);
  const std::string text = to_hex(mrenclave.value());
  if (options.policy && !options.json) return print_policy(text, *instance);
  (options.json ? print_json : print_text)(text, *instance);
  return 0;
}
}  // namespace cloister
