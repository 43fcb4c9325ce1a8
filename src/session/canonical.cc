// SPDX-License-Identifier: Apache-2.0
// Every value is written with its length or count in front, in one fixed order, and optional ones with a byte that says
// whether they are there: two sessions with the same bytes are the same. Sets keep the order of the text.
#include "src/session/canonical.h"
#include <openssl/sha.h>
#include <concepts>

namespace cloister::session {
namespace {
constexpr std::string_view kLabel = "cloister session 1";

class Encoder {
 public:
  SecretText take() { return SecretText(std::move(out_)); }

  void put(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    append(text);
  }
  void put(const char* text) { put(std::string_view(text)); }
  void put(const std::string& text) { put(std::string_view(text)); }
  template <std::integral T>
  void put(T number) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      const char byte = static_cast<char>(static_cast<std::uint64_t>(number) >> shift);
      append({&byte, 1});
    }
  }
  template <typename E>
  requires std::is_enum_v<E>
  void put(E value) { put(static_cast<std::uint64_t>(value)); }
  template <std::size_t N>
  void put(const std::array<std::uint8_t, N>& bytes) {
    append({reinterpret_cast<const char*>(bytes.data()), N});
  }
  template <typename T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <typename T>
  void put(const std::vector<T>& list) {
    put(list.size());
    for (const T& item : list) put(item);
  }
  template <typename... T>
  void put_all(const T&... values) {
    (put(values), ...);
  }

  void put(const SecretText& text) { put(text.reveal()); }
  void put(const Template& text) { put(text.text); }
  void put(const Mention& mention) { put(mention.name); }
  template <typename T>
  void put(const Setting<T>& setting) {
    put_all(setting.literal, setting.variable);
  }
  void put(const yaml::Value& value) {
    put_all(value.kind, value.text, value.quoted, value.tag, value.keys, value.items);
  }
  void put(const SignerFactor& s) {
    put_all(s.fragment, s.mrsigner, s.isvprodid, s.isvsvn, s.isvsvn_min, s.isvsvn_max);
  }
  void put(const AttestationVariant& v) { put_all(v.mrenclave, v.signer, v.fragment); }
  void put(const Argument& argument) { put(argument.text); }
  void put(const EnvironmentVariable& v) { put_all(v.name, v.value, v.from_host); }
  void put(const FileShield& f) { put_all(f.path, f.update_policy, f.key, f.tag); }
  void put(const Service& s) {
    put_all(s.name, s.image_name, s.command, s.environment, s.working_directory, s.attestation, s.platforms,
            s.one_time_password, s.file_shield, s.imported_from, s.tags);
  }
  void put(const InjectionFile& f) { put_all(f.path, f.content, f.mode); }
  void put(const ImageVolume& v) { put_all(v.name, v.path, v.update_policy); }
  void put(const Image& i) {
    put_all(i.name, i.injection_files, i.volumes, i.provide_secrets, i.mrenclaves, i.imported_from, i.tags);
  }
  void put(const RemoteCas& r) { put_all(r.url, r.key, r.software_key); }
  void put(const Peer& p) { put_all(p.name, p.is_namespace, p.hash, p.remote); }
  void put(const Import& i) { put_all(i.from, i.object); }
  void put(const AlternativeName& n) { put_all(n.is_address, n.text); }
  void put(const VaultImport& v) { put_all(v.vault, v.name, v.token, v.decryption_key); }
  void put(const std::pair<std::string, Template>& claim) { put_all(claim.first, claim.second); }
  void put(const JsonWebToken& j) { put_all(j.signer, j.algorithm, j.seconds, j.payload); }
  void put(const DirectoryToken& t) { put_all(t.tenant, t.client, t.application_secret, t.certificate_thumbprint); }
  void put(const Secret& s) {
    put_all(s.name, s.kind, s.size, s.value, s.fragment, s.exports, s.export_public, s.import, s.vault, s.key_type,
            s.migrate, s.private_key, s.issuer, s.common_name, s.endpoint, s.names, s.valid_seconds, s.token, s.jwt);
  }
  void put(const VolumeExport& e) { put_all(e.to, e.update_policy, e.alias); }
  void put(const Volume& v) { put_all(v.name, v.update_policy, v.files, v.key, v.tag, v.exports, v.import); }
  void put(const Credential& c) { put_all(c.kind, c.text, c.hash, c.required, c.of); }
  void put(const Rule& r) { put(r.any_of); }
  void put(const AccessPolicy& p) { put_all(p.read, p.update, p.create_sessions, p.list_sessions, p.variable); }
  void put(const Security& s) {
    put_all(s.variable, s.attestation_variable, s.mode, s.tolerate, s.ignore_all_advisories, s.ignore_advisories,
            s.one_time_password, s.url, s.service_access_token, s.trusted_qe_keys, s.certificates, s.must_be_local,
            s.singleton_enclaves, s.min_rsa_key_size, s.insecure_simulation_root);
  }
  void put(const Creator& c) { put_all(c.certificate, c.signer); }
  void put(const SecretStore& s) { put_all(s.vault, s.vault_name, s.token); }
  void put(const Session& s) {
    put_all(s.name, s.version, s.predecessor, s.namespace_hash, s.salt, s.creator, s.services, s.images, s.volumes,
            s.secrets, s.secret_store, s.access_policy, s.security);
  }

 private:
  // Growing leaves no copy of a secret behind.
  void append(std::string_view bytes) {
    if (out_.size() + bytes.size() > out_.capacity()) {
      std::string larger;
      larger.reserve(2 * (out_.size() + bytes.size()) + 4096);
      larger += out_;
      out_.swap(larger);
      SecretText::wipe(larger);
    }
    out_ += bytes;
  }
  std::string out_;
};
}  // namespace

SecretText canonical_encoding(const Session& session) {
  Encoder encoder;
  encoder.put(kLabel);
  encoder.put(session);
  return encoder.take();
}

Hash session_hash(const Session& session) {
  const SecretText bytes = canonical_encoding(session);
  Hash hash;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.reveal().data()), bytes.reveal().size(), hash.data());
  return hash;
}
}  // namespace cloister::session
