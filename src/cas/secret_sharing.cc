// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secret_sharing.h"
#include <algorithm>
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"

namespace cloister::cas {
namespace {

bool is_exported_to(const session::Secret& secret, const Importer& importer) {
  return std::ranges::any_of(secret.exports, [&](const session::Peer& peer) {
    return !peer.remote && !peer.is_namespace && peer.name == importer.name &&
           (!peer.hash || *peer.hash == importer.hash);
  });
}

bool key_goes_along(const session::Session& session, const session::Secret& certificate, const Importer& importer) {
  if (certificate.private_key.empty()) return !certificate.import;  // a key of its own; an imported one is not ours
  const session::Secret* const key = session.secret(certificate.private_key);
  return key && is_exported_to(*key, importer);
}

// Under an authority with the same name and key all that was issued below the former one stays good.
bool is_same_authority(const SecretMaterial& one, const SecretMaterial& other) {
  if (one.kind != session::Kind::x509_ca || other.kind != session::Kind::x509_ca) return false;
  const auto first = certificate_from_der(one.value), second = certificate_from_der(other.value);
  return first.ok() && second.ok() && is_same_issuer(*first.value(), *second.value());
}

std::string names_of(const std::vector<session::Peer>& peers) {
  std::string names;
  for (const session::Peer& peer : peers) names += (names.empty() ? "" : ", ") + peer.name;
  return names;
}

}  // namespace

std::vector<yaml::Problem> renewed_exports(const session::Session& before, const Materials& former,
                                           const session::Session& now, const Materials& current) {
  std::vector<yaml::Problem> renewed;
  for (const session::Secret& secret : now.secrets) {
    const session::Secret* const old = before.secret(secret.name);
    if (!old || old->exports.empty()) continue;
    const SecretMaterial& first = former.find(secret.name)->second;
    const SecretMaterial& second = current.find(secret.name)->second;
    if (first == second || is_same_authority(first, second)) continue;
    renewed.push_back({.place = secret.place,
                       .what = "secret " + secret.name + " is made anew: until its own next update, each importing " +
                               "session (" + names_of(old->exports) + ") has the former one",
                       .hint = "migrate: true on its private key keeps an authority's key"});
  }
  return renewed;
}

Result<SecretMaterial> shared_secret(const Exporter& exporter, const session::Import& import,
                                     const Importer& importer) {
  if (import.from.name != exporter.session.name) return Error(Errc::invalid, "another session was looked up");
  if (import.from.hash && *import.from.hash != exporter.hash)
    return Error(Errc::mismatch, "that session is not in the state that the import names (session_hash)");
  const session::Secret* const secret = exporter.session.secret(import.object);
  const auto material = exporter.materials.find(import.object);
  if (!secret || material == exporter.materials.end() || !is_exported_to(*secret, importer))
    return Error(Errc::invalid, "that session exports no such secret to this one");
  SecretMaterial shared = material->second;
  if (!key_goes_along(exporter.session, *secret, importer)) shared.private_key.clear();
  return shared;
}

Result<SecretMaterial> public_secret(const session::Secret& secret, const SecretMaterial& material) {
  if (!secret.export_public) return Error(Errc::invalid, "not public");
  SecretMaterial shown = material;
  shown.private_key.clear();
  if (material.kind != session::Kind::private_key) return shown;
  shown.kind = session::Kind::public_key;
  shown.value = TRY(public_key_der(*TRY(private_key_from_der(material.value))));
  return shown;
}

}  // namespace cloister::cas
