// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secrets/text_encoding.h"
#include <openssl/evp.h>
#include <algorithm>

namespace cloister::cas {
namespace {
constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase32Digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}
}  // namespace

SecretBytes hex_text(std::span<const std::uint8_t> bytes) {
  SecretBytes text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(static_cast<std::uint8_t>(kHexDigits[byte >> 4]));
    text.push_back(static_cast<std::uint8_t>(kHexDigits[byte & 15]));
  }
  return text;
}

Result<SecretBytes> bytes_of_hex(std::string_view text) {
  if (text.size() % 2 != 0) return Error(Errc::invalid, "an odd number of hexadecimal digits");
  SecretBytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return Error(Errc::invalid, "a character that is no hexadecimal digit");
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

SecretBytes base64_text(std::span<const std::uint8_t> bytes, Base64Alphabet alphabet) {
  SecretBytes text((bytes.size() + 2) / 3 * 4 + 1);  // OpenSSL ends it with a NUL
  EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
  text.pop_back();
  if (alphabet == Base64Alphabet::url) {
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
  }
  return text;
}

SecretBytes base32_text(std::span<const std::uint8_t> bytes, Padding padding) {
  SecretBytes text;
  text.reserve((bytes.size() + 4) / 5 * 8);
  std::uint32_t waiting = 0;
  int waiting_bits = 0;
  const auto put = [&](std::uint32_t digit) { text.push_back(static_cast<std::uint8_t>(kBase32Digits[digit & 31])); };
  for (const std::uint8_t byte : bytes) {
    waiting = waiting << 8 | byte;
    for (waiting_bits += 8; waiting_bits >= 5; waiting_bits -= 5) put(waiting >> (waiting_bits - 5));
  }
  if (waiting_bits > 0) put(waiting << (5 - waiting_bits));
  while (padding == Padding::kept && text.size() % 8 != 0) text.push_back('=');
  return text;
}

}  // namespace cloister::cas
