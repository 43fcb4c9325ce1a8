// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas_serve.h"
#include <signal.h>
#include <sys/stat.h>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include "src/base/hex.h"
#include "src/cli/complain.h"
#include "src/cli/named_policy.h"
#include "src/cli/run_options.h"
#include "src/https/url.h"
#include "src/release/evidence.h"

namespace cloister {
namespace {
// Inside, the same for every installation: they are part of MRENCLAVE.
constexpr char kProgram[] = "/usr/libexec/cloister/cloister-cas";
constexpr char kDataDirectory[] = "/var/lib/cloister-cas";
constexpr std::uint64_t kHeap = std::uint64_t{4} << 30;
constexpr std::uint32_t kThreads = 64;
constexpr std::uint16_t kApiPort = 8081, kCollateralPort = 18767;

struct Options {
  std::string directory, owner, device = "auto", memory = "auto";
  std::string api = "127.0.0.1:8081", enclaves = "127.0.0.1:18765", las, las_collateral, pccs, predecessor;
  bool json = false;
};

InstanceDescription describe_cas() {
  InstanceDescription cas;
  cas.program = kProgram;
  cas.arguments = {kProgram};
  cas.working_directory = "/";
  cas.heap_size = kHeap;
  cas.thread_limit = kThreads;
  cas.flags = kInsecureHostArguments;  // they name places
  for (const int signal : {SIGTERM, SIGINT}) cas.host_signals |= 1ULL << (signal - 1);
  InstanceFile program;
  program.path = kProgram;
  program.source = libexec_path("cloister-cas");
  cas.files.push_back(program);
  cas.insecure_host_paths = {kDataDirectory};  // every byte there is sealed
  return cas;
}

Result<LaunchManifest> measure_cas(std::string* problem) {
  return measure_instance(describe_cas(), measuring_tools(), nullptr, problem);
}

// The real path; made for its owner alone when missing.
bool open_directory(const std::string& path, std::string* real, std::string* problem) {
  char resolved[PATH_MAX];
  if ((mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) || realpath(path.c_str(), resolved) == nullptr) {
    *problem = "--dir " + path + ": " + std::strerror(errno);
    return false;
  }
  *real = resolved;
  return true;
}

// Where the HTTPS service is that an option's URL names.
Result<Endpoint> find_service(const char* option, const std::string& text, https::Url* url, std::string* problem) {
  auto parsed = https::Url::parse(text);
  if (!parsed.ok()) {
    *problem = std::string(option) + " " + text + ": " + parsed.error().what();
    return parsed.error();
  }
  *url = std::move(parsed).take();
  const bool v6 = url->host.find(':') != std::string::npos;
  return resolve_endpoint((v6 ? '[' + url->host + ']' : url->host) + ":" + url->port, 443, problem);
}

// Where CAS finds quotes, collateral, and the CAS that it follows. It resolves no names, so that is done here.
bool add_services(const Options& options, host::LaunchOptions* launch, std::string* problem) {
  const auto add = [&](const char* option, const std::string& value) {
    launch->arguments.emplace_back(option);
    launch->arguments.push_back(value);
  };
  auto las = find_quoting_service(options.las, problem);
  if (!las.ok()) return false;
  std::string collateral = options.las_collateral;
  if (std::optional<Endpoint> found = std::move(las).take()) {
    launch->settings.push_back("las=" + to_text(*found));
    found->port = kCollateralPort;
    if (collateral.empty()) collateral = "https://" + to_text(*found);
  }
  https::Url url;
  if (!collateral.empty()) {
    const auto service = find_service("--las-collateral", collateral, &url, problem);
    if (!service.ok()) return false;
    url.host = address_text(service.value());
    add("--simulated-collateral", url.text());
  }
  if (!options.predecessor.empty()) {
    const auto old = resolve_endpoint(options.predecessor, kApiPort, problem);
    if (!old.ok()) return false;
    add("--upgrade-from", to_text(old.value()));
  }
  if (options.pccs.empty()) return true;
  const auto service = find_service("--pccs", options.pccs, &url, problem);
  if (!service.ok()) return false;
  add("--pccs", options.pccs);
  add("--pccs-address", address_text(service.value()));
  return true;
}
}  // namespace

int cas_measure_verb(int argc, char** argv) {
  Options options;
  CLI::App app{"Prints the MRENCLAVE that `cloister cas attest --mrenclave` demands.", "cloister cas measure"};
  app.add_flag("--json", options.json, "machine-readable output");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::string problem;
  const auto manifest = measure_cas(&problem);
  if (!manifest.ok()) return complain(problem, 125);
  const auto mrenclave = host::measure_enclave(image_path(0), manifest.value());
  if (!mrenclave.ok()) return complain(image_path(0) + ": " + mrenclave.error().what(), 125);
  const std::string text = to_hex(mrenclave.value());
  std::printf(options.json ? "{\"mrenclave\": \"%s\"}\n" : "%s\n", text.c_str());
  return 0;
}

int cas_serve_verb(int argc, char** argv) {
  const std::uint64_t closed_streams = host::reserve_standard_streams();
  Options options;
  CLI::App app{
      "Runs the configuration and attestation service in an enclave. It holds sessions and secrets for one owner.",
      "cloister cas serve"};
  app.add_option("--dir", options.directory, "where the sealed database lies; made when missing")
      ->required()
      ->type_name("DIR");
  app.add_option("--owner", options.owner, "hash of the owner's key, as `cloister cas owner` prints it; in CONFIGID")
      ->required()
      ->type_name("KEYHASH");
  app.add_option("--api-listen", options.api, "where people and their tools connect")->capture_default_str();
  app.add_option("--enclave-listen", options.enclaves, "where enclaves attest")->capture_default_str();
  app.add_option("--las", options.las,
                 "where this machine's quotes are made (default: CLOISTER_LAS_ADDR, SCONE_LAS_ADDR)")
      ->type_name("ADDR");
  app.add_option("--las-collateral", options.las_collateral,
                 "what LAS publishes of the simulation (default: port 18767 of --las)")
      ->type_name("URL");
  app.add_option("--pccs", options.pccs, "service of collateral for genuine platforms, https://HOST[:PORT]")
      ->type_name("URL");
  app.add_option("--upgrade-from", options.predecessor,
                 "API of the CAS of another version that runs on --dir: takes its database over, if its owner lets it "
                 "(`cloister cas upgrade`)")
      ->type_name("ADDR");
  app.add_option("--device", options.device, "auto, sim or sgx")
      ->check(CLI::IsMember({"auto", "sim", "sgx"}))
      ->capture_default_str();
  app.add_option("--memory", options.memory,
                 "sim: secret (memfd_secret; auto demands it) or plain, which the host can read")
      ->check(CLI::IsMember({"auto", "secret", "plain"}))
      ->capture_default_str();
  app.footer("Example: cloister cas serve --dir ./cas --owner $(cloister cas owner)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  release::Digest owner;
  if (!read_hex(options.owner, owner))
    return complain("--owner " + options.owner + ": give 64 hexadecimal digits; `cloister cas owner` prints yours", 2);
  std::string directory, problem;
  if (!open_directory(options.directory, &directory, &problem)) return complain(problem, 2);
  const auto manifest = measure_cas(&problem);
  if (!manifest.ok()) return complain(problem, 125);

  host::LaunchOptions launch;
  launch.device = options.device;
  launch.memory = memory_mode_for_secrets(options.memory);
  launch.image_path = image_path(0);
  launch.cache_directory = cache_directory();
  launch.signing_key_path = signing_key_path();
  launch.closed_streams = closed_streams;
  launch.config_id = release::cas_id(owner);
  launch.locations = {{kProgram, libexec_path("cloister-cas")}, {kDataDirectory, directory}};
  launch.arguments = {kProgram, "--api-listen", options.api, "--enclave-listen", options.enclaves};
  if (!add_services(options, &launch, &problem)) return complain(problem, 2);
  (void)host::launch(launch, manifest.value(), &problem);
  return complain(problem, 125);
}
}  // namespace cloister
