// SPDX-License-Identifier: Apache-2.0
// secrets[]: one secret with the keys of its kind.
#include <arpa/inet.h>
#include <algorithm>
#include <initializer_list>
#include "src/base/hex.h"
#include "src/session/reader.h"
#include "src/yaml/scalars.h"

namespace cloister::session {
namespace {
constexpr std::uint64_t kLargest = 65536;

// Which keys belong to which kinds; the others belong to all.
struct Belongs {
  const char* key;
  std::initializer_list<Kind> kinds;
};
const Belongs kBelongs[] = {
    {"size", {Kind::ascii, Kind::binary}},
    {"value",
     {Kind::ascii, Kind::binary, Kind::private_key, Kind::public_key, Kind::x509, Kind::x509_ca, Kind::config_fragment,
      Kind::pgp_key}},
    {"key_type", {Kind::private_key}},
    {"migrate", {Kind::private_key}},
    {"private_key", {Kind::x509, Kind::x509_ca, Kind::public_key, Kind::aad_token}},
    {"issuer", {Kind::x509, Kind::x509_ca}},
    {"common_name", {Kind::x509, Kind::x509_ca}},
    {"endpoint", {Kind::x509}},
    {"dns", {Kind::x509, Kind::x509_ca}},
    {"san", {Kind::x509, Kind::x509_ca}},
    {"valid_for", {Kind::x509, Kind::x509_ca}},
    {"tenant_id", {Kind::aad_token}},
    {"client_id", {Kind::aad_token}},
    {"application_secret", {Kind::aad_token}},
    {"certificate_thumbprint", {Kind::aad_token}},
    {"signer", {Kind::jwt}},
    {"alg", {Kind::jwt}},
    {"validity", {Kind::jwt}},
    {"payload", {Kind::jwt}},
};

class SecretReader {
 public:
  SecretReader(Reader& reader, const Value& value) : reader_(reader), value_(value) {}

  void read() {
    secret_.place = value_.place;
    if (value_.kind == Value::Kind::mapping) read_name_and_kind();
    const bool is_mapping = reader_.mapping(value_, Section::secret, keys());
    if (!is_mapping) return;
    require_key(reader_, value_, "name", "a secret");
    check_keys();
    check_sources();
    if (secret_.common_name.empty() && (secret_.kind == Kind::x509 || secret_.kind == Kind::x509_ca))
      secret_.common_name = default_common_name();
    reader_.session().secrets.push_back(std::move(secret_));
  }

 private:
  bool has(std::string_view key) const { return find_key(value_, key) != nullptr; }
  bool has_value() const { return secret_.value || secret_.fragment; }
  std::string called() const { return "secret " + (secret_.name.empty() ? "without name" : secret_.name); }

  // They decide how the other keys are read, wherever they stand.
  void read_name_and_kind() {
    if (const Value* const name = find_key(value_, "name")) secret_.name = reader_.name(*name, "a secret's name");
    const Value* const kind = find_key(value_, "kind");
    if (kind == nullptr) {
      if (!has("import") && !has("import_akv"))
        reader_.refuse(value_.place, called() + " has no kind", "only an imported secret may leave it out");
      return;
    }
    const Feature* const feature = reader_.choice(*kind, Section::kind);
    for (int i = 0; feature != nullptr && i <= static_cast<int>(Kind::session_ca); ++i)
      if (text_of(static_cast<Kind>(i)) == feature->name) secret_.kind = static_cast<Kind>(i);
  }

  std::vector<Reader::Key> keys() {
    const auto mention = [this](const char* name, std::string* to, Place* place) {
      return Reader::Key{name, [this, name, to, place](const Value& v) {
                           *to = reader_.name(v, name);
                           *place = v.place;
                         }};
    };
    return {
        {"name", [](const Value&) {}},
        {"kind", [](const Value&) {}},
        {"size",
         [this](const Value& v) { secret_.size = static_cast<std::uint32_t>(reader_.number(v, "size", 1, kLargest)); }},
        {"value", [this](const Value& v) { read_value(v); }},
        {"export", [this](const Value& v) { secret_.exports = read_exports(reader_, v, Shared::secret_export); }},
        {"export_public", [this](const Value& v) { secret_.export_public = reader_.boolean(v, "export_public"); }},
        {"import",
         [this](const Value& v) { secret_.import = read_import(reader_, v, Shared::secret_import, secret_.name); }},
        {"import_akv", [this](const Value& v) { read_vault(v); }},
        {"key_type", [this](const Value& v) { read_key_type(v); }},
        {"migrate", [this](const Value& v) { secret_.migrate = reader_.boolean(v, "migrate"); }},
        mention("private_key", &secret_.private_key, &secret_.private_key_place),
        mention("issuer", &secret_.issuer, &secret_.issuer_place),
        {"common_name", [this](const Value& v) { secret_.common_name = reader_.plain_text(v, "common_name"); }},
        {"endpoint", [this](const Value& v) { read_endpoint(v); }},
        {"dns",
         [this](const Value& v) { reader_.one_or_more(v, "dns", [this](const Value& i) { add_dns(i, i.text); }); }},
        {"san", [this](const Value& v) { reader_.one_or_more(v, "san", [this](const Value& i) { read_san(i); }); }},
        {"valid_for", [this](const Value& v) { secret_.valid_seconds = reader_.duration(v, "valid_for"); }},
        {"tenant_id", [this](const Value& v) { token().tenant = reader_.text_template(v, "tenant_id"); }},
        {"client_id", [this](const Value& v) { token().client = reader_.text_template(v, "client_id"); }},
        {"application_secret",
         [this](const Value& v) { token().application_secret = reader_.text_template(v, "application_secret"); }},
        {"certificate_thumbprint",
         [this](const Value& v) {
           token().certificate_thumbprint = reader_.text_template(v, "certificate_thumbprint");
         }},
        {"signer",
         [this](const Value& v) {
           jwt().signer = {reader_.name(v, "signer"), v.place};
         }},
        {"alg",
         [this](const Value& v) {
           jwt().algorithm = reader_.text(v, "alg");
           if (jwt().algorithm != "ES384") reader_.refuse(v.place, "alg must be ES384");
         }},
        {"validity",
         [this](const Value& v) {
           reader_.mapping(v, Section::jwt_validity,
                           {{"for", [this](const Value& d) { jwt().seconds = reader_.duration(d, "for"); }}});
           require_key(reader_, v, "for", "validity");
         }},
        {"payload", [this](const Value& v) { read_payload(v); }},
    };
  }
  DirectoryToken& token() { return secret_.token ? *secret_.token : secret_.token.emplace(); }
  JsonWebToken& jwt() { return secret_.jwt ? *secret_.jwt : secret_.jwt.emplace(); }

  void read_value(const Value& value) {
    if (secret_.kind == Kind::config_fragment) {
      secret_.fragment = value;
      return;
    }
    if (value.kind == Value::Kind::null) {
      reader_.warn(value.place, called() + " has an empty value, so it is generated", "write \"\" for an empty text");
      return;
    }
    secret_.value = SecretText(reader_.text(value, "value"));
    if (value.kind != Value::Kind::scalar) return;
    if (secret_.kind == Kind::binary && !from_hex(value.text).ok())
      reader_.refuse(value.place, "value of a binary secret must be hexadecimal digits, two for each byte");
    if (secret_.kind == Kind::private_key)
      reader_.pem(value, "value", {"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"});
    if (secret_.kind == Kind::public_key) reader_.pem(value, "value", {"PUBLIC KEY"});
    if (secret_.kind == Kind::x509 || secret_.kind == Kind::x509_ca) reader_.pem(value, "value", {"CERTIFICATE"});
  }
  void read_key_type(const Value& value) {
    const Feature* const feature = reader_.choice(value, Section::key_type);
    for (int i = 0; feature != nullptr && i <= static_cast<int>(KeyType::rsa3072); ++i)
      if (text_of(static_cast<KeyType>(i)) == feature->name) secret_.key_type = static_cast<KeyType>(i);
  }
  void read_endpoint(const Value& value) {
    const std::string endpoint = reader_.text(value, "endpoint");
    if (value.kind == Value::Kind::scalar && endpoint != "server" && endpoint != "client")
      reader_.refuse(value.place, "endpoint must be server or client", "leave it out for both");
    secret_.endpoint = endpoint == "client" ? Endpoint::client : Endpoint::server;
  }

  void add_dns(const Value& value, std::string_view name) {
    reader_.text(value, "a DNS name");
    std::string_view rest = name.starts_with("*.") ? name.substr(2) : name;
    bool good = !rest.empty() && rest.size() <= 253;
    while (good && !rest.empty()) {
      const std::string_view label = rest.substr(0, rest.find('.'));
      good = is_name(label, 63) && label.find('~') == std::string_view::npos && label.front() != '-' &&
             label.back() != '-';
      rest.remove_prefix(std::min(label.size() + 1, rest.size()));
    }
    if (value.kind == Value::Kind::scalar && !good)
      reader_.refuse(value.place, "not a DNS name", "letters, digits and - between dots; the first label may be *");
    secret_.names.push_back({false, std::string(name)});
  }
  void read_san(const Value& value) {
    const std::string written = reader_.text(value, "an alternative name");
    if (written.starts_with("dns:")) return add_dns(value, std::string_view(written).substr(4));
    unsigned char address[sizeof(in6_addr)];
    if (written.starts_with("ip:") && (inet_pton(AF_INET, written.c_str() + 3, address) == 1 ||
                                       inet_pton(AF_INET6, written.c_str() + 3, address) == 1)) {
      secret_.names.push_back({true, written.substr(3)});
      return;
    }
    if (value.kind == Value::Kind::scalar)
      reader_.refuse(value.place, "not an alternative name", "write dns:NAME or ip:ADDRESS");
  }

  void read_vault(const Value& value) {
    VaultImport vault;
    vault.name = secret_.name;
    const auto reference = [&](const char* name, std::optional<Template>* to) {
      return Reader::Key{name, [this, name, to](const Value& v) {
                           if (!reader_.is_variable(v))
                             reader_.refuse(v.place, std::string(name) + " must be a placeholder", "$$SCONE::name$$");
                           *to = reader_.text_template(v, name);
                         }};
    };
    reader_.mapping(value, Section::import_akv,
                    {{"vault", [&](const Value& v) { vault.vault = reader_.text(v, "vault"); }},
                     {"secret_name", [&](const Value& v) { vault.name = reader_.text(v, "secret_name"); }},
                     reference("token", &vault.token),
                     reference("decryption_key", &vault.decryption_key)});
    require_key(reader_, value, "vault", "an import from a key vault");
    secret_.vault = std::move(vault);
  }

  void read_payload(const Value& value) {
    if (value.kind != Value::Kind::mapping)
      return reader_.refuse(value.place, "payload must be a mapping", "claim: text");
    for (std::size_t i = 0; i < value.keys.size(); ++i) {
      const std::string& claim = value.keys[i];
      if (claim == "iat" || claim == "nbf" || claim == "exp")
        reader_.refuse(value.key_places[i], "claim " + claim + " is set by the service", "use validity");
      const Value& content = value.items[i];
      Template text{reader_.text(content, "a claim"), content.place};
      if (text.text != "$$SCONE::self::software_identity$$") {
        if (has_placeholder(text.text) && !is_placeholder(text.text))
          reader_.refuse(content.place, "a placeholder inside of a longer claim", "it must be the whole of it");
        reader_.check_later(text, HostArguments::none);
      }
      jwt().payload.emplace_back(claim, std::move(text));
    }
  }

  std::string default_common_name() const {
    const auto dns =
        std::find_if(secret_.names.begin(), secret_.names.end(), [](const auto& n) { return !n.is_address; });
    return dns == secret_.names.end() ? secret_.name : dns->text;
  }

  void check_keys() {
    if (secret_.kind == Kind::unknown) return;  // the exporting session decides
    for (const Belongs& belongs : kBelongs) {
      const Value* const found = find_key(value_, belongs.key);
      if (found == nullptr ||
          std::find(belongs.kinds.begin(), belongs.kinds.end(), secret_.kind) != belongs.kinds.end())
        continue;
      std::string kinds;
      for (const Kind kind : belongs.kinds) kinds.append(kinds.empty() ? "" : ", ").append(text_of(kind));
      reader_.refuse(found->place, std::string(belongs.key) + " is not for kind " + std::string(text_of(secret_.kind)),
                     "it is for " + kinds);
    }
  }

  // Where the secret comes from: exactly one source.
  void check_sources() {
    const bool imported = secret_.import || secret_.vault;
    if (secret_.import && secret_.vault)
      reader_.refuse(value_.place, called() + " has import and import_akv", "keep one");
    if (has_value() && imported) reader_.refuse(value_.place, called() + " has a value and an import", "keep one");
    if (has_value() && has("size")) reader_.warn(find_key(value_, "size")->place, "size beside a value means nothing");
    if (secret_.endpoint == Endpoint::client && has("dns"))
      reader_.refuse(find_key(value_, "dns")->place, "dns together with endpoint: client", "clients have no DNS name");
    if (imported || has_value()) {
      if (secret_.kind == Kind::public_key && has_value() && has("private_key"))
        reader_.refuse(value_.place, called() + " has a value and a private_key", "keep one");
      return;
    }
    const bool certificate = secret_.kind == Kind::x509 || secret_.kind == Kind::x509_ca;
    if (!has("private_key") && ((certificate && !reader_.is_old()) || secret_.kind == Kind::public_key))
      reader_.refuse(value_.place, called() + " has neither private_key nor value",
                     "private_key: NAME of a private-key");
    if (secret_.kind == Kind::config_fragment && !has("value"))
      reader_.refuse(value_.place, called() + " has no value", "a config-fragment cannot be generated");
    if (secret_.kind == Kind::jwt)
      for (const char* key : {"signer", "alg", "validity"}) require_key(reader_, value_, key, called());
    if (secret_.kind == Kind::aad_token) {
      for (const char* key : {"tenant_id", "client_id"}) require_key(reader_, value_, key, called());
      if (has("application_secret") == has("private_key") || has("private_key") != has("certificate_thumbprint"))
        reader_.refuse(value_.place,
                       called() + " needs either application_secret, or private_key and certificate_thumbprint");
    }
  }

  Reader& reader_;
  const Value& value_;
  Secret secret_;
};
}  // namespace

void read_secrets(Reader& reader, const Value& value) {
  reader.sequence(value, "secrets", [&](const Value& item) { SecretReader(reader, item).read(); });
  check_unique(reader, reader.session().secrets, "secret");
}

void read_secret_store(Reader& reader, const Value& value) {
  SecretStore store;
  const auto read_vault = [&](const Value& v) {
    reader.mapping(v, Section::secret_store,
                   {{"vault", [&](const Value& name) { store.vault_name = reader.text(name, "vault"); }},
                    {"token", [&](const Value& name) { store.token = reader.text_template(name, "token"); }}});
    require_key(reader, v, "vault", "!akv");
  };
  reader.mapping(value, Section::secret_store,
                 {{"store_in", [&](const Value& v) {
                     store.vault = v.tag == "!akv";
                     if (store.vault)
                       read_vault(v);
                     else if (v.tag != "!cas" || !v.text.empty() || !v.items.empty())
                       reader.refuse(v.place, "store_in must be !cas, or !akv with vault and token");
                   }}});
  require_key(reader, value, "store_in", "secret_config");
  reader.session().secret_store = std::move(store);
}
}  // namespace cloister::session
