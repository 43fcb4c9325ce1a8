// SPDX-License-Identifier: Apache-2.0
#include "src/cas/api/client_certificate.h"
#include <openssl/ssl.h>
#include <vector>
#include "src/sgx/measurement.h"

namespace cloister::cas {
namespace {

// The bytes that an i2d function of OpenSSL writes; empty when it cannot.
template <typename Function, typename Object>
std::vector<std::uint8_t> der_of(Function i2d, const Object* object) {
  unsigned char* der = nullptr;
  const int size = i2d(object, &der);
  std::vector<std::uint8_t> bytes(der, der + (size > 0 ? size : 0));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

ClientIdentity client_identity(const SSL* tls) {
  X509* const certificate = SSL_get0_peer_certificate(tls);
  if (!certificate) return std::nullopt;
  const auto key = der_of(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate));
  const auto whole = der_of(i2d_X509, certificate);
  if (key.empty() || whole.empty()) return std::nullopt;
  return CertificateIdentity{.key_hash = sgx::sha256(key), .certificate_hash = sgx::sha256(whole)};
}

}  // namespace cloister::cas
