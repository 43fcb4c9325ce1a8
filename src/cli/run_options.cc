// SPDX-License-Identifier: Apache-2.0
#include "src/cli/run_options.h"
#include <limits.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace cloister {
namespace {
std::string installation() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return "..";
  std::string text(path, static_cast<std::size_t>(size));
  text.erase(text.rfind('/'));  // bin
  return text.substr(0, text.rfind('/'));
}

// The options come first; `--` or the first other word begins the program. Options with a separate value take the next
// word.
int first_program_word(int argc, char** argv) {
  static constexpr const char* kWithValue[] = {"--device", "--heap", "--threads", "--memory", "--env", "--allow"};
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--") == 0) return i;
    if (argv[i][0] != '-') return i;
    for (const char* option : kWithValue)
      if (std::strcmp(argv[i], option) == 0) {
        ++i;
        break;
      }
  }
  return argc;
}
}  // namespace

int parse_run_options(int argc, char** argv, const char* verb, const char* description, RunOptions* options) {
  CLI::App app{description, std::string("cloister ") + verb};
  app.add_option("--device", options->device, "auto, sim or sgx")
      ->check(CLI::IsMember({"auto", "sim", "sgx"}))
      ->capture_default_str();
  app.add_option("--heap", options->heap, "dynamic memory at most, e.g. 64M or 4G; measured")->capture_default_str();
  app.add_option("--threads", options->threads, "threads at most; measured")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--memory", options->memory, "sim: secret (memfd_secret), plain, or auto")
      ->check(CLI::IsMember({"auto", "secret", "plain"}))
      ->capture_default_str();
  app.add_option("--env", options->environment,
                 "NAME=VALUE, or NAME to take the value from here (repeatable); measured")
      ->type_name("NAME[=VALUE]")
      ->take_all()
      ->expected(1);
  app.add_option("--allow", options->allowed, "weaken something by name: insecure_dynamic_code (repeatable); measured")
      ->type_name("insecure_NAME")
      ->take_all()
      ->expected(1);
  auto* const trace =
      app.add_option("--trace", options->trace_file, "print every system call (to FILE); makes a debug enclave")
          ->type_name("[=FILE]")
          ->expected(0, 1);
  app.add_flag("--stats", options->statistics, "print calls, host calls, exits, faults and bytes at the end");
  app.add_flag("--debug", options->debug, "debug enclave: registers and backtraces on a crash; no protection");
  app.add_flag("--json", options->json, "measure: machine-readable output");
  app.footer(std::string("Example: cloister ") + verb + " --heap 256M -- redis-server --save ''");
  const int split = first_program_word(argc, argv);
  try {
    app.parse(split, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options->trace = trace->count() > 0;
  int word = split;
  if (word < argc && std::strcmp(argv[word], "--") == 0) ++word;
  options->command.assign(argv + word, argv + argc);
  if (!options->command.empty()) return -1;
  std::fprintf(stderr, "cloister: no program given; try `cloister %s -- /bin/true`\n", verb);
  return 2;
}

Result<std::uint64_t> parse_size(const std::string& text) {
  char* end = nullptr;
  const unsigned long long number = std::strtoull(text.c_str(), &end, 10);
  if (end == text.c_str()) return Error(Errc::invalid, "not a size");
  unsigned shift = 0;
  switch (*end) {
    case 'K':
    case 'k': shift = 10; break;
    case 'M':
    case 'm': shift = 20; break;
    case 'G':
    case 'g': shift = 30; break;
    case 'T':
    case 't': shift = 40; break;
    case '\0': return static_cast<std::uint64_t>(number);
    default: return Error(Errc::invalid, "unknown suffix");
  }
  if (std::strcmp(end + 1, "") != 0 && std::strcmp(end + 1, "iB") != 0 && std::strcmp(end + 1, "B") != 0)
    return Error(Errc::invalid, "unknown suffix");
  if (number > (~0ULL >> shift)) return Error(Errc::invalid, "too large");
  return static_cast<std::uint64_t>(number) << shift;
}

Result<InstanceOptions> instance_options(const RunOptions& options, std::string* problem) {
  InstanceOptions instance;
  instance.program = options.command[0];
  const auto heap = parse_size(options.heap);
  if (!heap.ok() || heap.value() < (1 << 20)) {
    *problem = "--heap " + options.heap + ": give a size of at least 1M, such as 64M or 4G";
    return Error(Errc::invalid, "heap");
  }
  instance.heap_size = heap.value();
  instance.thread_limit = options.threads;
  instance.flags = kInsecureHostArguments | kInsecureHostDirectory;
  for (const std::string& name : options.allowed) {
    if (name != "insecure_dynamic_code") {
      *problem = "--allow " + name + ": unknown; known is insecure_dynamic_code";
      return Error(Errc::invalid, "allow");
    }
    instance.flags |= kInsecureDynamicCode;
  }
  const char* const path = std::getenv("PATH");
  instance.search_path = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  // A small fixed environment, then what --env names; a later entry of a name replaces an earlier one.
  instance.environment = {"HOME=/", "LANG=C.UTF-8",
                          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const std::string& entry : options.environment) {
    const std::string name = entry.substr(0, entry.find('='));
    std::erase_if(instance.environment,
                  [&](const std::string& other) { return other.substr(0, other.find('=')) == name; });
    instance.environment.push_back(entry);
    if (entry.find('=') == std::string::npos) instance.flags |= kInsecureHostEnvironment;
  }
  instance.plan_tool = plan_tool_path();
  instance.cache_directory = cache_directory();
  if (instance.cache_directory.empty()) {
    *problem = "no directory for the plan cache; set XDG_CACHE_HOME to one that can be written";
    return Error(Errc::io, "cache");
  }
  return instance;
}

std::string image_path() {
  if (const char* named = std::getenv("CLOISTER_IMAGE"); named != nullptr) return named;
  return installation() + "/lib/cloister/enclave.sgxs";
}
std::string plan_tool_path() { return installation() + "/libexec/cloister/cloister-plan"; }
}  // namespace cloister
