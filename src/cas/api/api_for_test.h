// SPDX-License-Identifier: Apache-2.0
// An API over a service in a folder of its own, with a quote that says what it was asked for. For tests and fuzzing.
#pragma once
#include "src/cas/api/api.h"
#include "src/cas/upgrade/upgrades_for_test.h"

namespace cloister::cas {

// Not a quote: the 64 bytes that one would be over.
class EvidenceForTest final : public CasEvidence {
 public:
  Result<std::vector<std::uint8_t>> quote(const release::ReportData& data) override {
    if (unreachable) return Error(Errc::io, "no quoting service");
    return std::vector<std::uint8_t>(data.begin(), data.end());
  }
  // Not a certificate: what would be in one.
  Result<std::vector<std::uint8_t>> certificate(release::Bytes quote, release::Bytes claims) override {
    std::vector<std::uint8_t> both(quote.begin(), quote.end());
    both.insert(both.end(), claims.begin(), claims.end());
    return both;
  }
  bool unreachable = false;
};

struct ApiForTest {
  Service service;
  UpgradesForTest upgrades{*service.store, *service.committer, service.sessions, kOwner->key_hash,
                           [this] { return service.now; }};
  EvidenceForTest evidence;
  std::string not_ready;
  Api api{service.sessions,
          *service.store,
          upgrades.upgrades,
          evidence,
          {.cas_key = {1, 2, 3}, .owner_key_hash = kOwner->key_hash},
          [this] { return not_ready; }};

  Response ask(const char* method, const std::string& target, const ClientIdentity& client = kOwner,
               const std::string& body = "") {
    return api.handle({.method = method, .target = target, .body = secret_from(body)}, client);
  }
};

inline std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return "";
}

}  // namespace cloister::cas
