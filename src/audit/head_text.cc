// SPDX-License-Identifier: Apache-2.0
#include "src/audit/head_text.h"
#include <algorithm>
#include <charconv>
#include "src/base/hex.h"

namespace cloister::audit {

std::string head_text(const Head& head) {
  return std::to_string(head.at.sequence) + ' ' + to_hex(head.at.hash) + ' ' + to_hex(head.signature);
}

Result<Head> parse_head_text(std::string_view text) {
  const Error malformed(Errc::invalid, "the audit log's head is malformed");
  constexpr std::size_t kDigits = 2 * (sizeof(Digest) + sizeof(Signature)) + 2;
  if (text.size() <= kDigits) return malformed;
  Head head;
  const char* const end = text.data() + text.size() - kDigits;
  const auto number = std::from_chars(text.data(), end, head.at.sequence);
  const auto hash = from_hex(text.substr(text.size() - kDigits + 1, 2 * sizeof(Digest)));
  const auto signature = from_hex(text.substr(text.size() - 2 * sizeof(Signature)));
  if (number.ec != std::errc{} || number.ptr != end || !hash.ok() || !signature.ok()) return malformed;
  std::ranges::copy(hash.value(), head.at.hash.begin());
  std::ranges::copy(signature.value(), head.signature.begin());
  if (head_text(head) != text) return malformed;
  return head;
}

}  // namespace cloister::audit
