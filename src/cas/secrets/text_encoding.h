// SPDX-License-Identifier: Apache-2.0
// Secret bytes as text: hexadecimal digits, Base64 and Base32 (RFC 4648). Results are wiped when they go. Any side.
#pragma once
#include "src/base/result.h"
#include "src/base/secret.h"

namespace cloister::cas {

SecretBytes hex_text(std::span<const std::uint8_t> bytes);
// Either case; Errc::invalid otherwise.
Result<SecretBytes> bytes_of_hex(std::string_view text);

enum class Base64Alphabet { standard, url };
SecretBytes base64_text(std::span<const std::uint8_t> bytes, Base64Alphabet alphabet);

enum class Padding { kept, omitted };
SecretBytes base32_text(std::span<const std::uint8_t> bytes, Padding padding);

}  // namespace cloister::cas
