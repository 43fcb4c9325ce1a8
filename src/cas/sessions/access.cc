// SPDX-License-Identifier: Apache-2.0
#include "src/cas/sessions/access.h"
#include <algorithm>
#include "src/base/hex.h"
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/encode.h"
#include "src/cas/secrets/keys.h"
#include "src/sgx/measurement.h"

namespace cloister::cas {
namespace {

using session::Credential;

bool holds(const Credential& credential, const LiveSession& live, const ClientIdentity& client);

// A secret whose value is a credential, in the forms that a credential has in the text.
bool secret_holds(const Credential& credential, const LiveSession& live, const ClientIdentity& client) {
  yaml::Problem problem;
  const auto filled =
      fill({.text = credential.text, .place = credential.place}, live.session, lookup_in(live.materials), &problem);
  if (!filled.ok()) return false;
  std::string_view value = filled.value().reveal();
  while (!value.empty() && (value.back() == '\n' || value.back() == ' ')) value.remove_suffix(1);
  if (value == "ANY") return true;
  Credential meant;
  meant.text = std::string(value);
  if (value == "CREATOR") {
    meant.kind = Credential::Kind::creator;
  } else if (value.starts_with("-----BEGIN CERTIFICATE")) {
    meant.kind = Credential::Kind::certificate;
  } else {
    const auto hash = from_hex(value);
    if (!hash.ok() || hash.value().size() != meant.hash.size()) return false;
    std::ranges::copy(hash.value(), meant.hash.begin());
    const bool old = live.session.version <= session::Version::v0_2;
    meant.kind = old ? Credential::Kind::certificate_hash : Credential::Kind::key_hash;
  }
  return holds(meant, live, client);
}

bool holds(const Credential& credential, const LiveSession& live, const ClientIdentity& client) {
  switch (credential.kind) {
    case Credential::Kind::any: return true;
    case Credential::Kind::creator: return client && client->key_hash == live.stored.creator.key_hash;
    case Credential::Kind::key_hash: return client && client->key_hash == credential.hash;
    case Credential::Kind::certificate_hash: return client && client->certificate_hash == credential.hash;
    case Credential::Kind::certificate: {
      if (!client) return false;
      const auto hash = key_hash_of_certificate(credential.text);
      return hash.ok() && hash.value() == client->key_hash;
    }
    case Credential::Kind::variable: return secret_holds(credential, live, client);
    // Refused when a session is created: not served.
    case Credential::Kind::foreign_key_hash:
    case Credential::Kind::signer:
    case Credential::Kind::require:
    case Credential::Kind::none: return false;
  }
  return false;
}

const session::Rule& rule_of(Operation operation, const session::AccessPolicy& policy) {
  switch (operation) {
    case Operation::read: return policy.read;
    case Operation::update: return policy.update;
    case Operation::create_sessions: return policy.create_sessions;
    case Operation::list_sessions: break;
  }
  return policy.list_sessions;
}

}  // namespace

bool may(Operation operation, const LiveSession& live, const ClientIdentity& client) {
  const session::AccessPolicy& policy = live.session.access_policy;
  if (policy.variable) return false;  // likewise not served
  return std::ranges::any_of(rule_of(operation, policy).any_of,
                             [&](const Credential& credential) { return holds(credential, live, client); });
}

bool may_see_values(const LiveSession& live, const ClientIdentity& client) {
  return (client && client->key_hash == live.stored.creator.key_hash) || may(Operation::update, live, client);
}

Result<session::Hash> key_hash_of_certificate(std::string_view pem) {
  const auto certificates = TRY(certificates_from_pem(pem));
  const EVP_PKEY* const key = X509_get0_pubkey(certificates.front().get());
  if (!key) return Error(Errc::invalid, "the certificate's key cannot be read");
  const SecretBytes der = TRY(public_key_der(*key));
  return sgx::sha256(der);
}

}  // namespace cloister::cas
