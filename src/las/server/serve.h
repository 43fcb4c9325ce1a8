// SPDX-License-Identifier: Apache-2.0
// The LAS of the simulation as a process: both ports, until SIGTERM or SIGINT. Host side.
#pragma once
#include <functional>
#include <string>
#include "src/las/server/simulated_quoting.h"
#include "src/base/endpoint.h"

namespace cloister::las {

struct ServeOptions {
  std::string directory;  // the simulation's
  Endpoint listen, collateral_listen;
  CollateralWishes collateral;
};
// What is known once both ports are open.
struct Serving {
  Endpoint listen, collateral;
  std::string tls_certificate_file, root_file;
  sgx::ReportBody quoting_enclave;
};
// Returns when a signal has ended it; an error, with `problem` in words, when it cannot begin.
Result<void> serve_simulation(const ServeOptions& options, const std::function<void(const Serving&)>& began,
                              std::string& problem);

}  // namespace cloister::las
