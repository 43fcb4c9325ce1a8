// SPDX-License-Identifier: Apache-2.0
// What the host part says about the CAS of this enclave, as far as CONFIGID bears it out. Trusted, kernel storey.
#pragma once
#include <string>
#include "src/base/endpoint.h"
#include "src/release/evidence.h"

namespace cloister::configure {
struct Settings {
  Endpoint cas;           // only a place to try
  std::string config_id;  // session/service, printable; its hash is the second half of CONFIGID
  release::Digest cas_key_hash{};
  std::uint64_t time_limit = 0;  // for CAS and LAS to answer, ns
};
// The error's text is for people.
Result<Settings> read_settings();
}  // namespace cloister::configure
