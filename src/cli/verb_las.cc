// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_las.h"
#include <memory>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/cli/collateral_wishes.h"
#include "src/cli/complain.h"
#include "src/host/device/sim_platform.h"
#include "src/las/server/serve.h"

namespace cloister {
namespace {

struct Options {
  std::string directory, listen = "127.0.0.1:18766", collateral_listen = "127.0.0.1:18767";
  las::CollateralWishes collateral;
  bool json = false;
};

// The certificate names localhost and both loopback addresses.
std::string collateral_url(const Endpoint& at) {
  return "https://localhost:" + std::to_string(at.port) + "/sgx/certification/v4";
}

void say(const las::Serving& serving, bool json) {
  if (json) {
    const nlohmann::ordered_json fields{{"simulation", true},
                                        {"listen", to_text(serving.listen)},
                                        {"collateral", collateral_url(serving.collateral)},
                                        {"tls_certificate", serving.tls_certificate_file},
                                        {"root", serving.root_file},
                                        {"qe_mrenclave", to_hex(serving.quoting_enclave.mrenclave)},
                                        {"qe_mrsigner", to_hex(serving.quoting_enclave.mrsigner)}};
    std::printf("%s\n", fields.dump().c_str());
  } else {
    std::printf(
        "simulation: LAS at %s, collateral at %s (TLS certificate %s); its quotes verify only with "
        "--trusted-root %s\n",
        to_text(serving.listen).c_str(), collateral_url(serving.collateral).c_str(),
        serving.tls_certificate_file.c_str(), serving.root_file.c_str());
  }
  std::fflush(stdout);
}

int serve(const Options& options) {
  las::ServeOptions wanted{.directory = host::sim_state_directory(options.directory),
                           .listen = {},
                           .collateral_listen = {},
                           .collateral = options.collateral};
  for (const auto& [flag, text, into] :
       {std::tuple{"--listen", &options.listen, &wanted.listen},
        std::tuple{"--collateral-listen", &options.collateral_listen, &wanted.collateral_listen}}) {
    const auto endpoint = parse_endpoint(*text);
    if (!endpoint.ok())
      return complain("las serve: " + std::string(flag) + " " + *text + ": " + endpoint.error().what(), 2);
    *into = endpoint.value();
  }
  std::string problem;
  const auto served = las::serve_simulation(
      wanted, [&](const las::Serving& serving) { say(serving, options.json); }, problem);
  return served.ok() ? 0 : complain("las serve: " + problem + ": " + served.error().what(), 1);
}

}  // namespace

void add_las_verb(CLI::App& app, int& exit_status) {
  CLI::App* const noun = app.add_subcommand("las", "The local attestation service: reports in, quotes out");
  noun->require_subcommand(1);
  CLI::App* const verb =
      noun->add_subcommand("serve", "Serve the simulated platform's quotes and collateral until SIGTERM");
  const auto options = std::make_shared<Options>();
  verb->add_option("--listen", options->listen, "Where enclaves ask for quotes")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  verb->add_option("--collateral-listen", options->collateral_listen, "Where the collateral is (HTTPS, PCCS API v4)")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  verb->add_option("--dir", options->directory, "The simulation's directory ($CLOISTER_SIM_DIR)")->type_name("DIR");
  add_collateral_wishes(*verb, options->collateral);
  verb->add_flag("--json", options->json, "The line at the start is machine-readable");
  verb->callback([options, &exit_status] { exit_status = serve(*options); });
}

}  // namespace cloister
