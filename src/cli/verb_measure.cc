// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_measure.h"
#include <cstdio>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/cli/run_options.h"

namespace cloister {
namespace {
void print_text(const std::string& mrenclave, const LaunchManifest& manifest, const std::vector<PlanSummary>& plans) {
  std::printf("mrenclave %s\nprogram   %s\n", mrenclave.c_str(), manifest.program.c_str());
  for (const PlanSummary& plan : plans)
    std::printf("file      %s  %u sites rewritten, %u left to the trap\n", plan.path.c_str(), plan.sites, plan.trapped);
}

void print_json(const std::string& mrenclave, const LaunchManifest& manifest, const std::vector<PlanSummary>& plans) {
  nlohmann::ordered_json document{{"mrenclave", mrenclave},
                                  {"program", manifest.program},
                                  {"heap_size", manifest.heap_size},
                                  {"threads", manifest.thread_limit},
                                  {"insecure_host_paths", manifest.insecure_host_paths}};
  for (const PlanSummary& plan : plans)
    document["files"].push_back({{"path", plan.path}, {"sites", plan.sites}, {"trapped", plan.trapped}});
  std::printf("%s\n", document.dump(2).c_str());
}
}  // namespace

int measure_verb(int argc, char** argv) {
  RunOptions options;
  if (const int status = parse_run_options(argc, argv, "measure",
                                           "Prints the MRENCLAVE and the rewrite plans of a program.", &options);
      status >= 0)
    return status;
  std::string problem;
  std::vector<PlanSummary> plans;
  const auto instance = instance_options(options, &problem);
  if (!instance.ok()) {
    std::fprintf(stderr, "cloister: %s\n", problem.c_str());
    return 2;
  }
  const auto made = make_instance(instance.value(), &plans, &problem);
  if (!made.ok()) {
    std::fprintf(stderr, "cloister: %s\n", problem.c_str());
    return made.error().code() == static_cast<Errc>(2) ? 127 : 126;
  }
  const LaunchManifest& manifest = made.value().manifest;
  const auto mrenclave = host::measure_enclave(image_path(), manifest);
  if (!mrenclave.ok()) {
    std::fprintf(stderr, "cloister: %s: %s\n", image_path().c_str(), mrenclave.error().what());
    return 125;
  }
  (options.json ? print_json : print_text)(to_hex(mrenclave.value()), manifest, plans);
  return 0;
}
}  // namespace cloister
