// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "src/pccs/https.h"

namespace cloister::pccs {

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

}  // namespace cloister::pccs
