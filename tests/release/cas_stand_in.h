// SPDX-License-Identifier: Apache-2.0
// A CAS for tests: it speaks the protocol of docs/protocol-attestation.md over one connection after the other and gives
// everybody the same configuration, or misbehaves as told. It verifies no quote, only what the evidence is bound to.
#pragma once
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <memory>
#include <optional>
#include <string>
#include "src/release/evidence.h"

namespace cloister::testing {

struct Seen {
  std::string config_id;
  bool report_data_holds = false;  // REPORTDATA is the one of this connection
  bool config_id_holds = false;    // CONFIGID names this CAS and that service
  std::string mrenclave;
  std::optional<release::Exit> exit;
  std::string ended;  // where the conversation stopped
};

// Ways to misbehave; each leaves the rest as it should be.
inline constexpr const char* kMisbehaviours[] = {"tls12",
                                                 "no-alpn",
                                                 "ticket",
                                                 "certificate-request",
                                                 "rsa",
                                                 "order",
                                                 "early-grant",
                                                 "oversize",
                                                 "empty-frame",
                                                 "silence",
                                                 "close",
                                                 "bad-audit",
                                                 "bad-format",
                                                 "extra",
                                                 "grant-garbage",
                                                 "grant-cut",
                                                 "grant-too-long",
                                                 "unknown-type",
                                                 "noted-back",
                                                 "noted-forged"};

class CasStandIn {
 public:
  CasStandIn();
  const release::Digest& key_hash() const { return key_hash_; }
  // Serves one connection to its end and closes it. `mode` is "grant", "deny-1" to "deny-3", or a misbehaviour.
  Seen serve(int descriptor, const std::string& mode, const release::Configuration& configuration);

 private:
  template <auto kFree>
  struct FreeWith {
    template <typename T>
    void operator()(T* object) const {
      kFree(object);
    }
  };
  friend class Connection;
  std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>> key_, audit_key_, rsa_key_;
  std::unique_ptr<X509, FreeWith<X509_free>> certificate_, rsa_certificate_;
  release::Digest key_hash_{};
  std::uint64_t sequence_ = 7;
};
}  // namespace cloister::testing
