// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_run.h"
#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include "src/cli/complain.h"
#include "src/cli/instance_source.h"
#include "src/cli/named_policy.h"

namespace cloister {
namespace {
std::vector<std::string> host_environment(const std::vector<std::string>& wanted) {
  std::vector<std::string> values;
  for (const std::string& name : wanted)
    if (name.find('=') == std::string::npos)
      if (const char* value = std::getenv(name.c_str()); value != nullptr) values.push_back(name + "=" + value);
  return values;
}

// The one place that says what is weaker than it could be.
void say_what_is_weaker(const RunOptions& options, const LaunchManifest& manifest) {
  std::string weak;
  const auto add = [&](const std::string& what) { weak += "; " + what; };
  if (options.manifest.empty() && !options.policy) add("host paths below / are readable (no manifest)");
  if (!options.manifest.empty())
    for (const std::string& path : manifest.insecure_host_paths)
      add("insecure_host_paths " + path + (access(path.c_str(), F_OK) == 0 ? "" : " (which is not there)"));
  if (options.debug || options.trace) add("debug enclave: its memory is readable");
  if ((manifest.flags & kInsecureDynamicCode) != 0) add("insecure_dynamic_code");
  if (!options.manifest.empty() && (manifest.flags & kInsecureHostArguments) != 0) add("insecure_host_arguments");
  if (!options.manifest.empty() && (manifest.flags & kInsecureHostDirectory) != 0) add("insecure_host_directory");
  if (!options.manifest.empty() && (manifest.flags & kInsecureHostEnvironment) != 0) add("insecure_host_environment");
  if (isatty(STDERR_FILENO) || !options.manifest.empty())
    std::fprintf(stderr, "cloister: simulation%s\n", weak.c_str());
}
}  // namespace

int run_verb(int argc, char** argv) {
  const std::uint64_t closed_streams = host::reserve_standard_streams();
  RunOptions options;
  if (const int status = parse_run_options(argc, argv, "run", "Runs a program in an enclave.", &options); status >= 0)
    return status;
  std::string problem;
  int status = 125;
  const auto policy = find_named_policy(options, &problem);
  if (!policy.ok()) return complain(problem, 2);
  std::vector<std::string> host_words(options.command.begin() + (options.manifest.empty() ? 1 : 0),
                                      options.command.end());
  if (policy.value() && options.manifest.empty()) {
    options.policy = true;
    options.command.resize(1);
  }
  const auto instance = find_instance(options, &problem, &status);
  if (!instance) return complain(problem, status);
  const LaunchManifest& manifest = instance->measured.manifest;

  host::LaunchOptions launch;
  launch.device = options.device;
  launch.memory = memory_mode(options.memory);
  launch.image_path = image_path(manifest.flags);
  launch.cache_directory = cache_directory();
  launch.signing_key_path = signing_key_path();
  launch.signature = instance->measured.signature;
  launch.debug = options.debug || options.trace;
  launch.trace = options.trace;
  launch.statistics = options.statistics;
  launch.closed_streams = closed_streams;
  if (!options.trace_file.empty()) {
    launch.trace_descriptor =
        open(options.trace_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    if (launch.trace_descriptor < 0) return complain("--trace " + options.trace_file + ": cannot be written", 2);
  }
  launch.arguments = instance->first_words;
  launch.arguments.insert(launch.arguments.end(), host_words.begin(), host_words.end());
  launch.environment = host_environment(manifest.environment);
  const auto quoting_service = find_quoting_service(options.las, &problem);
  if (!quoting_service.ok()) return complain(problem, 2);
  if (quoting_service.value()) launch.settings.push_back("las=" + to_text(*quoting_service.value()));
  for (const auto& [inside, outside] : options.locations) {
    char real[PATH_MAX];
    if (realpath(outside.c_str(), real) == nullptr)
      return complain("--host-location " + inside + "=" + outside + ": " + std::strerror(errno), 2);
    launch.locations.emplace_back(inside, real);
  }
  if (policy.value() && !follow_policy(*policy.value(), options, manifest, &launch, &problem).ok())
    return complain(problem, 125);
  say_what_is_weaker(options, manifest);
  (void)host::launch(launch, manifest, &problem);
  return complain(problem, 125);
}
}  // namespace cloister
