// SPDX-License-Identifier: Apache-2.0
#include "src/session/model.h"
#include <algorithm>

namespace cloister::session {
namespace {
template <typename T>
const T* find_named(const std::vector<T>& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const T& entry) { return entry.name == name; });
  return found == list.end() ? nullptr : &*found;
}
}  // namespace

const Service* Session::service(std::string_view service_name) const { return find_named(services, service_name); }
const Image* Session::image(std::string_view image_name) const { return find_named(images, image_name); }
const Secret* Session::secret(std::string_view secret_name) const { return find_named(secrets, secret_name); }
const Volume* Session::volume(std::string_view volume_name) const { return find_named(volumes, volume_name); }

std::optional<std::string> parent_of(std::string_view session_name) {
  if (session_name == "/") return std::nullopt;
  const std::size_t slash = session_name.rfind('/');
  return slash == std::string_view::npos ? "/" : std::string(session_name.substr(0, slash));
}

std::string_view text_of(Kind kind) {
  static constexpr std::string_view kNames[] = {"",     "ascii",     "binary",    "private-key",     "public-key",
                                                "x509", "x509-ca",   "aad-token", "config-fragment", "pgp-key",
                                                "jwt",  "session-ca"};
  return kNames[static_cast<std::size_t>(kind)];
}
std::string_view text_of(KeyType type) {
  static constexpr std::string_view kNames[] = {"P-256", "P-384", "Ed25519", "RSA-2048", "RSA-3072"};
  return kNames[static_cast<std::size_t>(type)];
}
std::string_view text_of(AttestationMode mode) {
  static constexpr std::string_view kNames[] = {"hardware", "none", "maa"};
  return kNames[static_cast<std::size_t>(mode)];
}
std::string_view text_of(Toleration toleration) {
  static constexpr std::string_view kNames[] = {"debug-mode",
                                                "hyperthreading",
                                                "insecure-igpu",
                                                "software-hardening-needed",
                                                "aepic-leak",
                                                "insecure-configuration",
                                                "outdated-tcb",
                                                "maa-managed-tcb",
                                                "local-attestation-trust-cas-tcb"};
  return kNames[static_cast<std::size_t>(toleration)];
}

std::vector<FeatureUse> unserved_features(const Session& session) {
  std::vector<FeatureUse> unserved;
  for (const FeatureUse& use : session.uses)
    if (use.feature->support == Support::later) unserved.push_back(use);
  return unserved;
}
}  // namespace cloister::session
