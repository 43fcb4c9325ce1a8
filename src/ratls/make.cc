// SPDX-License-Identifier: Apache-2.0
#include "src/ratls/make.h"
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <algorithm>
#include "src/dcap/openssl_pointers.h"
#include "src/ratls/oids.h"
#include "src/sgx/measurement.h"

namespace cloister::ratls {
namespace {

template <auto kFunction>
using Free = dcap::FreeWith<kFunction>;
constexpr std::uint64_t kSha256 = 1;  // IANA's number
constexpr std::uint64_t kQuoteTag = 60000;

Error failed() {
  dcap::clear_openssl_errors();
  return Error(Errc::io, "OpenSSL could not make a certificate");
}

OwnedBytes tagged_evidence(Bytes quote, Bytes claims) {
  OwnedBytes bytes;
  append_head(bytes, CborMajor::tag, kQuoteTag);
  append_head(bytes, CborMajor::array, 2);
  append_bytes(bytes, quote);
  append_bytes(bytes, claims);
  return bytes;
}

// Not critical: TLS libraries refuse certificates with critical extensions that they do not know.
bool add_evidence(X509* certificate, const OwnedBytes& evidence) {
  const std::unique_ptr<ASN1_OBJECT, Free<ASN1_OBJECT_free>> oid(OBJ_txt2obj("2.23.133.5.4.9", 1));
  const std::unique_ptr<ASN1_OCTET_STRING, Free<ASN1_OCTET_STRING_free>> octets(ASN1_OCTET_STRING_new());
  if (!oid || !octets || !ASN1_OCTET_STRING_set(octets.get(), evidence.data(), static_cast<int>(evidence.size())))
    return false;
  const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, octets.get()));
  return extension && X509_add_ext(certificate, extension.get(), -1);
}

bool set_serial(X509* certificate) {
  std::uint8_t random[8];
  if (RAND_bytes(random, sizeof random) != 1) return false;
  std::uint64_t number = 0;
  for (const std::uint8_t byte : random) number = number << 8 | byte;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1 | 1);
}

}  // namespace

OwnedBytes make_claims(Bytes public_key, Bytes nonce, std::string_view purpose) {
  OwnedBytes hash;
  append_head(hash, CborMajor::array, 2);
  append_head(hash, CborMajor::number, kSha256);
  append_bytes(hash, sgx::sha256(public_key));
  OwnedBytes claims;
  append_head(claims, CborMajor::map, 1u + !nonce.empty() + !purpose.empty());
  // In the order of deterministic CBOR: by the names' encodings, so the shorter name first.
  if (!nonce.empty()) append_text(claims, kNonceClaim), append_bytes(claims, nonce);
  append_text(claims, kPublicKeyClaim);
  append_bytes(claims, hash);
  if (!purpose.empty()) {
    append_text(claims, kPurposeClaim);
    append_bytes(claims, {reinterpret_cast<const std::uint8_t*>(purpose.data()), purpose.size()});
  }
  return claims;
}

std::array<std::uint8_t, 64> report_data(Bytes claims) {
  std::array<std::uint8_t, 64> data{};
  std::ranges::copy(sgx::sha256(claims), data.begin());
  return data;
}

Result<OwnedBytes> make_certificate(const CertificateRequest& request, evp_pkey_st* key) {
  const std::unique_ptr<X509, Free<X509_free>> certificate(X509_new());
  const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>> from(ASN1_TIME_set(nullptr, request.validity.from)),
      until(ASN1_TIME_set(nullptr, request.validity.until));
  if (!certificate || !from || !until) return failed();
  X509* const x = certificate.get();
  X509_NAME* const name = X509_get_subject_name(x);
  const bool made =
      X509_set_version(x, X509_VERSION_3) && set_serial(x) && X509_set1_notBefore(x, from.get()) &&
      X509_set1_notAfter(x, until.get()) &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(request.common_name.c_str()), -1, -1, 0) &&
      X509_set_issuer_name(x, name) && X509_set_pubkey(x, key) &&
      add_evidence(x, tagged_evidence(request.quote, request.claims)) && X509_sign(x, key, EVP_sha256()) > 0;
  if (!made) return failed();
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(x, &der);
  if (size <= 0) return failed();
  OwnedBytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace cloister::ratls
