// SPDX-License-Identifier: Apache-2.0
#include "src/cli/named_policy.h"
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include "src/base/hex.h"

namespace cloister {
namespace {
constexpr std::uint16_t kCasPort = 18765, kQuotingServicePort = 18766;

std::string first_named(const std::string& option, std::initializer_list<const char*> variables) {
  if (!option.empty()) return option;
  for (const char* name : variables)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return {};
}

Error usage(std::string* problem, std::string text) {
  *problem = std::move(text);
  return Error(Errc::invalid);
}

// Session and service, printable and without spaces, since both are printed and sent.
bool is_config_id(const std::string& text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size() || text.size() > release::kConfigIdLimit)
    return false;
  for (const char c : text)
    if (c <= ' ' || c > '~') return false;
  return true;
}

Endpoint endpoint_of(const sockaddr& address, std::uint16_t port) {
  Endpoint endpoint;
  endpoint.port = port;
  endpoint.is_v6 = address.sa_family == AF_INET6;
  if (endpoint.is_v6)
    std::memcpy(endpoint.address.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  else
    std::memcpy(endpoint.address.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  return endpoint;
}

Result<release::Digest> find_cas_key(const Endpoint& cas, const NamedPolicy& policy, const RunOptions& options,
                                     std::string* problem) {
  if (options.cas_key.empty()) return ask_cas_key(cas, policy.cas, options.start_time_limit, problem);
  release::Digest hash;
  if (!read_hex(options.cas_key, hash))
    return usage(problem, "--cas-key " + options.cas_key + ": give 64 hexadecimal digits");
  return hash;
}
}  // namespace

Result<std::optional<Endpoint>> find_quoting_service(const std::string& named, std::string* problem) {
  const std::pair<const char*, const char*> sources[] = {{"--las", named.c_str()},
                                                         {"CLOISTER_LAS_ADDR", std::getenv("CLOISTER_LAS_ADDR")},
                                                         {"SCONE_LAS_ADDR", std::getenv("SCONE_LAS_ADDR")}};
  for (const auto& [source, text] : sources) {
    if (text == nullptr || *text == '\0') continue;
    const auto endpoint = resolve_endpoint(text, kQuotingServicePort, problem);
    if (endpoint.ok()) return std::optional(endpoint.value());
    *problem = std::string(source) + " " + *problem;
    return endpoint.error();
  }
  return std::optional<Endpoint>();
}

Result<std::optional<NamedPolicy>> find_named_policy(const RunOptions& options, std::string* problem) {
  NamedPolicy policy{first_named(options.cas, {"CLOISTER_CAS_ADDR", "SCONE_CAS_ADDR"}),
                     first_named(options.config_id, {"CLOISTER_CONFIG_ID", "SCONE_CONFIG_ID"})};
  // An address alone may be set for a whole machine.
  if (policy.config_id.empty() && options.cas.empty()) return std::optional<NamedPolicy>();
  if (policy.config_id.empty())
    return usage(problem, "--cas " + options.cas + ": no service is named (--config-id SESSION/SERVICE)");
  if (policy.cas.empty())
    return usage(problem, "config id " + policy.config_id + ": no CAS is named (--cas HOST[:PORT], CLOISTER_CAS_ADDR)");
  if (!is_config_id(policy.config_id))
    return usage(problem, "config id " + policy.config_id + ": give SESSION/SERVICE, printable and without spaces");
  return std::optional<NamedPolicy>(std::move(policy));
}

Result<Endpoint> resolve_endpoint(const std::string& text, std::uint16_t default_port, std::string* problem) {
  if (auto numeric = parse_endpoint(text); numeric.ok()) return std::move(numeric).take();
  std::string host = text;
  std::uint16_t port = default_port;
  // A second colon makes it an IPv6 address without a port.
  if (const std::size_t colon = text.rfind(':'); colon != std::string::npos && text.find(':') == colon) {
    char* end = nullptr;
    const unsigned long number = std::strtoul(text.c_str() + colon + 1, &end, 10);
    if (*end != '\0' || number == 0 || number > 65535) return usage(problem, text + ": the port is not 1 to 65535");
    host = text.substr(0, colon);
    port = static_cast<std::uint16_t>(number);
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  const int status = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (status != 0) return usage(problem, text + ": " + gai_strerror(status));
  // Of several addresses an IPv4 one: services of this kind listen there, and the enclave tries one only.
  const addrinfo* chosen = found;
  while (chosen != nullptr && chosen->ai_family != AF_INET) chosen = chosen->ai_next;
  const Endpoint endpoint = endpoint_of(*(chosen != nullptr ? chosen : found)->ai_addr, port);
  freeaddrinfo(found);
  return endpoint;
}

Result<void> follow_policy(const NamedPolicy& policy, const RunOptions& options, const LaunchManifest& manifest,
                           host::LaunchOptions* launch, std::string* problem) {
  if ((manifest.flags & kConfiguredByPolicy) == 0)
    return usage(problem, "config id " + policy.config_id + ": " +
                              (options.manifest.empty() ? "--env" : options.manifest) +
                              " fixes what a policy would configure (args: from_policy, env: from_policy)");
  const Endpoint cas = TRY(resolve_endpoint(policy.cas, kCasPort, problem));
  const release::Digest key_hash = TRY(find_cas_key(cas, policy, options, problem));
  launch->config_id = release::configured_enclave_id(key_hash, policy.config_id);
  launch->settings.insert(launch->settings.end(), {"cas=" + to_text(cas), "config-id=" + policy.config_id,
                                                   "start-time-limit=" + std::to_string(options.start_time_limit)});
  for (char** entry = environ; *entry != nullptr; ++entry) launch->environment.emplace_back(*entry);
  launch->memory = memory_mode_for_secrets(options.memory);
  return {};
}

}  // namespace cloister
