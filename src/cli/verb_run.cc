// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_run.h"
#include <fcntl.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include "src/cli/run_options.h"

namespace cloister {
namespace {
int complain(const std::string& problem, int status) {
  std::fprintf(stderr, "cloister: %s\n", problem.c_str());
  return status;
}

std::vector<std::string> host_environment(const std::vector<std::string>& wanted) {
  std::vector<std::string> values;
  for (const std::string& name : wanted)
    if (name.find('=') == std::string::npos)
      if (const char* value = std::getenv(name.c_str()); value != nullptr) values.push_back(name + "=" + value);
  return values;
}

// The one place that says what is weaker than it could be.
void say_what_is_weaker(const RunOptions& options, const LaunchManifest& manifest) {
  std::string weak = "host paths below / are readable (no manifest)";
  if (options.debug || options.trace) weak += "; debug enclave: its memory is readable";
  if ((manifest.flags & kInsecureDynamicCode) != 0) weak += "; insecure_dynamic_code";
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "cloister: simulation; %s\n", weak.c_str());
}
}  // namespace

int run_verb(int argc, char** argv) {
  const std::uint64_t closed_streams = host::reserve_standard_streams();
  RunOptions options;
  if (const int status = parse_run_options(argc, argv, "run", "Runs a program in an enclave.", &options); status >= 0)
    return status;
  std::string problem;
  const auto instance = instance_options(options, &problem);
  if (!instance.ok()) return complain(problem, 2);
  const auto made = make_instance(instance.value(), nullptr, &problem);
  if (!made.ok()) return complain(problem, made.error().code() == static_cast<Errc>(2) ? 127 : 126);

  const LaunchManifest& manifest = made.value().manifest;

  host::LaunchOptions launch;
  launch.device = options.device;
  launch.memory = options.memory == "secret"  ? host::MemoryMode::secret
                  : options.memory == "plain" ? host::MemoryMode::plain
                                              : host::MemoryMode::automatic;
  launch.image_path = image_path();
  launch.cache_directory = instance.value().cache_directory;
  launch.signing_key_path = configuration_directory() + "/signing-key.pem";
  launch.debug = options.debug || options.trace;
  launch.trace = options.trace;
  launch.statistics = options.statistics;
  launch.closed_streams = closed_streams;
  if (!options.trace_file.empty()) {
    launch.trace_descriptor =
        open(options.trace_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    if (launch.trace_descriptor < 0) return complain("--trace " + options.trace_file + ": cannot be written", 2);
  }
  launch.arguments = options.command;
  if (const auto& words = made.value().script_words; !words.empty()) {
    launch.arguments.erase(launch.arguments.begin());
    launch.arguments.insert(launch.arguments.begin(), words.begin(), words.end());
  }
  launch.environment = host_environment(instance.value().environment);
  say_what_is_weaker(options, manifest);
  (void)host::launch(launch, manifest, &problem);
  return complain(problem, 125);
}
}  // namespace cloister
