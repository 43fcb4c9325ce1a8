// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/signature.h"
#include "src/cas/secrets/keys.h"

namespace cloister::cas {
namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

}  // namespace

Result<std::vector<std::uint8_t>> sign_statement(evp_pkey_st& key, Bytes statement) {
  const DigestContext context(EVP_MD_CTX_new());
  std::vector<std::uint8_t> signature(kSignatureLimit);
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, &key) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, statement.data(), statement.size()) != 1)
    return openssl_failed("OpenSSL could not sign");
  signature.resize(size);
  return signature;
}

Result<void> verify_statement(Bytes key, Bytes statement, Bytes signature) {
  const auto public_key = key.size() == kSigningKeySize ? public_key_from_der(key) : Error(Errc::invalid);
  if (!public_key.ok()) return Error(Errc::invalid, "the signer's key is none of P-256");
  const DigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, public_key.value().get()) != 1)
    return openssl_failed("OpenSSL could not verify a signature");
  const bool holds =
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), statement.data(), statement.size()) == 1;
  clear_openssl_errors();
  if (!holds) return Error(Errc::mismatch, "the signature does not hold");
  return {};
}

}  // namespace cloister::cas
