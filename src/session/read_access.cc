// SPDX-License-Identifier: Apache-2.0
// access_policy: who may read and change the session.
#include <charconv>
#include "src/base/hex.h"
#include "src/session/reader.h"

namespace cloister::session {
namespace {
constexpr std::string_view kAtLeast = "require-at-least-";

class RuleReader {
 public:
  RuleReader(Reader& reader, const char* operation)
      : reader_(reader),
        operation_(operation),
        boards_(operation == std::string_view("update") || operation == std::string_view("create_sessions")) {}

  Rule read(const Value& value) {
    Rule rule;
    rule.is_default = false;
    rule.place = value.place;
    reader_.one_or_more(value, operation_, [&](const Value& item) { rule.any_of.push_back(credential(item)); });
    if (value.kind == Value::Kind::sequence && value.items.empty())
      reader_.refuse(value.place, std::string(operation_) + " is empty", "write NONE for nobody");
    for (const Credential& one : rule.any_of)
      if ((one.kind == Credential::Kind::any || one.kind == Credential::Kind::none) && rule.any_of.size() > 1)
        reader_.refuse(one.place,
                       std::string(one.kind == Credential::Kind::any ? "ANY" : "NONE") + " beside other credentials",
                       "it must stand alone");
    return rule;
  }

 private:
  Credential credential(const Value& value) {
    Credential result;
    result.place = value.place;
    if (value.kind == Value::Kind::mapping)
      read_board(value, &result);
    else if (value.kind == Value::Kind::scalar)
      read_scalar(value, &result);
    else
      reader_.refuse(value.place,
                     value.kind == Value::Kind::null ? "an empty credential" : "a list inside of a list of credentials",
                     "known are CREATOR, ANY, NONE, certificates, key hashes, signer and boards");
    return result;
  }

  void read_scalar(const Value& value, Credential* to) {
    using Kind = Credential::Kind;
    const std::string& text = value.text;
    const auto take = [&](Kind kind, const char* feature) {
      to->kind = kind;
      reader_.use(Section::credential, feature, value.place);
    };
    if (text == "CREATOR") return take(Kind::creator, "CREATOR");
    if (text == "ANY") return take(Kind::any, "ANY");
    if (text == "NONE") return take(Kind::none, "NONE");
    if (text.starts_with("$$SCONE::")) return read_placeholder(value, to);
    to->text = text;
    if (text.starts_with("-----BEGIN ")) {
      reader_.pem(value, "a credential", {"CERTIFICATE"});
      return take(Kind::certificate, "certificate");
    }
    if (read_hex(text, to->hash)) {
      to->text.clear();
      return reader_.is_old() ? take(Kind::certificate_hash, "certificate hash") : take(Kind::key_hash, "key hash");
    }
    if (reader_.is_key_hash(text)) return take(Kind::foreign_key_hash, "key hash in Base58");
    reader_.refuse(value.place, "not a credential",
                   text.find('$') != std::string::npos
                       ? "is a variable left? fill it with --set NAME=VALUE"
                       : "known are CREATOR, ANY, NONE, certificates, key hashes, signer and boards");
  }

  // Published sessions end a placeholder in this place with the text; it cannot mean anything else.
  void read_placeholder(const Value& value, Credential* to) {
    Value whole = value;
    if (value.text.find("$$", 9) == std::string::npos) {
      whole.text += "$$";
      reader_.warn(value.place, "a placeholder without its end", "write " + whole.text.substr(0, 80));
    }
    to->kind = Credential::Kind::variable;
    reader_.use(Section::credential, "placeholder", value.place);
    if (!reader_.is_variable(whole))
      reader_.refuse(value.place, "a credential must be one placeholder and nothing else", "$$SCONE::name$$");
    to->text = reader_.credential_variable(whole).text;
  }

  void read_board(const Value& value, Credential* to) {
    if (value.keys.size() != 1)
      return reader_.refuse(value.place, "a credential has one key", "signer, require-all or require-at-least-N");
    const std::string& key = value.keys[0];
    const Value& content = value.items[0];
    const bool at_least = key.starts_with(kAtLeast);
    if (key != "signer" && key != "require-all" && !at_least)
      return reader_.refuse(value.key_places[0], "unknown credential " + key.substr(0, 64),
                            "known are signer, require-all, require-at-least-N");
    reader_.use(Section::credential, at_least ? "require-at-least-N" : key, value.key_places[0]);
    if (!boards_)
      reader_.refuse(value.key_places[0], key.substr(0, 64) + " cannot be asked for " + operation_,
                     "it is for update and create_sessions");
    if (key == "signer") return read_signer(content, to);
    to->kind = Credential::Kind::require;
    reader_.sequence(content, key, [&](const Value& item) { to->of.push_back(credential(item)); });
    to->required = static_cast<std::uint32_t>(to->of.size());
    if (at_least) {
      const char* const end = key.data() + key.size();
      const auto parsed = std::from_chars(key.data() + kAtLeast.size(), end, to->required);
      if (parsed.ec != std::errc{} || parsed.ptr != end || to->required == 0 || to->required > to->of.size())
        reader_.refuse(value.key_places[0], key.substr(0, 64) + " needs a number from 1 to how many it lists",
                       "it lists " + std::to_string(to->of.size()));
    } else if (to->of.empty()) {
      reader_.refuse(value.place, "require-all of nobody", "list credentials");
    }
    for (const Credential& one : to->of)
      if (one.kind == Credential::Kind::any || one.kind == Credential::Kind::none)
        reader_.refuse(one.place, "ANY and NONE cannot be part of a board", "list members");
  }

  void read_signer(const Value& value, Credential* to) {
    to->kind = Credential::Kind::signer;
    to->text = reader_.text(value, "signer");
    if (value.kind != Value::Kind::scalar) return;
    if (reader_.is_variable(value))
      reader_.credential_variable(value);
    else if (!reader_.is_key_hash(to->text))
      reader_.pem(value, "signer", {"PUBLIC KEY"});
  }

  Reader& reader_;
  const char* operation_;
  bool boards_;
};
}  // namespace

void read_access_policy(Reader& reader, const Value& value) {
  AccessPolicy& policy = reader.session().access_policy;
  if (value.kind == Value::Kind::null) return;
  if (reader.is_variable(value)) {
    policy.variable = reader.section_variable(value);
    return;
  }
  const auto rule = [&](const char* name, Rule* to) {
    return Reader::Key{name, [&reader, name, to](const Value& v) { *to = RuleReader(reader, name).read(v); }};
  };
  reader.mapping(value, Section::access,
                 {rule("read", &policy.read), rule("update", &policy.update),
                  rule("create_sessions", &policy.create_sessions), rule("list_sessions", &policy.list_sessions)});
}
}  // namespace cloister::session
