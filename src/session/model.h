// SPDX-License-Identifier: Apache-2.0
// A session (policy) as it was read: typed, complete, every value checked. Pure data; owner's side and CAS.
//
// What may hold `$$SCONE::name$$` placeholders stays a Template until the values of secrets are known; substitution.h
// fills it. What the language lets be either a literal or a placeholder is a Setting. Defaults of the language are
// filled in, but for what only a service can know (who CREATOR is, generated values). Places are those of the text that
// was read; comparing two values ignores them.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include "src/session/language.h"
#include "src/session/secret_text.h"
#include "src/session/version.h"
#include "src/yaml/document.h"

namespace cloister::session {
using yaml::Place;
using Hash = std::array<std::uint8_t, 32>;

// A text with placeholders in it, unfilled. `place` is where it begins; `source` is what a complaint calls it.
struct Template {
  std::string text;
  Place place;
  bool operator==(const Template& other) const { return text == other.text; }
};

// The name of something else in the session, and where it is mentioned.
struct Mention {
  std::string name;  // empty: nothing
  Place place;
  bool operator==(const Mention& other) const { return name == other.name; }
};

// A literal, or a template that must be filled and then read. Exactly one of the two is there.
template <typename T>
struct Setting {
  std::optional<T> literal;
  Template variable;  // when there is no literal
  bool operator==(const Setting&) const = default;
};

// ---- who may start a service ----
struct SignerFactor {
  std::optional<Template> fragment;  // then nothing else is there
  Setting<Hash> mrsigner;
  std::optional<Setting<std::uint16_t>> isvprodid;                       // any, if absent
  std::optional<Setting<std::uint16_t>> isvsvn, isvsvn_min, isvsvn_max;  // exactly; or a range with both ends in it
  bool operator==(const SignerFactor&) const = default;
};
// All factors that a variant has must hold. A variant that is one placeholder names a config-fragment.
struct AttestationVariant {
  std::vector<Setting<Hash>> mrenclave;  // one of them; empty: not asked
  std::optional<SignerFactor> signer;
  std::optional<Template> fragment;  // then nothing else is there
  Place place;
  bool operator==(const AttestationVariant& o) const {
    return mrenclave == o.mrenclave && signer == o.signer && fragment == o.fragment;
  }
};

// ---- services ----
// One argument of the command, split from the policy's own text: filling it never makes two of it.
struct Argument {
  Template text;  // with placeholders and @@N
  bool operator==(const Argument&) const = default;
};
struct EnvironmentVariable {
  std::string name;
  Template value;          // of the policy
  bool from_host = false;  // written \@\@NAME: the host's value, or nothing; `value` is not used
  bool operator==(const EnvironmentVariable&) const = default;
};
struct FileShield {  // fspf_*
  std::string path, update_policy;
  std::optional<Template> key, tag;
  bool operator==(const FileShield&) const = default;
};
struct Service {
  std::string name, image_name;   // image_name may be empty, or name an image that the session does not describe
  std::vector<Argument> command;  // empty: the session gives none
  std::vector<EnvironmentVariable> environment;
  Template working_directory;                   // empty: not given
  std::vector<AttestationVariant> attestation;  // any one of them is enough; empty only without attestation
  std::vector<Template> platforms;
  std::optional<Template> one_time_password;
  std::optional<FileShield> file_shield;
  std::string imported_from;  // 0.1: the session that describes this service
  std::vector<std::string> tags;
  Place place;
};

// ---- images ----
struct InjectionFile {
  std::string path;
  std::optional<Template> content;  // none: the file that is there already is expanded
  std::uint32_t mode = 0700;
  Place place;
};
struct ImageVolume {
  std::string name, path, update_policy;
  Place place;
};
struct Image {
  std::string name;
  std::vector<InjectionFile> injection_files;
  std::vector<ImageVolume> volumes;
  std::optional<std::vector<Mention>> provide_secrets;
  std::vector<Setting<Hash>> mrenclaves;  // 0.1
  std::string imported_from;              // 0.1
  std::vector<std::string> tags;          // 0.1
  Place place;
};

// ---- sharing ----
struct RemoteCas {
  std::string url, key, software_key;  // exactly one of the keys
  bool operator==(const RemoteCas&) const = default;
};
// Another session, or every session below a namespace. `name` is absolute: relative ones were resolved.
struct Peer {
  std::string name;
  bool is_namespace = false;
  std::optional<Hash> hash;  // only this state of it; a name alone trusts whoever owns the name
  std::optional<RemoteCas> remote;
  Place place;
  bool operator==(const Peer& o) const {
    return name == o.name && is_namespace == o.is_namespace && hash == o.hash && remote == o.remote;
  }
};
struct Import {
  Peer from;
  std::string object;  // the secret's or volume's name there
  bool operator==(const Import&) const = default;
};

// ---- secrets ----
enum class Kind : std::uint8_t {
  unknown,  // an import decides
  ascii,
  binary,
  private_key,
  public_key,
  x509,
  x509_ca,
  aad_token,
  config_fragment,
  pgp_key,
  jwt,
  session_ca,
};
enum class KeyType : std::uint8_t { p256, p384, ed25519, rsa2048, rsa3072 };
enum class Endpoint : std::uint8_t { any, server, client };
struct AlternativeName {
  bool is_address = false;  // an IP address, otherwise a DNS name, whose first label may be *
  std::string text;
  bool operator==(const AlternativeName&) const = default;
};
struct VaultImport {  // import_akv
  std::string vault, name;
  std::optional<Template> token, decryption_key;
  bool operator==(const VaultImport&) const = default;
};
struct JsonWebToken {
  Mention signer;
  std::string algorithm;
  std::uint64_t seconds = 0;
  std::vector<std::pair<std::string, Template>> payload;
  bool operator==(const JsonWebToken&) const = default;
};
struct DirectoryToken {  // aad-token
  Template tenant, client, application_secret, certificate_thumbprint;
  bool operator==(const DirectoryToken&) const = default;
};
struct Secret {
  std::string name;
  Kind kind = Kind::unknown;
  std::uint32_t size = 20;              // ascii: characters; binary: bytes; of what is generated
  std::optional<SecretText> value;      // as written: a text, hexadecimal digits or PEM. Never a template
  std::optional<yaml::Value> fragment;  // of a config-fragment
  std::vector<Peer> exports;
  bool export_public = false;
  std::optional<Import> import;
  std::optional<VaultImport> vault;
  KeyType key_type = KeyType::p256;
  bool migrate = false;             // a generated private key survives an update
  std::string private_key, issuer;  // names of secrets of this session; no issuer: self-signed
  Place private_key_place, issuer_place;
  std::string common_name;  // default filled in
  Endpoint endpoint = Endpoint::any;
  std::vector<AlternativeName> names;
  std::optional<std::uint64_t> valid_seconds;
  std::optional<DirectoryToken> token;
  std::optional<JsonWebToken> jwt;
  Place place;
};

// ---- volumes ----
struct VolumeExport {
  Peer to;
  std::string update_policy, alias;
};
struct Volume {
  std::string name, update_policy, files;
  std::optional<Template> key, tag;
  std::vector<VolumeExport> exports;
  std::optional<Import> import;
  Place place;
};

// ---- who may read and change the session ----
struct Credential {
  enum class Kind : std::uint8_t {
    creator,           // who created the session; in a fragment, who created the importing one
    any,               // everybody; stands alone
    none,              // nobody; stands alone
    certificate,       // `text`: the client's certificate in PEM
    certificate_hash,  // `hash`: SHA-256 over the client's certificate in DER (0.1 and 0.2)
    key_hash,          // `hash`: SHA-256 over the client's SubjectPublicKeyInfo
    foreign_key_hash,  // `text`: a key hash in Base58, whose making is not published
    signer,            // `text`: a public key in PEM or its hash; who signs the message, not who sends it
    variable,          // `text`: one placeholder, whose value is one of the above
    require,           // `required` of `of`
  };
  Kind kind = Kind::creator;
  std::string text;
  Hash hash{};
  std::uint32_t required = 0;
  std::vector<Credential> of;
  Place place;
  bool operator==(const Credential& o) const {
    return kind == o.kind && text == o.text && hash == o.hash && required == o.required && of == o.of;
  }
};
// Any one of the credentials is enough.
struct Rule {
  std::vector<Credential> any_of;
  bool is_default = true;
  Place place;
  bool operator==(const Rule& o) const { return any_of == o.any_of; }
};
struct AccessPolicy {
  Rule read, update, create_sessions, list_sessions;
  std::optional<Template> variable;  // the whole policy comes from a fragment; the rules are then empty
};

// ---- how enclaves are attested ----
enum class AttestationMode : std::uint8_t { hardware, none, maa };
enum class Toleration : std::uint8_t {
  debug_mode,
  hyperthreading,
  insecure_igpu,
  software_hardening_needed,
  aepic_leak,
  insecure_configuration,
  outdated_tcb,
  maa_managed_tcb,
  local_attestation_trust_cas_tcb,
};
struct Security {
  std::optional<Template> variable;              // all of it from a fragment
  std::optional<Template> attestation_variable;  // `attestation` from a fragment
  Setting<AttestationMode> mode{AttestationMode::hardware, {}};
  std::vector<Setting<Toleration>> tolerate;
  bool ignore_all_advisories = false;
  std::vector<Template> ignore_advisories;
  // SHA-256 of the SubjectPublicKeyInfo of a simulation's root: quotes below it count like Intel's.
  std::optional<Setting<Hash>> insecure_simulation_root;
  std::optional<Template> one_time_password, url, service_access_token;
  std::vector<std::string> trusted_qe_keys, certificates;
  bool must_be_local = false, singleton_enclaves = false;
  std::optional<std::uint32_t> min_rsa_key_size;
};
struct Creator {
  std::string certificate, signer;  // PEM or a key hash; at most one
  bool operator==(const Creator&) const = default;
};
struct SecretStore {  // secret_config
  bool vault = false;
  std::string vault_name;
  std::optional<Template> token;
};

// A feature of the language that a session uses, and where.
struct FeatureUse {
  const Feature* feature = nullptr;
  Place place;
};

struct Session {
  std::string name;  // "ns1/ns2/session", or "/"
  Version version = Version::v0_1;
  std::optional<Hash> predecessor, namespace_hash;
  std::optional<std::array<std::uint8_t, 16>> salt;
  std::optional<Creator> creator;
  std::vector<Service> services;
  std::vector<Image> images;
  std::vector<Volume> volumes;
  std::vector<Secret> secrets;
  std::optional<SecretStore> secret_store;
  AccessPolicy access_policy;
  Security security;
  std::vector<FeatureUse> uses;  // each feature once, at its first place, in the order of the text

  const Service* service(std::string_view service_name) const;
  const Image* image(std::string_view image_name) const;
  const Secret* secret(std::string_view secret_name) const;
  const Volume* volume(std::string_view volume_name) const;
};

// The namespace that a session lies in: "a/b" of "a/b/c", "/" of "a", nothing of "/".
std::optional<std::string> parent_of(std::string_view session_name);
std::string_view text_of(Kind kind);
std::string_view text_of(KeyType type);
std::string_view text_of(AttestationMode mode);
std::string_view text_of(Toleration toleration);

// What a service that cannot do all of the language must refuse when the session is created. In the order of the text.
std::vector<FeatureUse> unserved_features(const Session& session);
}  // namespace cloister::session
