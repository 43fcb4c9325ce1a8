// SPDX-License-Identifier: Apache-2.0
// Object identifiers of certificates with evidence, as the contents of their DER. Both sides; constants only.
// docs/evidence-certificates.md says who writes which.
#pragma once
#include <algorithm>
#include "src/dcap/byte_reader.h"

namespace cloister::ratls {

using dcap::Bytes;

inline bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// Where evidence stands.
inline constexpr std::uint8_t kTaggedEvidence[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x09};  // 2.23.133.5.4.9
// Gramine meant 1.2.840.113741.1337.6, and wrote tag and length of that into the contents.
inline constexpr std::uint8_t kGramineQuote[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x8a, 0x39, 0x06};
// 1.2.840.113741.1.13.1: Intel's extension of PCK certificates, in which its SDK's samples put a quote.
inline constexpr std::uint8_t kIntelQuote[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
// 1.2.840.113556.10.1.1 and, since, 1.3.6.1.4.1.311.105.1.
inline constexpr std::uint8_t kOpenEnclaveOld[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x0a, 0x01, 0x01};
inline constexpr std::uint8_t kOpenEnclave[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x69, 0x01};
// Open Enclave's evidence with formats of its own: 1.2.840.113556.10.1.2 and 1.3.6.1.4.1.311.105.2.
inline constexpr std::uint8_t kOpenEnclaveEvidenceOld[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x0a, 0x01, 0x02};
inline constexpr std::uint8_t kOpenEnclaveEvidence[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x69, 0x02};
// 2.23.133.5.4.2: collateral that its maker adds. It is not used.
inline constexpr std::uint8_t kEndorsements[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x02};

// Extensions that a certificate may mark as critical: the evidence, and what says nothing about evidence (basic
// constraints, key usage, extended key usage, alternative names: 2.5.29.19, .15, .37, .17).
inline bool is_known(Bytes oid) {
  static constexpr std::uint8_t kPlain[][3] = {
      {0x55, 0x1d, 0x13}, {0x55, 0x1d, 0x0f}, {0x55, 0x1d, 0x25}, {0x55, 0x1d, 0x11}};
  return std::ranges::any_of(kPlain, [&](Bytes plain) { return same(oid, plain); }) || same(oid, kTaggedEvidence) ||
         same(oid, kGramineQuote) || same(oid, kIntelQuote) || same(oid, kOpenEnclaveOld) || same(oid, kOpenEnclave) ||
         same(oid, kEndorsements);
}

}  // namespace cloister::ratls
