// SPDX-License-Identifier: Apache-2.0
// Who this CAS is: its key, the certificate that both ports show, and its owner. In the enclave.
//
// The key is made at first start and sealed in the store. The certificate is made anew at each start, since nobody
// checks more of it than the key.
#pragma once
#include <memory>
#include <vector>
#include "src/cas/store/committer.h"
#include "src/dcap/time.h"
#include "src/release/evidence.h"

struct evp_pkey_st;
struct x509_st;

namespace cloister::cas {

inline constexpr char kCasKeyRecord[] = "cas/key";

struct Identity {
  std::shared_ptr<evp_pkey_st> key;  // ECDSA P-256; OpenSSL clears it when it goes
  std::shared_ptr<x509_st> certificate;
  std::vector<std::uint8_t> public_key;  // SubjectPublicKeyInfo, DER
  release::Digest key_hash{};            // SHA-256 of public_key
  release::Digest owner_key_hash{};      // of CONFIGID
};

// The one in the store, made if there is none. `problem` is one line for people.
Result<Identity> load_identity(Committer& committer, SealedStore& store, const release::Digest& owner_key_hash,
                               std::uint64_t now_milliseconds, std::string& problem);

// For third parties: another certificate of the same key, with a quote and the claims that it is over. It is in force
// as long as collateral is, and shown by neither port.
Result<std::vector<std::uint8_t>> certificate_with_evidence(const Identity& identity, release::Bytes quote,
                                                            release::Bytes claims, dcap::UnixTime now);

}  // namespace cloister::cas
