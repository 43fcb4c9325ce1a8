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
  static constexpr const char* kWithValue[] = {
      "--device",           "--heap", "--threads",       "--memory", "--env",       "--allow",
      "--manifest",         "--out",  "--host-location", "--cas",    "--config-id", "--cas-key",
      "--start-time-limit", "--las"};
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
  const bool measures = std::strcmp(verb, "measure") == 0;
  if (std::strcmp(verb, "manifest new") != 0)
    app.add_option(
           "--manifest", options->manifest,
           "launch manifest in YAML, or one that was measured or signed; replaces the options that are measured")
        ->type_name("FILE");
  if (measures) {
    app.add_flag("--policy", options->policy,
                 "closed root: also measure what the program's packages own; prints the manifest with pinned hashes");
    app.add_option("--out", options->out, "also write the measured manifest, for `cloister run --manifest FILE`")
        ->type_name("FILE");
    app.add_flag("--json", options->json, "machine-readable output");
  }
  std::vector<std::string> locations;
  if (std::strcmp(verb, "run") == 0) {
    app.add_option("--las", options->las,
                   "quoting service behind /dev/attestation/quote ($CLOISTER_LAS_ADDR, $SCONE_LAS_ADDR)")
        ->type_name("ADDRESS:PORT");
    app.add_option("--cas", options->cas, "who configures the enclave ($CLOISTER_CAS_ADDR, $SCONE_CAS_ADDR)")
        ->type_name("HOST[:PORT]");
    app.add_option("--config-id", options->config_id,
                   "as which service ($CLOISTER_CONFIG_ID, $SCONE_CONFIG_ID); the program's arguments here count only "
                   "where the policy asks for them")
        ->type_name("SESSION/SERVICE");
    app.add_option("--cas-key", options->cas_key, "SHA-256 of that CAS's key; asked from it otherwise")
        ->type_name("HEX");
    app.add_option("--start-time-limit", options->start_time_limit, "seconds for CAS and the quoting service to answer")
        ->check(CLI::Range(1, 600))
        ->capture_default_str();
    app.add_option("--host-location", locations,
                   "the host's files for the path INSIDE and what is below it lie at DIR; not measured (repeatable)")
        ->type_name("INSIDE=DIR")
        ->take_all()
        ->expected(1);
  }
  if (std::strcmp(verb, "sgx dump") == 0)
    app.add_option("--out", options->out, "directory for the two files; made when missing")
        ->required()
        ->type_name("DIR");
  app.footer(std::string("Example: cloister ") + verb + " --heap 256M -- redis-server --save ''");
  const int split = first_program_word(argc, argv);
  try {
    app.parse(split, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options->trace = trace->count() > 0;
  for (const std::string& text : locations) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || text.front() != '/' || equals + 1 == text.size()) {
      std::fprintf(stderr, "cloister: --host-location %s: give INSIDE=DIR, such as /data=./data\n", text.c_str());
      return 2;
    }
    options->locations.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  int word = split;
  if (word < argc && std::strcmp(argv[word], "--") == 0) ++word;
  options->command.assign(argv + word, argv + argc);
  if (!options->manifest.empty())
    for (const char* option : {"--heap", "--threads", "--env", "--allow"})
      if (app.get_option(option)->count() > 0) {
        std::fprintf(stderr, "cloister: %s and --manifest together: it is measured, so write it into %s\n", option,
                     options->manifest.c_str());
        return 2;
      }
  if (!options->manifest.empty() && options->policy) {
    std::fprintf(stderr,
                 "cloister: --policy makes a manifest of a program, --manifest has one already; give one of them\n");
    return 2;
  }
  if (!options->command.empty() || !options->manifest.empty()) return -1;
  std::fprintf(stderr, "cloister: no program given; try `cloister %s -- /bin/true`\n", verb);
  return 2;
}

std::string signing_key_path() {
  const std::string directory = configuration_directory();
  return directory.empty() ? directory : directory + "/signing-key.pem";
}
MeasuringTools measuring_tools() { return {libexec_path("cloister-plan"), cache_directory()}; }

std::string image_path(std::uint64_t manifest_flags) {
  if (const char* named = std::getenv("CLOISTER_IMAGE"); named != nullptr) return named;
  const bool has_tls = (manifest_flags & kConfiguredByPolicy) != 0;
  return installation() + "/lib/cloister/" + (has_tls ? "enclave-tls.sgxs" : "enclave.sgxs");
}
std::string libexec_path(const std::string& program) { return installation() + "/libexec/cloister/" + program; }
host::MemoryMode memory_mode(const std::string& name) {
  if (name == "secret") return host::MemoryMode::secret;
  return name == "plain" ? host::MemoryMode::plain : host::MemoryMode::automatic;
}
host::MemoryMode memory_mode_for_secrets(const std::string& name) {
  return name == "auto" ? host::MemoryMode::secret : memory_mode(name);
}
}  // namespace cloister
