// SPDX-License-Identifier: Apache-2.0
// cloister-cas: the configuration and attestation service, an ordinary program that `cloister cas serve` runs in an
// enclave. Its arguments come from the host and name places only; whom it serves is in CONFIGID, and what it releases
// is in the owner's sessions.
#include <CLI/CLI.hpp>
#include "src/cas/server/service.h"

int main(int argc, char** argv) {
  cloister::cas::Places places;
  CLI::App app{"The configuration and attestation service; `cloister cas serve` starts it in an enclave.",
               "cloister-cas"};
  app.add_option("--api-listen", places.api, "where people and their tools connect")->capture_default_str();
  app.add_option("--enclave-listen", places.enclaves, "where enclaves attest")->capture_default_str();
  app.add_option("--pccs", places.pccs, "service of collateral for genuine platforms");
  app.add_option("--pccs-address", places.pccs_address, "numeric address of its host");
  app.add_option("--simulated-collateral", places.simulated_collateral,
                 "service of collateral for simulated platforms");
  app.add_option("--upgrade-from", places.predecessor,
                 "API of the CAS of another version that hands its database over");
  CLI11_PARSE(app, argc, argv);
  return cloister::cas::serve(places);
}
