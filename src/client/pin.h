// SPDX-License-Identifier: Apache-2.0
// A CAS that was attested, and how far its audit log was seen to go. Owner's side; pure.
#pragma once
#include <functional>
#include <string>
#include <vector>
#include "src/audit/chain.h"

namespace cloister::client {

using audit::Digest;

struct Pin {
  std::string address;  // HOST:PORT
  Digest cas_key_hash{};
  audit::PublicKeyBytes audit_key{};
  Digest mrenclave{}, owner_key_hash{};
  bool simulation = false;
  std::int64_t attested = 0;  // seconds since 1970
  audit::Position seen = {};  // the latest head
};

std::string write_pins(const std::vector<Pin>& pins);
// Errc::invalid for what write_pins() does not write.
Result<std::vector<Pin>> read_pins(std::string_view text);

// Judges a head that the CAS shows now, and keeps it if it is later. Errc::mismatch when CAS has gone back or was
// forked: `problem` says how.
Result<void> see_head(Pin& pin, const audit::Head& head, std::string& problem);

}  // namespace cloister::client
