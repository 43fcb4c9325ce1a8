// SPDX-License-Identifier: Apache-2.0
// Which CAS configures the enclave, and as which service: from options, CLOISTER_* or SCONE_* variables. Host side: it
// resolves names and asks that CAS for its key, and neither the enclave nor CAS believes a word of it.
#pragma once
#include <optional>
#include <string>
#include "src/base/endpoint.h"
#include "src/cli/run_options.h"
#include "src/release/evidence.h"

namespace cloister {
struct NamedPolicy {
  std::string cas;        // as named
  std::string config_id;  // session/service
};
// Empty when none is named. Errc::invalid with *problem when half of it is.
Result<std::optional<NamedPolicy>> find_named_policy(const RunOptions& options, std::string* problem);

// HOST, HOST:PORT, numeric or not, looked up once.
Result<Endpoint> resolve_endpoint(const std::string& text, std::uint16_t default_port, std::string* problem);

// Where this machine's quotes are made: `named` by the command line, else by CLOISTER_LAS_ADDR or SCONE_LAS_ADDR;
// looked up. Empty when nobody names it.
Result<std::optional<Endpoint>> find_quoting_service(const std::string& named, std::string* problem);

// SHA-256 of the key of the server at `cas`, asked again until `seconds` have passed; one line for each failure.
Result<release::Digest> ask_cas_key(const Endpoint& cas, const std::string& name, std::uint32_t seconds,
                                    std::string* problem);

// Sets CONFIGID and what the enclave needs to find its CAS. The environment goes along whole: the policy may name any
// of it. Unless the command says otherwise, the memory must be secret.
Result<void> follow_policy(const NamedPolicy& policy, const RunOptions& options, const LaunchManifest& manifest,
                           host::LaunchOptions* launch, std::string* problem);
}  // namespace cloister
