// SPDX-License-Identifier: Apache-2.0
#include "src/session/read_session.h"
#include <algorithm>
#include "src/base/hex.h"
#include "src/session/names.h"
#include "src/session/pem.h"
#include "src/session/reader.h"
#include "src/yaml/scalars.h"

namespace cloister::session {
namespace {

// The version decides how everything else is read, wherever it stands.
std::optional<Version> version_of(Reader& reader, const Value& document) {
  const Value* const value = find_key(document, "version");
  if (value == nullptr) return Version::v0_1;
  const auto version = value->kind == Value::Kind::scalar ? parse_version(value->text) : std::nullopt;
  if (!version)
    reader.refuse(value->place, "unknown version of the session language", "known are 0.2, 0.3 and 0.3.1 to 0.3.12");
  return version;
}

void read_name(Reader& reader, const Value& value) {
  Session& session = reader.session();
  session.name = reader.text(value, "name");
  if (value.kind != Value::Kind::scalar) return;
  const std::string wrong = problem_of_name(session.name, reader.version());
  if (!wrong.empty()) reader.refuse(value.place, "name " + wrong, "for example my-namespace/my-session");
  if (session.name == "/")
    reader.use(Section::session_name, "/", value.place);
  else if (session.name.find('/') != std::string::npos)
    reader.use(Section::session_name, "a/b", value.place);
  if (session.name.find(':') != std::string::npos) reader.use(Section::session_name, "a:b", value.place);
}

void read_salt(Reader& reader, const Value& value) {
  const auto bytes = from_hex(reader.text(value, "salt"));
  if (!bytes.ok() || bytes.value().size() != 16) {
    if (value.kind == Value::Kind::scalar) reader.refuse(value.place, "salt must have 32 hexadecimal digits");
    return;
  }
  reader.session().salt.emplace();
  std::copy(bytes.value().begin(), bytes.value().end(), reader.session().salt->begin());
}

void read_creator(Reader& reader, const Value& value) {
  Creator creator;
  if (value.kind == Value::Kind::mapping) {
    reader.mapping(value, Section::creator, {{"signer", [&](const Value& v) {
                                                creator.signer = reader.text(v, "signer");
                                                if (!reader.is_key_hash(creator.signer))
                                                  reader.pem(v, "signer", {"PUBLIC KEY"});
                                              }}});
    require_key(reader, value, "signer", "a creator");
  } else {
    creator.certificate = reader.pem(value, "creator", {"CERTIFICATE"});
  }
  reader.session().creator = std::move(creator);
}

void read_predecessor(Reader& reader, const Value& value) {
  if (value.kind != Value::Kind::null) reader.session().predecessor = reader.hash(value, "predecessor");
}

void read_exports_of_0_1(Reader& reader, const Value& value) {
  reader.sequence(value, "exports", [&](const Value& item) {
    reader.mapping(item, Section::exports,
                   {{"namespace",
                     [&](const Value& v) {
                       const std::string what = reader.text(v, "namespace");
                       if (v.kind == Value::Kind::scalar && what != "service" && what != "image")
                         reader.refuse(v.place, "namespace must be service or image");
                     }},
                    {"name", [&](const Value& v) { reader.text(v, "name"); }},
                    {"export", [&](const Value& v) { reader.text(v, "export"); }}});
    for (const char* key : {"namespace", "name", "export"}) require_key(reader, item, key, "an entry of exports");
  });
}

void read_board(Reader& reader, const Value& value) {
  reader.mapping(value, Section::board_policy,
                 {{"minimum", [&](const Value& v) { reader.number(v, "minimum", 0, 1000); }},
                  {"timeout", [&](const Value& v) { reader.number(v, "timeout", 0, 1U << 31); }}});
}

// Lists may be left empty: `secrets:` with nothing below.
std::function<void(const Value&)> unless_empty(Reader& reader, void (*read)(Reader&, const Value&)) {
  return [&reader, read](const Value& value) {
    if (value.kind != Value::Kind::null) read(reader, value);
  };
}

void read_document(Reader& reader, const Value& document) {
  Session& session = reader.session();
  const bool is_mapping = reader.mapping(
      document, Section::top,
      {{"name", [&](const Value& v) { read_name(reader, v); }},
       {"version", [](const Value&) {}},
       {"predecessor", [&](const Value& v) { read_predecessor(reader, v); }},
       {"namespace_hash", [&](const Value& v) { session.namespace_hash = reader.hash(v, "namespace_hash"); }},
       {"salt", [&](const Value& v) { read_salt(reader, v); }},
       {"creator", [&](const Value& v) { read_creator(reader, v); }},
       {"services", unless_empty(reader, read_services)},
       {"images", unless_empty(reader, read_images)},
       {"volumes", unless_empty(reader, read_volumes)},
       {"secrets", unless_empty(reader, read_secrets)},
       {"secret_config", [&](const Value& v) { read_secret_store(reader, v); }},
       {"access_policy", [&](const Value& v) { read_access_policy(reader, v); }},
       {"security", unless_empty(reader, read_security)},
       {"digest", [&](const Value& v) { reader.text(v, "digest"); }},
       {"exports", [&](const Value& v) { read_exports_of_0_1(reader, v); }},
       {"board_members",
        [&](const Value& v) {
          reader.sequence(v, "board_members",
                          [&](const Value& item) { reader.pem(item, "a board member", {"CERTIFICATE"}); });
        }},
       {"board_policy", [&](const Value& v) { read_board(reader, v); }}});
  if (!is_mapping) return;
  require_key(reader, document, "name", "a session");
  if (session.predecessor && session.namespace_hash)
    reader.refuse(find_key(document, "namespace_hash")->place, "namespace_hash and predecessor together",
                  "namespace_hash belongs to a new session");
}

// Peers may be named relative to this session, so its name is read first.
std::string name_of(const Value& document) {
  const Value* const name = find_key(document, "name");
  return name != nullptr ? name->text : std::string();
}

void refuse_tags(Reader& reader, const Value& value, bool allowed) {
  if (!value.tag.empty() && !allowed) reader.refuse(value.place, "tag " + value.tag, "remove it");
  for (std::size_t i = 0; i < value.items.size(); ++i)
    refuse_tags(reader, value.items[i], i < value.keys.size() && value.keys[i] == "store_in");
}

// A reader compares many of them with many others, and reads for strangers, too.
constexpr std::size_t kMostValues = 16384;
}  // namespace

std::optional<Session> read_session(std::string_view text, Report* report) {
  Session session;
  yaml::Problem malformed;
  const auto document = yaml::parse(text, &malformed, kAllowedTags, kMostValues);
  if (!document.ok()) {
    report->problems.push_back(std::move(malformed));
    return std::nullopt;
  }
  Reader reader(text, &session, report);
  const auto version = version_of(reader, document.value());
  if (!version) return std::nullopt;
  session.version = *version;
  session.name = name_of(document.value());
  refuse_tags(reader, document.value(), false);
  read_document(reader, document.value());
  check_whole(reader);
  check_secrets(reader);
  reader.check_templates();
  reader.finish();
  if (reader.failed()) return std::nullopt;
  return session;
}
}  // namespace cloister::session
