// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/sealer.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <limits>
#include "src/cas/store/sealing_keys.h"

namespace cloister::cas {
namespace {

constexpr std::size_t kNonceHalf = 12;
constexpr std::size_t kNonceSize = 2 * kNonceHalf;
constexpr std::size_t kTagSize = 16;
static_assert(Sealer::kOverhead == kNonceSize + kTagSize);
constexpr std::size_t kLargest = std::numeric_limits<int>::max() / 2;  // EVP counts in int

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Error openssl_failed() {
  ERR_clear_error();
  return Error(Errc::io, "OpenSSL could not seal");
}

// A context for the nonce at the start of `sealed`, with `bound` already in.
Context context_for(const SecretBytes& key, const EVP_CIPHER* cipher, Bytes nonce, Bytes bound, int encrypt) {
  std::uint8_t input[4 + kNonceHalf] = {'s', 'e', 'a', 'l'};
  std::memcpy(input + 4, nonce.data(), kNonceHalf);
  Mac one_key = hmac(key, input);
  Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  const bool ready =
      context &&
      EVP_CipherInit_ex2(context.get(), cipher, one_key.data(), nonce.data() + kNonceHalf, encrypt, nullptr) > 0 &&
      (bound.empty() ||
       EVP_CipherUpdate(context.get(), nullptr, &size, bound.data(), static_cast<int>(bound.size())) > 0);
  wipe(one_key.data(), one_key.size());
  return ready ? std::move(context) : Context(nullptr, EVP_CIPHER_CTX_free);
}

}  // namespace

Result<Sealer> Sealer::make(SecretBytes key) {
  std::shared_ptr<EVP_CIPHER> cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), EVP_CIPHER_free);
  if (!cipher) return openssl_failed();
  return Sealer(std::move(key), std::move(cipher));
}

Result<std::vector<std::uint8_t>> Sealer::seal(Bytes bound, Bytes plain) const {
  if (plain.size() > kLargest || bound.size() > kLargest) return Error(Errc::invalid, "too many bytes to seal");
  std::vector<std::uint8_t> sealed(plain.size() + kOverhead);
  if (RAND_bytes(sealed.data(), kNonceSize) != 1) return openssl_failed();
  const Context context = context_for(key_, cipher_.get(), sealed, bound, 1);
  int size = 0;
  const bool done = context &&
                    (plain.empty() || EVP_CipherUpdate(context.get(), sealed.data() + kNonceSize, &size, plain.data(),
                                                       static_cast<int>(plain.size())) > 0) &&
                    EVP_CipherFinal_ex(context.get(), sealed.data() + kNonceSize + plain.size(), &size) > 0 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize,
                                        sealed.data() + kNonceSize + plain.size()) > 0;
  if (!done) return openssl_failed();
  return sealed;
}

Result<SecretBytes> Sealer::unseal(Bytes bound, Bytes sealed) const {
  constexpr char kRefused[] = "not bytes that were sealed for this place";
  if (sealed.size() < kOverhead || sealed.size() > kLargest) return Error(Errc::mismatch, kRefused);
  const Context context = context_for(key_, cipher_.get(), sealed, bound, 0);
  if (!context) return openssl_failed();
  SecretBytes plain(sealed.size() - kOverhead);
  std::uint8_t tag[kTagSize], nothing[1];
  std::memcpy(tag, sealed.data() + sealed.size() - kTagSize, kTagSize);
  int size = 0;
  const bool holds = (plain.empty() || EVP_CipherUpdate(context.get(), plain.data(), &size, sealed.data() + kNonceSize,
                                                        static_cast<int>(plain.size())) > 0) &&
                     EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag) > 0 &&
                     EVP_CipherFinal_ex(context.get(), nothing, &size) > 0;
  if (!holds) {
    ERR_clear_error();
    return Error(Errc::mismatch, kRefused);
  }
  return plain;
}

}  // namespace cloister::cas
