// SPDX-License-Identifier: Apache-2.0
#include "src/ratls/public_key.h"
#include <openssl/x509.h>
#include "src/dcap/der.h"
#include "src/dcap/openssl_pointers.h"
#include "src/ratls/oids.h"

namespace cloister::ratls {
namespace {

using dcap::DerReader;
using dcap::DerTag;

// Contents of AlgorithmIdentifiers, with their parameters.
constexpr std::uint8_t kP256[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                  0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::uint8_t kP384[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                  0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::uint8_t kP521[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                  0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
constexpr std::uint8_t kRsa[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
constexpr std::uint8_t kEd25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
// The OBJECT IDENTIFIERs but for their last byte, which is the digest.
constexpr std::uint8_t kEcdsaWith[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03};
constexpr std::uint8_t kRsaWith[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01};
constexpr std::uint8_t kNull[] = {0x05, 0x00};

constexpr std::size_t kSmallestModulus = 256, kLargestModulus = 1024, kLargestExponent = 4;  // bytes

Error unsupported() {
  return Error(Errc::unsupported,
               "the certificate's key is none of P-256, P-384, P-521, RSA of 2048 to 8192 bits and Ed25519");
}

// A key of that kind, with an uncompressed point or a number of the right size; null for what is none.
Result<const char*> kind_of(Bytes algorithm, Bytes key) {
  static constexpr struct {
    Bytes algorithm;
    std::size_t size;
    const char* name;
  } kCurves[] = {{kP256, 65, "EC P-256"}, {kP384, 97, "EC P-384"}, {kP521, 133, "EC P-521"}};
  for (const auto& curve : kCurves)
    if (same(algorithm, curve.algorithm) && key.size() == curve.size && key[0] == 0x04) return curve.name;
  if (same(algorithm, kEd25519) && key.size() == 32) return "Ed25519";
  if (!same(algorithm, kRsa)) return unsupported();
  DerReader numbers(TRY(dcap::der_whole(key, DerTag::sequence)).content);
  const Bytes modulus = TRY(dcap::der_unsigned(TRY(numbers.expect(DerTag::integer))));
  const Bytes exponent = TRY(dcap::der_unsigned(TRY(numbers.expect(DerTag::integer))));
  TRY(numbers.finish());
  if (modulus.size() < kSmallestModulus || modulus.size() > kLargestModulus || exponent.size() > kLargestExponent)
    return unsupported();
  return "RSA";
}

bool begins_with(Bytes bytes, Bytes start) {
  return bytes.size() > start.size() && same(bytes.first(start.size()), start);
}

// The digest that a signature algorithm names for this kind of key; null with Ed25519, which has its own.
Result<const EVP_MD*> digest_of(Bytes algorithm, int key_type) {
  const auto among = [&](Bytes start, const std::uint8_t(&digests)[3]) -> const EVP_MD* {
    if (!begins_with(algorithm, start)) return nullptr;
    // RSA has the parameter NULL, ECDSA has none; some that make certificates write NULL for both.
    const Bytes parameters = algorithm.subspan(start.size() + 1);
    if (!same(parameters, kNull) && !(parameters.empty() && key_type == EVP_PKEY_EC)) return nullptr;
    const std::uint8_t which = algorithm[start.size()];
    return which == digests[0]   ? EVP_sha256()
           : which == digests[1] ? EVP_sha384()
           : which == digests[2] ? EVP_sha512()
                                 : nullptr;
  };
  if (key_type == EVP_PKEY_ED25519 && same(algorithm, kEd25519)) return nullptr;
  const EVP_MD* digest = nullptr;
  if (key_type == EVP_PKEY_EC) digest = among(kEcdsaWith, {2, 3, 4});
  if (key_type == EVP_PKEY_RSA) digest = among(kRsaWith, {11, 12, 13});
  if (digest == nullptr)
    return Error(Errc::unsupported, "the certificate is not signed by its own key with ECDSA, RSA or Ed25519");
  return digest;
}

}  // namespace

Result<PublicKey> PublicKey::read(Bytes key_info) {
  DerReader parts(TRY(dcap::der_whole(key_info, DerTag::sequence)).content);
  const Bytes algorithm = TRY(parts.expect(DerTag::sequence)).content;
  const Bytes key = TRY(dcap::der_octets_of_bits(TRY(parts.expect(DerTag::bit_string))));
  TRY(parts.finish());
  const char* const kind = TRY(kind_of(algorithm, key));
  const unsigned char* next = key_info.data();
  std::shared_ptr<evp_pkey_st> loaded(d2i_PUBKEY(nullptr, &next, static_cast<long>(key_info.size())), EVP_PKEY_free);
  if (loaded == nullptr) {
    dcap::clear_openssl_errors();
    return Error(Errc::invalid, "the certificate's public key is no key of its kind");
  }
  return PublicKey(std::move(loaded), kind);
}

Result<void> PublicKey::verify(Bytes algorithm, Bytes message, Bytes signature) const {
  const EVP_MD* const digest = TRY(digest_of(algorithm, EVP_PKEY_get_base_id(key_.get())));
  const std::unique_ptr<EVP_MD_CTX, dcap::FreeWith<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const bool holds =
      context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  dcap::clear_openssl_errors();
  if (!holds) return Error(Errc::mismatch, "the certificate's signature does not verify with its own key");
  return {};
}

}  // namespace cloister::ratls
