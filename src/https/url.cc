// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "src/base/hex.h"
#include "src/https/url.h"

namespace cloister::https {

Result<Url> Url::parse(const std::string& text) {
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme)) return Error(Errc::invalid, "is no address that begins with https://");
  const auto plain = [](char c) { return c > ' ' && c < 127; };
  if (!std::ranges::all_of(text, plain)) return Error(Errc::invalid, "has a character that no address has");
  const std::string rest = text.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string authority = rest.substr(0, slash);
  Url url{.host = authority, .port = "443", .path = slash == rest.size() ? "/" : rest.substr(slash)};
  // A colon inside brackets belongs to an IPv6 address.
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string::npos && authority.find(']', colon) == std::string::npos) {
    url.host = authority.substr(0, colon);
    url.port = authority.substr(colon + 1);
  }
  if (url.host.starts_with('[') && url.host.ends_with(']')) url.host = url.host.substr(1, url.host.size() - 2);
  const bool digits = !url.port.empty() && std::ranges::all_of(url.port, [](char c) { return c >= '0' && c <= '9'; });
  if (url.host.empty() || !digits || url.host.find('@') != std::string::npos)
    return Error(Errc::invalid, "has no usable host or port");
  return url;
}

std::string Url::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return "https://" + (v6 ? '[' + host + ']' : host) + (port == "443" ? "" : ':' + port) + path;
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kPlain = "-._~/";
  std::string encoded;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const auto byte = static_cast<std::uint8_t>(c);
    encoded += letter || kPlain.find(c) != kPlain.npos ? std::string(1, c) : '%' + to_hex({&byte, 1});
  }
  return encoded;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digits = text[i] == '%' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : from_hex("0");
    if (digits.ok()) {
      decoded += static_cast<char>(digits.value()[0]);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace cloister::https
