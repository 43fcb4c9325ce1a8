// SPDX-License-Identifier: Apache-2.0
// The AES instructions are used directly: OpenSSL's low-level AES_encrypt reads tables at secret places, which a host
// that watches the enclave's cache would see, and its EVP layer is too large for the enclave image.
#include "src/sgx/cmac.h"
#include <immintrin.h>
#include <string.h>

#define CLOISTER_AES __attribute__((target("aes,sse2")))

namespace cloister::sgx {
namespace {

class Aes128 {
 public:
  CLOISTER_AES explicit Aes128(const Key128& key) {
    round_keys_[0] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key.data()));
    expand<1, 0x01>();
    expand<2, 0x02>();
    expand<3, 0x04>();
    expand<4, 0x08>();
    expand<5, 0x10>();
    expand<6, 0x20>();
    expand<7, 0x40>();
    expand<8, 0x80>();
    expand<9, 0x1b>();
    expand<10, 0x36>();
  }
  ~Aes128() { explicit_bzero(round_keys_, sizeof round_keys_); }
  Aes128(const Aes128&) = delete;
  Aes128& operator=(const Aes128&) = delete;

  CLOISTER_AES __m128i encrypt(__m128i block) const {
    block = _mm_xor_si128(block, round_keys_[0]);
    for (int round = 1; round < 10; ++round) block = _mm_aesenc_si128(block, round_keys_[round]);
    return _mm_aesenclast_si128(block, round_keys_[10]);
  }

 private:
  // FIPS 197, key expansion: each word is the previous one xor the word a key's length before.
  template <int kRound, int kRcon>
  CLOISTER_AES void expand() {
    __m128i key = round_keys_[kRound - 1];
    const __m128i assist = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, kRcon), 0xff);
    for (int i = 0; i < 3; ++i) key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    round_keys_[kRound] = _mm_xor_si128(key, assist);
  }

  __m128i round_keys_[11];
};

// Multiplication by x in GF(2^128), most significant byte first (SP 800-38B, 6.1).
Key128 doubled(const Key128& value) {
  Key128 out;
  for (std::size_t i = 0; i < 16; ++i) {
    out[i] = static_cast<std::uint8_t>(value[i] << 1 | (i + 1 < 16 ? value[i + 1] >> 7 : 0));
  }
  out[15] = static_cast<std::uint8_t>(out[15] ^ (0x87 & -(value[0] >> 7)));
  return out;
}

CLOISTER_AES __m128i load(const std::uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

}  // namespace

CLOISTER_AES Mac aes_cmac(const Key128& key, std::span<const std::uint8_t> message) {
  const Aes128 cipher(key);
  Key128 subkey;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(subkey.data()), cipher.encrypt(_mm_setzero_si128()));
  subkey = doubled(subkey);  // K1, for a last block that is whole

  __m128i state = _mm_setzero_si128();
  while (message.size() > 16) {
    state = cipher.encrypt(_mm_xor_si128(state, load(message.data())));
    message = message.subspan(16);
  }
  std::uint8_t last[16] = {};
  if (!message.empty()) memcpy(last, message.data(), message.size());
  if (message.size() < 16) {
    last[message.size()] = 0x80;
    subkey = doubled(subkey);  // K2
  }
  state = _mm_xor_si128(_mm_xor_si128(state, load(last)), load(subkey.data()));
  Mac mac;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(mac.data()), cipher.encrypt(state));
  explicit_bzero(subkey.data(), subkey.size());
  return mac;
}

bool equal_macs(const Mac& a, std::span<const std::uint8_t, 16> b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  // The compiler must not turn the loop into one that stops early.
  __asm__("" : "+r"(difference));
  return difference == 0;
}

}  // namespace cloister::sgx
