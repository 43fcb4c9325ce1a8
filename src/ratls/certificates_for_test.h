// SPDX-License-Identifier: Apache-2.0
// Certificates with evidence as their makers, and those who falsify them, could write them. Tests and fuzzing seeds
// only.
#pragma once
#include <openssl/x509.h>
#include <algorithm>
#include <functional>
#include "src/dcap/openssl_pointers.h"
#include "src/dcap/simulation/world_for_test.h"
#include "src/ratls/make.h"

namespace cloister::ratls {

using dcap::simulation::must;
using dcap::simulation::PrivateKey;
using dcap::simulation::World;
using ReportData = std::array<std::uint8_t, 64>;

inline constexpr char kTaggedOid[] = "2.23.133.5.4.9", kGramineOid[] = "0.6.9.42.840.113741.1337.6",
                      kIntelOid[] = "1.2.840.113741.1.13.1", kOpenEnclaveOid[] = "1.3.6.1.4.1.311.105.1";

inline OwnedBytes key_info(const PrivateKey& key) {
  std::uint8_t* der = nullptr;
  const int size = i2d_PUBKEY(key.openssl(), &der);
  if (size <= 0) std::abort();
  OwnedBytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

struct RawExtension {
  const char* oid;
  OwnedBytes value;
  bool critical = false;
};
struct RawCertificate {
  std::vector<RawExtension> extensions;
  dcap::Validity validity{dcap::simulation::kWorldBegins, dcap::simulation::kWorldBegins + 30 * 86400};
};

// A certificate for `subject` that `signer` signs.
inline OwnedBytes write_certificate(const RawCertificate& raw, const PrivateKey& subject, const PrivateKey& signer) {
  const std::unique_ptr<X509, dcap::FreeWith<X509_free>> certificate(X509_new());
  X509* const x = certificate.get();
  bool made = X509_set_version(x, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
              ASN1_TIME_set(X509_getm_notBefore(x), raw.validity.from) &&
              ASN1_TIME_set(X509_getm_notAfter(x), raw.validity.until) && X509_set_pubkey(x, subject.openssl());
  for (const RawExtension& one : raw.extensions) {
    const std::unique_ptr<ASN1_OBJECT, dcap::FreeWith<ASN1_OBJECT_free>> oid(OBJ_txt2obj(one.oid, 1));
    const std::unique_ptr<ASN1_OCTET_STRING, dcap::FreeWith<ASN1_OCTET_STRING_free>> octets(ASN1_OCTET_STRING_new());
    made = made && ASN1_OCTET_STRING_set(octets.get(), one.value.data(), static_cast<int>(one.value.size()));
    const std::unique_ptr<X509_EXTENSION, dcap::FreeWith<X509_EXTENSION_free>> extension(
        X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), one.critical, octets.get()));
    made = made && extension && X509_add_ext(x, extension.get(), -1);
  }
  made = made && X509_sign(x, signer.openssl(), EVP_sha256()) > 0;
  std::uint8_t* der = nullptr;
  const int size = made ? i2d_X509(x, &der) : 0;
  if (size <= 0) std::abort();
  OwnedBytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

inline OwnedBytes write_evidence(Bytes quote, Bytes claims, std::uint64_t tag = 60000) {
  OwnedBytes bytes;
  append_head(bytes, CborMajor::tag, tag);
  append_head(bytes, CborMajor::array, 2);
  append_bytes(bytes, quote);
  append_bytes(bytes, claims);
  return bytes;
}

inline OwnedBytes write_open_enclave(Bytes quote, std::uint8_t version = 1, std::uint8_t type = 2, int extra = 0) {
  OwnedBytes bytes{version, 0, 0, 0, type, 0, 0, 0};
  const std::uint64_t size = quote.size() + static_cast<std::size_t>(extra);
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  bytes.insert(bytes.end(), quote.begin(), quote.end());
  return bytes;
}

// A simulated platform with an enclave that quotes what it is told.
struct QuotedWorld : World {
  dcap::simulation::QuotingEnclave enclave = quoting_enclave();
  PrivateKey key = must(PrivateKey::generate());
  OwnedBytes public_key = key_info(key);

  OwnedBytes quote_over(const ReportData& data, std::uint8_t mrenclave = 0xab) const {
    sgx::Secs secs{};
    secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss, sgx::kXfrmLegacy};
    secs.mrenclave[0] = mrenclave;
    return must(enclave.quote(sgx::ereport(platform, secs, enclave.targetinfo(), data)));
  }
  OwnedBytes quote_of_hash(Bytes hashed, std::uint8_t mrenclave = 0xab) const {
    return quote_over(report_data(hashed), mrenclave);
  }
  OwnedBytes certificate(const std::vector<RawExtension>& extensions) const {
    return write_certificate({.extensions = extensions}, key, key);
  }
  // Tagged evidence with these claims and a quote over them.
  OwnedBytes with_claims(const OwnedBytes& claims) const {
    return certificate({{kTaggedOid, write_evidence(quote_of_hash(claims), claims)}});
  }
};

}  // namespace cloister::ratls
