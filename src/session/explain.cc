// SPDX-License-Identifier: Apache-2.0
#include "src/session/explain.h"
#include <algorithm>
#include "src/session/migration.h"
#include "src/session/substitution.h"
#include "src/session/template.h"
#include "src/session/words.h"

namespace cloister::session {
namespace {
void add(std::vector<std::string>* names, const std::string& name) {
  if (std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
}
void add_secrets_of(const Session& session, const Template& text, std::vector<std::string>* names) {
  TemplateProblem problem;
  const auto pieces = parse_template(text.text, HostArguments::none, &problem);
  if (!pieces) return;
  for (const Piece& piece : *pieces) {
    if (piece.kind != Piece::Kind::secret) continue;
    const Reference reference = resolve_reference(session, piece.name, piece.format);
    add(names, reference.secret != nullptr ? reference.secret->name : piece.name);
  }
}
std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

// All secrets that a service's arguments, variables and files show to its program.
std::vector<std::string> secrets_of(const Session& session, const Service& service) {
  std::vector<std::string> names;
  for (const Argument& argument : service.command) add_secrets_of(session, argument.text, &names);
  for (const EnvironmentVariable& one : service.environment)
    if (!one.from_host) add_secrets_of(session, one.value, &names);
  add_secrets_of(session, service.working_directory, &names);
  const Image* const image = session.image(service.image_name);
  if (image == nullptr) return names;
  for (const InjectionFile& file : image->injection_files)
    if (file.content) add_secrets_of(session, *file.content, &names);
  return names;
}

Finding rights_of(const Session& session, const Service& service) {
  std::string text;
  if (service.attestation.empty()) text = "No enclave is named that may start it";
  for (const AttestationVariant& variant : service.attestation)
    text.append(text.empty() ? "May be started by " : ", or by ").append(words_of(variant));
  const std::vector<std::string> secrets = secrets_of(session, service);
  text += secrets.empty() ? ". It gets no secret." : ". It gets the secrets " + joined(secrets) + ".";
  return {"service " + service.name, text};
}

std::string source_of(const Secret& secret) {
  if (secret.import) return "Imported: " + secret.import->object + " of " + words_of(secret.import->from);
  if (secret.vault) return "Imported from the key vault " + secret.vault->vault;
  if (secret.value || secret.fragment) return "Stated in the session, so whoever has its text knows it";
  if (secret.kind == Kind::public_key) return "The public key of " + secret.private_key;
  if (secret.kind != Kind::x509 && secret.kind != Kind::x509_ca) return "Generated; nobody sees it";
  std::string text = secret.issuer.empty() ? "Self-signed certificate" : "Certificate signed by " + secret.issuer;
  if (secret.valid_seconds) text += ", valid for " + words_of_duration(*secret.valid_seconds);
  return text;
}

Finding rights_of(const Session& session, const Secret& secret) {
  std::vector<std::string> users;
  for (const Service& service : session.services) {
    const std::vector<std::string> used = secrets_of(session, service);
    if (std::find(used.begin(), used.end(), secret.name) != used.end()) users.push_back(service.name);
  }
  std::string text = source_of(secret) + ". ";
  text += users.empty() ? "No service gets it." : "Given to the services " + joined(users) + ".";
  for (const Peer& peer : secret.exports) text += " May be imported by " + words_of(peer) + ".";
  if (secret.export_public) text += " Everybody may read it.";
  return {"secret " + secret.name, text};
}

class Openings {
 public:
  explicit Openings(const Session& session) : session_(session) {
    security();
    access();
    for (const Service& service : session_.services) add_service(service);
    for (const Secret& secret : session_.secrets) add_secret(secret);
    for (const FeatureUse& use : unserved_features(session_))
      say("line " + std::to_string(use.place.line),
          full_name(*use.feature) + " is not served yet; the session cannot be created.");
  }
  std::vector<Finding> list;

 private:
  void say(std::string part, std::string text) { list.push_back({std::move(part), std::move(text)}); }

  void security() {
    const Security& it = session_.security;
    if (it.variable || it.attestation_variable)
      say("security", "A fragment decides how enclaves are attested; who may change that fragment may weaken it.");
    if (it.mode.literal == AttestationMode::none)
      say("mode", "Without attestation nobody proves anything, so nothing is released.");
    if (it.mode.literal == AttestationMode::maa)
      say("mode", "Microsoft's attestation is not spoken here, so nothing is released.");
    for (const Setting<Toleration>& one : it.tolerate) {
      if (!one.literal) continue;
      if (*one.literal == Toleration::debug_mode)
        say("tolerate",
            "debug-mode: the host can read the memory of debug enclaves, and so every secret that they get.");
      else
        say("tolerate", std::string(text_of(*one.literal)) + ": platforms with this weakness get secrets.");
    }
    if (it.insecure_simulation_root)
      say("insecure_simulation_root",
          "simulated enclaves get secrets, and so does who can read that simulation's directory. Not for production.");
    if (it.ignore_all_advisories)
      say("ignore_advisories", "*: no advisory keeps a platform out, not even future ones.");
    else if (!it.ignore_advisories.empty())
      say("ignore_advisories", std::to_string(it.ignore_advisories.size()) + " advisories keep no platform out.");
  }
  void access() {
    const AccessPolicy& policy = session_.access_policy;
    if (policy.variable) say("access policy", "A fragment decides who may read and change the session.");
    const std::pair<const char*, const Rule*> rules[] = {
        {"read: everybody sees the session, with what it states", &policy.read},
        {"update: everybody may replace the session and get its kept secrets", &policy.update},
        {"create_sessions: everybody may create sessions below it", &policy.create_sessions}};
    for (const auto& [words, rule] : rules)
      if (!rule->any_of.empty() && rule->any_of.front().kind == Credential::Kind::any)
        say("access policy", std::string(words) + ".");
  }
  void add_service(const Service& service) {
    const std::string part = "service " + service.name;
    for (const AttestationVariant& variant : service.attestation)
      if (variant.signer && variant.mrenclave.empty())
        say(part, variant.signer->isvprodid ? "The signer decides which programs may start it."
                                            : "The signer decides which programs may start it, of any product.");
    std::vector<std::string> left;
    for (const Argument& argument : service.command) {
      TemplateProblem problem;
      const auto pieces = parse_template(argument.text.text, HostArguments::allowed, &problem);
      for (const Piece& piece : *pieces)
        if (piece.kind == Piece::Kind::host_argument) add(&left, piece.text);
    }
    if (!left.empty()) say(part, "The host chooses the arguments " + joined(left) + ".");
    left.clear();
    for (const EnvironmentVariable& one : service.environment)
      if (one.from_host) add(&left, one.name);
    if (!left.empty()) say(part, "The host chooses the variables " + joined(left) + ".");
  }
  void add_secret(const Secret& secret) {
    const std::string part = "secret " + secret.name;
    if (secret.export_public)
      say(part, secret.kind == Kind::ascii || secret.kind == Kind::binary
                    ? "export_public: everybody may read its value."
                    : "export_public: everybody may read its public part.");
    for (const Peer& peer : secret.exports)
      if (!peer.hash && !peer.remote)
        say(part, "Exported to " + words_of(peer) + " by name alone: whoever owns that name gets it.");
    if (secret.import && !secret.import->from.hash)
      say(part,
          "Imported from " + words_of(secret.import->from) + " by name alone: whoever owns that name chooses it.");
    if (secret.value && secret.value->reveal().find("$$SCONE::") != std::string::npos)
      say(part, "Its value looks like a placeholder; it is inserted as it is.");
  }

  const Session& session_;
};
}  // namespace

std::vector<Finding> explain_rights(const Session& session) {
  std::vector<Finding> list;
  const AccessPolicy& policy = session.access_policy;
  if (!policy.variable) {
    list.push_back({"session " + session.name, "May be read by " + words_of(policy.read) + ". May be replaced by " +
                                                   words_of(policy.update) + ". Sessions below it may be created by " +
                                                   words_of(policy.create_sessions) + "."});
  }
  for (const Service& service : session.services) list.push_back(rights_of(session, service));
  for (const Secret& secret : session.secrets) list.push_back(rights_of(session, secret));
  return list;
}

std::vector<Finding> explain_openings(const Session& session) { return Openings(session).list; }
}  // namespace cloister::session
