// SPDX-License-Identifier: Apache-2.0
#include "src/audit/chain.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <algorithm>
#include <string_view>

namespace cloister::audit {
namespace {

using namespace std::string_view_literals;
constexpr auto kLogLabel = "cloister-audit-log-v1\0"sv;
constexpr auto kHeadLabel = "cloister-audit-head-v1\0"sv;
// RFC 8410: what stands before the 32 bytes of an Ed25519 key.
constexpr std::array<std::uint8_t, 12> kPrefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0};

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::vector<std::uint8_t> signed_bytes(const Position& position) {
  return FieldWriter<std::vector<std::uint8_t>>()
      .fixed(bytes_of(kHeadLabel))
      .number(position.sequence)
      .fixed(position.hash)
      .take();
}

Error openssl_failed() {
  ERR_clear_error();
  return Error(Errc::io, "OpenSSL could not use the audit key");
}

}  // namespace

Position chain_start(const PublicKeyBytes& key) {
  const auto bytes = FieldWriter<std::vector<std::uint8_t>>().fixed(bytes_of(kLogLabel)).fixed(key).take();
  return {0, sgx::sha256(bytes)};
}

Position chain_next(const Position& before, Bytes entry) {
  const auto bytes = FieldWriter<std::vector<std::uint8_t>>().fixed(before.hash).fixed(entry).take();
  return {before.sequence + 1, sgx::sha256(bytes)};
}

Result<void> verify_head(const Head& head, const PublicKeyBytes& key) {
  if (!std::equal(kPrefix.begin(), kPrefix.end(), key.begin()))
    return Error(Errc::unsupported, "the audit key is not one of Ed25519");
  const Key verifier(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data() + kPrefix.size(), 32),
                     EVP_PKEY_free);
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto bytes = signed_bytes(head.at);
  const bool holds =
      verifier && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, verifier.get()) > 0 &&
      EVP_DigestVerify(context.get(), head.signature.data(), head.signature.size(), bytes.data(), bytes.size()) == 1;
  ERR_clear_error();
  if (!holds) return Error(Errc::mismatch, "the signature of the audit log's head does not hold");
  return {};
}

Result<AuditKey> AuditKey::adopt(evp_pkey_st* raw) {
  std::shared_ptr<EVP_PKEY> key(raw, EVP_PKEY_free);
  PublicKeyBytes public_key;
  std::copy(kPrefix.begin(), kPrefix.end(), public_key.begin());
  std::size_t size = 32;
  if (!raw || EVP_PKEY_get_raw_public_key(raw, public_key.data() + kPrefix.size(), &size) <= 0 || size != 32)
    return openssl_failed();
  return AuditKey(std::move(key), public_key);
}

Result<AuditKey> AuditKey::generate() { return adopt(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

Result<AuditKey> AuditKey::from_seed(std::span<const std::uint8_t, 32> seed) {
  return adopt(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
}

Result<SecretBytes> AuditKey::seed() const {
  SecretBytes seed(32);
  std::size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(key_.get(), seed.data(), &size) <= 0 || size != seed.size()) return openssl_failed();
  return seed;
}

Result<Head> AuditKey::sign(const Position& position) const {
  const auto bytes = signed_bytes(position);
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Head head{.at = position, .signature = {}};
  std::size_t size = head.signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) <= 0 ||
      EVP_DigestSign(context.get(), head.signature.data(), &size, bytes.data(), bytes.size()) <= 0)
    return openssl_failed();
  return head;
}

}  // namespace cloister::audit
