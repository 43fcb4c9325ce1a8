// SPDX-License-Identifier: Apache-2.0
// Both sessions are written as lists of statements, which are then compared: what has a statement can change.
#include "src/session/diff.h"
#include <algorithm>
#include "src/base/hex.h"
#include "src/session/canonical.h"
#include "src/session/words.h"

namespace cloister::session {
namespace {
struct Statement {
  std::string part, field, text;
  std::string hidden = {};  // compared, never shown
};

class Statements {
 public:
  explicit Statements(const Session& session) {
    add_session(session);
    for (const Service& service : session.services) add(service);
    for (const Image& image : session.images) add(image);
    for (const Secret& secret : session.secrets) add(secret);
    for (const Volume& volume : session.volumes) add(volume);
    add(session.access_policy);
    add(session.security);
  }
  std::vector<Statement> list;

 private:
  void say(std::string field, std::string text) {
    if (!text.empty()) list.push_back({part_, std::move(field), std::move(text)});
  }
  void begin(std::string part) {
    part_ = std::move(part);
    list.push_back({part_, "", ""});  // it is there
  }
  void say(std::string field, const std::optional<Template>& text) {
    if (text) say(std::move(field), text->text);
  }
  void say(std::string field, bool flag) {
    if (flag) say(std::move(field), std::string("true"));
  }
  void say_hidden(std::string field, std::string text, std::string hidden) {
    list.push_back({part_, std::move(field), std::move(text), std::move(hidden)});
  }

  void add_session(const Session& session) {
    begin("session");
    say("name", session.name);
    say("version", text_of(session.version));
    if (session.namespace_hash) say("namespace_hash", to_hex(*session.namespace_hash));
    if (session.salt) say("salt", to_hex(*session.salt));
    if (!session.secret_store) return;
    say("secret_config",
        session.secret_store->vault ? "key vault " + session.secret_store->vault_name : std::string("this service"));
    say("secret_config token", session.secret_store->token);
  }
  void add(const Service& service) {
    begin("service " + service.name);
    say("command", session::words_of(service));
    for (const EnvironmentVariable& one : service.environment)
      say("environment " + one.name, one.from_host ? std::string("the host's value") : "'" + one.value.text + "'");
    say("pwd", service.working_directory.text);
    say("image_name", service.image_name);
    std::string variants;
    for (const AttestationVariant& one : service.attestation)
      variants.append(variants.empty() ? "" : "; or ").append(session::words_of(one));
    say("attestation", variants);
    for (const Template& one : service.platforms) say("platform " + one.text, std::string("allowed"));
    if (service.one_time_password) say_hidden("one-time password", "needed", service.one_time_password->text);
    if (service.file_shield) {
      say("fspf_path", service.file_shield->path);
      say("fspf_key", service.file_shield->key);
      say("fspf_tag", service.file_shield->tag);
      say("fspf_update_policy", service.file_shield->update_policy);
    }
    say("import", service.imported_from);
    for (const std::string& tag : service.tags) say("tag " + tag, std::string("set"));
  }
  void add(const Image& image) {
    begin("image " + image.name);
    for (const InjectionFile& file : image.injection_files) {
      say("file " + file.path, file.content ? "'" + file.content->text + "'" : std::string("expanded as found"));
      char mode[8];
      std::snprintf(mode, sizeof mode, "0o%03o", file.mode);
      say("permission of " + file.path, std::string(mode));
    }
    for (const ImageVolume& one : image.volumes)
      say("volume " + one.name, "at " + one.path + (one.update_policy.empty() ? "" : ", " + one.update_policy));
    if (image.provide_secrets) {
      std::string names;
      for (const Mention& one : *image.provide_secrets) names += " " + one.name;
      say("provide_secrets", "only" + names);
    }
    for (const Setting<Hash>& one : image.mrenclaves)
      say("mrenclave " + (one.literal ? to_hex(*one.literal) : one.variable.text), std::string("allowed"));
    say("import", image.imported_from);
    for (const std::string& tag : image.tags) say("tag " + tag, std::string("set"));
  }
  void add(const Secret& secret) {
    begin("secret " + secret.name);
    say("kind", std::string(text_of(secret.kind)));
    if (secret.kind == Kind::ascii || secret.kind == Kind::binary) say("size", std::to_string(secret.size));
    if (secret.kind == Kind::private_key) say("key_type", std::string(text_of(secret.key_type)));
    if (secret.value) say_hidden("value", "stated", secret.value->reveal());
    if (secret.fragment) say_hidden("value", "stated", fragment_of(secret));
    for (const Peer& peer : secret.exports) say("export to " + session::words_of(peer), std::string("allowed"));
    say("export_public", secret.export_public);
    if (secret.import)
      say("import", "secret " + secret.import->object + " of " + session::words_of(secret.import->from));
    if (secret.vault) {
      say("import_akv", secret.vault->name + " of " + secret.vault->vault);
      say("import_akv token", secret.vault->token);
      say("import_akv decryption_key", secret.vault->decryption_key);
    }
    say("migrate", secret.migrate);
    say("private_key", secret.private_key);
    say("issuer", secret.issuer);
    say("common_name", secret.common_name);
    if (secret.endpoint != Endpoint::any)
      say("endpoint", std::string(secret.endpoint == Endpoint::server ? "server" : "client"));
    for (const AlternativeName& name : secret.names)
      say((name.is_address ? "ip " : "dns ") + name.text, std::string("in the certificate"));
    if (secret.valid_seconds) say("valid_for", words_of_duration(*secret.valid_seconds));
    if (secret.token) {
      say("tenant_id", secret.token->tenant.text);
      say("client_id", secret.token->client.text);
      if (!secret.token->application_secret.text.empty())
        say_hidden("application_secret", "stated", secret.token->application_secret.text);
      say("certificate_thumbprint", secret.token->certificate_thumbprint.text);
    }
    if (!secret.jwt) return;
    say("signer", secret.jwt->signer.name);
    say("alg", secret.jwt->algorithm);
    say("validity", words_of_duration(secret.jwt->seconds));
    for (const auto& [claim, text] : secret.jwt->payload) say("claim " + claim, text.text);
  }
  void add(const Volume& volume) {
    begin("volume " + volume.name);
    say("fspf_key", volume.key);
    say("fspf_tag", volume.tag);
    say("files", volume.files);
    say("update_policy", volume.update_policy);
    for (const VolumeExport& one : volume.exports)
      say("export to " + session::words_of(one.to), "allowed" + (one.alias.empty() ? "" : " as " + one.alias) +
                                                        (one.update_policy.empty() ? "" : ", " + one.update_policy));
    if (volume.import)
      say("import", "volume " + volume.import->object + " of " + session::words_of(volume.import->from));
  }
  void add(const AccessPolicy& policy) {
    begin("access policy");
    say("all of it", policy.variable);
    say("read", session::words_of(policy.read));
    say("update", session::words_of(policy.update));
    say("create_sessions", session::words_of(policy.create_sessions));
    say("list_sessions", session::words_of(policy.list_sessions));
  }
  void add(const Security& security) {
    begin("security");
    say("all of it", security.variable);
    say("attestation", security.attestation_variable);
    say("mode", security.mode.literal ? std::string(text_of(*security.mode.literal)) : security.mode.variable.text);
    for (const auto& one : security.tolerate)
      say("tolerate " + (one.literal ? std::string(text_of(*one.literal)) : one.variable.text),
          std::string("accepted"));
    if (security.ignore_all_advisories) say("advisories", std::string("all ignored"));
    for (const Template& one : security.ignore_advisories) say("advisory " + one.text, std::string("ignored"));
    if (const auto& root = security.insecure_simulation_root)
      say("insecure_simulation_root", root->literal ? to_hex(*root->literal) : root->variable.text);
    if (security.one_time_password) say_hidden("one-time password", "needed", security.one_time_password->text);
    say("url", security.url);
    if (security.service_access_token)
      say_hidden("service_access_token", "needed", security.service_access_token->text);
    for (const std::string& key : security.trusted_qe_keys) say("trusted key " + key, std::string("accepted"));
    if (!security.certificates.empty())
      say("certificates", std::to_string(security.certificates.size()) + " of the provider");
    say("must_be_sgx_local", security.must_be_local);
    say("singleton_enclaves", security.singleton_enclaves);
    if (security.min_rsa_key_size) say("min_rsa_signing_key_size", std::to_string(*security.min_rsa_key_size));
  }

  static std::string fragment_of(const Secret& secret) {
    Session alone;
    alone.secrets.push_back(secret);
    return to_hex(session_hash(alone));
  }

  std::string part_;
};

const Statement* find(const std::vector<Statement>& list, const std::string& part, const std::string& field) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const Statement& one) { return one.part == part && one.field == field; });
  return found == list.end() ? nullptr : &*found;
}
}  // namespace

std::vector<Difference> differences(const Session& old_session, const Session& new_session) {
  const std::vector<Statement> before = Statements(old_session).list, after = Statements(new_session).list;
  std::vector<Difference> list;
  for (const Statement& one : before) {
    const bool part_left = find(after, one.part, "") != nullptr;
    if (one.field.empty()) {
      if (!part_left) list.push_back({one.part, "", "there", ""});
      continue;
    }
    if (!part_left) continue;
    const Statement* const now = find(after, one.part, one.field);
    if (now == nullptr)
      list.push_back({one.part, one.field, one.text, ""});
    else if (now->text != one.text || now->hidden != one.hidden)
      list.push_back({one.part, one.field, one.text, now->text == one.text ? "another one, " + now->text : now->text});
  }
  for (const Statement& one : after) {
    const bool part_was = find(before, one.part, "") != nullptr;
    if (one.field.empty()) {
      if (!part_was) list.push_back({one.part, "", "", "there"});
      continue;
    }
    if (find(before, one.part, one.field) == nullptr) list.push_back({one.part, one.field, "", one.text});
  }
  return list;
}

std::string words_of(const Difference& difference) {
  const std::string& before = difference.before;
  const std::string& after = difference.after;
  if (difference.field.empty()) return difference.part + (before.empty() ? ": new" : ": removed");
  std::string words = difference.part + ": " + difference.field;
  if (before.empty()) return words + " is new: " + after;
  if (after.empty()) return words + " is gone, was: " + before;
  return words + " was: " + before + "; is: " + after;
}
}  // namespace cloister::session
