// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secrets/random.h"
#include <openssl/rand.h>
#include "src/cas/secrets/openssl.h"

namespace cloister::cas {
namespace {
// Bytes from here on are thrown away, so that the rest is a whole multiple of the alphabet's size.
constexpr std::size_t kFairBelow = 256 - 256 % kSecretAlphabet.size();
static_assert(kSecretAlphabet.size() == 62 && kFairBelow == 248);
}  // namespace

Result<SecretBytes> random_bytes(std::size_t size) {
  SecretBytes bytes(size);
  if (RAND_priv_bytes(bytes.data(), static_cast<int>(size)) != 1) return openssl_failed("no randomness");
  return bytes;
}

Result<SecretBytes> random_text(std::size_t count) {
  SecretBytes text;
  text.reserve(count);
  while (text.size() < count) {
    const SecretBytes bytes = TRY(random_bytes(count - text.size()));
    for (const std::uint8_t byte : bytes)
      if (byte < kFairBelow) text.push_back(static_cast<std::uint8_t>(kSecretAlphabet[byte % kSecretAlphabet.size()]));
  }
  return text;
}

}  // namespace cloister::cas
