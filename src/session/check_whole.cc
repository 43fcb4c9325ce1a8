// SPDX-License-Identifier: Apache-2.0
// What only the whole session shows: whether its parts fit together.
#include <algorithm>
#include "src/session/formats.h"
#include "src/session/reader.h"
#include "src/session/secret_limits.h"
#include "src/session/substitution.h"
#include "src/yaml/scalars.h"

namespace cloister::session {
namespace {
constexpr std::size_t kMostIssuers = 32;  // that are followed; CAS makes no chain that is as long

// Whether services can be started without proof; what a fragment decides is not known yet.
bool attests(const Security& security) {
  return !security.variable && !security.attestation_variable && security.mode.literal &&
         *security.mode.literal != AttestationMode::none;
}

bool may_hold_nul(Encoding encoding) {
  switch (encoding) {
    case Encoding::bytes:
    case Encoding::private_key_der:
    case Encoding::public_key_der:
    case Encoding::certificate_der:
    case Encoding::pkcs12:
    case Encoding::pgp_private_binary:
    case Encoding::pgp_public_binary: return true;
    default: return false;
  }
}

// Neither arguments nor variables nor paths hold a NUL byte: with raw bytes in them a service starts by luck.
void check_raw_bytes(Reader& reader, const Template& text, const std::string& what) {
  TemplateProblem told_already;
  const auto pieces = parse_template(text.text, HostArguments::allowed, &told_already);
  if (!pieces) return;
  for (const Piece& piece : *pieces) {
    if (piece.kind != Piece::Kind::secret) continue;
    const Reference reference = resolve_reference(reader.session(), piece.name, piece.format);
    if (reference.secret == nullptr || reference.secret->value || reference.format == nullptr ||
        !may_hold_nul(reference.format->encoding))
      continue;
    reader.warn(reader.locate(text.place, piece.text, 0),
                what + " takes raw bytes of " + reference.secret->name +
                    ": whenever they hold a NUL byte, the service gets nothing",
                "take a text of them, as in $$SCONE::" + reference.secret->name +
                    (reference.secret->kind == Kind::binary ? ":hex$$" : ":pem$$"));
  }
}

void check_services(Reader& reader) {
  Session& session = reader.session();
  for (const Service& service : session.services) {
    for (const Argument& argument : service.command) check_raw_bytes(reader, argument.text, "the command");
    for (const EnvironmentVariable& variable : service.environment)
      check_raw_bytes(reader, variable.value, "variable " + variable.name);
    check_raw_bytes(reader, service.working_directory, "pwd");
    if (service.attestation.empty() && service.imported_from.empty() && attests(session.security))
      reader.refuse(service.place, "service " + service.name + " has no attestation",
                    "say which enclaves may start it: attestation: {mrenclave: …}");
    if (!service.image_name.empty() && session.image(service.image_name) == nullptr)
      reader.warn(service.place, "service " + service.name + " names an image that is not described",
                  "it gets no files; describe it under images");
  }
}

void check_images(Reader& reader) {
  Session& session = reader.session();
  for (const Image& image : session.images) {
    for (const ImageVolume& volume : image.volumes) {
      if (volume.name.empty() || session.volume(volume.name) != nullptr) continue;
      const std::string what = "volume " + volume.name + " is not described";
      // In 0.1, whoever imports the image may describe it.
      if (reader.version() == Version::v0_1)
        reader.warn(volume.place, what, "an importing session must have it");
      else
        reader.refuse(volume.place, what, "describe it under volumes");
    }
    if (!image.provide_secrets) continue;
    for (const Mention& one : *image.provide_secrets)
      if (session.secret(one.name) == nullptr) reader.refuse(one.place, "no secret " + one.name + " in this session");
  }
}

// The secret that `mention` names, if it is of one of `kinds` or not known to be another.
const Secret* check_mention(Reader& reader, const Mention& mention, const char* what,
                            std::initializer_list<Kind> kinds) {
  if (mention.name.empty()) return nullptr;
  const Session& session = reader.session();
  const Secret* const secret = session.secret(mention.name);
  if (secret == nullptr) {
    std::vector<std::string_view> known;
    for (const Secret& one : session.secrets)
      if (std::find(kinds.begin(), kinds.end(), one.kind) != kinds.end()) known.emplace_back(one.name);
    reader.refuse(mention.place, std::string(what) + " " + mention.name + " is no secret of this session",
                  yaml::suggestion(mention.name, known));
  } else if (secret->kind != Kind::unknown && std::find(kinds.begin(), kinds.end(), secret->kind) == kinds.end()) {
    reader.refuse(mention.place,
                  std::string(what) + " " + mention.name + " is of kind " + std::string(text_of(secret->kind)),
                  "it must be of kind " + std::string(text_of(*kinds.begin())));
    return nullptr;
  }
  return secret;
}

void check_issuers(Reader& reader, const Secret& secret) {
  if (secret.issuer.empty()) return;
  const Session& session = reader.session();
  const Secret* issuer = session.secret(secret.issuer);
  for (std::size_t steps = 0; issuer != nullptr; issuer = session.secret(issuer->issuer)) {
    if (issuer != &secret && ++steps <= kMostIssuers) continue;
    if (issuer == &secret)
      reader.refuse(secret.issuer_place, "certificate " + secret.name + " would be issued by itself",
                    "leave issuer out for a self-signed one");
    return;
  }
}
}  // namespace

void check_whole(Reader& reader) {
  check_services(reader);
  check_images(reader);
  AccessPolicy& policy = reader.session().access_policy;
  if (policy.variable) return;
  // The language's defaults.
  for (Rule* const rule : {&policy.read, &policy.update})
    if (rule->is_default && rule->any_of.empty()) rule->any_of.push_back({});
  if (policy.create_sessions.is_default) policy.create_sessions.any_of = policy.update.any_of;
  if (policy.list_sessions.is_default) policy.list_sessions.any_of = policy.read.any_of;
}

void check_secrets(Reader& reader) {
  const Session& session = reader.session();
  if (auto problem = beyond_limits(session); problem)
    reader.refuse(problem->place, std::move(problem->what), std::move(problem->hint));
  for (const Secret& secret : session.secrets) {
    check_mention(reader, {secret.private_key, secret.private_key_place}, "private_key", {Kind::private_key});
    check_mention(reader, {secret.issuer, secret.issuer_place}, "issuer", {Kind::x509_ca});
    check_issuers(reader, secret);
    if (secret.jwt) {
      const Secret* const signer = check_mention(reader, secret.jwt->signer, "signer", {Kind::private_key});
      if (signer != nullptr && signer->kind == Kind::private_key && !signer->value && !signer->import &&
          signer->key_type != KeyType::p384)
        reader.refuse(secret.jwt->signer.place, "ES384 needs a P-384 key", "key_type: P-384");
    }
    if (secret.vault && !secret.vault->token) {
      const auto tokens = std::count_if(session.secrets.begin(), session.secrets.end(),
                                        [](const Secret& one) { return one.kind == Kind::aad_token; });
      if (tokens != 1)
        reader.refuse(secret.place, "import_akv without token", "it may be left out only if there is one aad-token");
    }
  }
}
}  // namespace cloister::session
