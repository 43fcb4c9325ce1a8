// SPDX-License-Identifier: Apache-2.0
#include "src/session/secret_limits.h"
#include <algorithm>
#include <array>
#include "src/session/pem.h"

namespace cloister::session {
namespace {
// PKCS #1's object identifiers, whichever algorithm of RSA follows. In no other key but by design of whoever made it.
constexpr std::array<std::uint8_t, 8> kRsaIdentifier{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01};

bool states_rsa_key(const Secret& secret) {
  if (secret.kind != Kind::private_key || !secret.value) return false;
  auto blocks = parse_pem(secret.value->reveal());
  bool found = false;
  for (PemBlock& block : blocks.value_or(std::vector<PemBlock>())) {
    const auto& der = block.bytes;
    found = found || std::search(der.begin(), der.end(), kRsaIdentifier.begin(), kRsaIdentifier.end()) != der.end();
    wipe(block.bytes.data(), block.bytes.size());
  }
  return found;
}

// By itself or with its certificate (sessions of 0.2).
bool generates_rsa_key(const Secret& secret) {
  const bool has_key = secret.kind == Kind::private_key ||
                       ((secret.kind == Kind::x509 || secret.kind == Kind::x509_ca) && secret.private_key.empty());
  return !secret.value && !secret.import && has_key &&
         (secret.key_type == KeyType::rsa2048 || secret.key_type == KeyType::rsa3072);
}

yaml::Problem too_many(const Secret& secret, const std::string& what, const char* hint) {
  return {secret.place, "secret " + secret.name + ": the session has " + what, hint};
}
}  // namespace

std::optional<yaml::Problem> beyond_limits(const Session& session) {
  const std::vector<Secret>& secrets = session.secrets;
  if (secrets.size() > kSecretLimit)
    return too_many(secrets[kSecretLimit],
                    std::to_string(secrets.size()) + " secrets, and may have " + std::to_string(kSecretLimit),
                    "divide it into several sessions");
  std::size_t rsa_keys = 0;
  for (const Secret& secret : secrets)
    if ((generates_rsa_key(secret) || states_rsa_key(secret)) && ++rsa_keys > kRsaKeyLimit)
      return too_many(secret,
                      "more than " + std::to_string(kRsaKeyLimit) + " private keys of RSA that are stated or generated",
                      "use P-256, P-384 or Ed25519, or several sessions");
  return std::nullopt;
}
}  // namespace cloister::session
