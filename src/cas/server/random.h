// SPDX-License-Identifier: Apache-2.0
// Random bytes; inside the enclave they come from the processor. No fallback.
#pragma once
#include <openssl/rand.h>
#include <array>
#include <cstdint>

namespace cloister::cas {
template <std::size_t kSize>
[[nodiscard]] bool random_bytes(std::array<std::uint8_t, kSize>& bytes) {
  return RAND_bytes(bytes.data(), static_cast<int>(kSize)) == 1;
}
}  // namespace cloister::cas
