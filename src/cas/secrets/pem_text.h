// SPDX-License-Identifier: Apache-2.0
// PEM as people write it into sessions and as programs read it: any line length, text around the blocks. For secrets:
// everything between input and result is wiped. Inside CAS's enclave.
#pragma once
#include <string>
#include <string_view>
#include <vector>
#include "src/base/result.h"
#include "src/base/secret.h"

namespace cloister::cas {

struct PemBlock {
  std::string label;
  SecretBytes der;
};
inline constexpr std::size_t kPemBlockLimit = 16;

// At least one block. Errc::invalid for broken blocks and for such with headers (encrypted keys of old).
Result<std::vector<PemBlock>> read_pem(std::string_view text);
Result<SecretBytes> write_pem(const char* label, std::span<const std::uint8_t> der);

}  // namespace cloister::cas
