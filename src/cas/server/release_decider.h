// SPDX-License-Identifier: Apache-2.0
// The decision over one attestation, from what a connection brought to GRANT or DENY, with the entry for the audit log.
// In the enclave; no sockets; thread-safe. The order of the checks is that of docs/protocol-attestation.md.
#pragma once
#include <functional>
#include <variant>
#include "src/cas/server/collateral_keeper.h"
#include "src/cas/server/identity.h"
#include "src/cas/sessions/sessions.h"

namespace cloister::cas {

struct Attempt {
  std::string config_id;            // of HELLO
  release::ReportData report_data;  // that this connection demands
  std::vector<std::uint8_t> quote;  // of EVIDENCE
  std::uint64_t now = 0;            // milliseconds since 1970
};

struct Release {
  std::variant<SecretBytes, release::Deny::Code> outcome;  // the bytes of GRANT, or why not, in public
  audit::Entry entry;                                      // with the cause, for the owner; the reference is set
  release::Digest mrenclave{};                             // of a verified quote
  std::vector<Demand> demands;                             // what must still hold when the entry is written
  std::vector<CollateralMark> seen;                        // for the bound of time
};

class ReleaseDecider {
 public:
  ReleaseDecider(SealedStore& store, Sessions& sessions, CollateralKeeper& collateral, const Identity& identity)
      : store_(store), sessions_(sessions), collateral_(collateral), cas_key_hash_(identity.key_hash) {}

  // Calls `done` once, on this thread, or on another when collateral must be fetched first.
  using Done = std::function<void(Release)>;
  void decide(Attempt attempt, Done done);

 private:
  Release release(const Attempt& attempt, const dcap::Quote& quote, const CollateralPointer& collateral,
                  const std::string& problem);
  Release grant(const Attempt& attempt, const dcap::Verified<dcap::Quote>& quote);

  SealedStore& store_;
  Sessions& sessions_;
  CollateralKeeper& collateral_;
  const release::Digest cas_key_hash_;
};

}  // namespace cloister::cas
