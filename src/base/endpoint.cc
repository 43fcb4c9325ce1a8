// SPDX-License-Identifier: Apache-2.0
#include "src/base/endpoint.h"
#include <arpa/inet.h>
#include <charconv>

namespace cloister {
namespace {
constexpr char kForm[] = "is no numeric address with a port, such as 127.0.0.1:18766 or [::1]:18766";
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Error(Errc::invalid, kForm);
  Endpoint endpoint;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (port.empty() || problem != std::errc() || end != port.data() + port.size()) return Error(Errc::invalid, kForm);
  std::string host(text.substr(0, colon));
  endpoint.is_v6 = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (endpoint.is_v6) host = host.substr(1, host.size() - 2);
  if (inet_pton(endpoint.is_v6 ? AF_INET6 : AF_INET, host.c_str(), endpoint.address.data()) != 1)
    return Error(Errc::invalid, kForm);
  return endpoint;
}

std::string address_text(const Endpoint& endpoint) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(endpoint.is_v6 ? AF_INET6 : AF_INET, endpoint.address.data(), text, sizeof text);
  return text;
}

std::string to_text(const Endpoint& endpoint) {
  const std::string address = address_text(endpoint);
  return (endpoint.is_v6 ? '[' + address + ']' : address) + ':' + std::to_string(endpoint.port);
}
}  // namespace cloister
