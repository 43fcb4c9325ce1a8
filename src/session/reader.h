// SPDX-License-Identifier: Apache-2.0
// What the readers of the parts of a session share: complaints with places, the language's table, typed values.
// Internal.
#pragma once
#include <functional>
#include <string>
#include <vector>
#include "src/session/read_session.h"
#include "src/session/template.h"

namespace cloister::session {
using yaml::Value;

class Reader {
 public:
  Reader(std::string_view source, Session* session, Report* report);
  Session& session() { return *session_; }
  Version version() const { return session_->version; }
  bool is_old() const { return version() < Version::v0_3; }  // 0.1 and 0.2

  void refuse(const Place& place, std::string what, std::string hint = {});
  void warn(const Place& place, std::string what, std::string hint = {});
  bool failed() const { return !report_->problems.empty(); }

  // The session uses a feature: noted, and refused when its version does not have it.
  void use(Section section, std::string_view name, const Place& place);
  void use(const Feature& feature, const Place& place);
  // Refuses what came later than the session's version.
  void need(Version since, Version until, const std::string& what, const Place& place);

  struct Key {
    const char* name;  // a feature of the section
    std::function<void(const Value&)> read;
  };
  // Every key must be one of `keys`; a near miss is suggested. False when the value is no mapping.
  bool mapping(const Value& value, Section section, const std::vector<Key>& keys);
  void sequence(const Value& value, const std::string& what, const std::function<void(const Value&)>& item);
  // One value stands for a list of one.
  void one_or_more(const Value& value, const std::string& what, const std::function<void(const Value&)>& item);
  // One of a section's values by name; nullptr after a complaint.
  const Feature* choice(const Value& value, Section section);

  // Scalars; a number counts as the text that was written.
  std::string text(const Value& value, const std::string& what);
  // Where placeholders are not filled; one that stands there is probably not meant.
  std::string plain_text(const Value& value, const std::string& what);
  void warn_of_placeholder(std::string_view text, const std::string& what, const Place& place);
  std::string name(const Value& value, const std::string& what);
  std::string absolute_path(const Value& value, const std::string& what);
  bool boolean(const Value& value, const std::string& what);
  std::uint64_t number(const Value& value, const std::string& what, std::uint64_t low, std::uint64_t high);
  std::uint64_t duration(const Value& value, const std::string& what);  // seconds
  Hash hash(const Value& value, const std::string& what);
  // `size` bytes in hexadecimal digits, or a placeholder.
  Template hexadecimal(const Value& value, const std::string& what, std::size_t size,
                       const char* feature = "a value from a secret");
  Setting<Hash> hash_setting(const Value& value, const std::string& what);
  Setting<std::uint16_t> number_setting(const Value& value, const std::string& what);
  // PEM with one block at least, each labelled as one of `labels`; its text.
  std::string pem(const Value& value, const std::string& what, const std::vector<std::string_view>& labels);
  bool is_key_hash(std::string_view text) const;  // hexadecimal or in Base58

  // A text with placeholders in it; checked once all secrets are known.
  Template text_template(const Value& value, const std::string& what, HostArguments host = HostArguments::none);
  void check_later(const Template& text, HostArguments host);
  // A value that is one placeholder, which may name a fragment. `feature` of substitution says what it stands for.
  bool is_variable(const Value& value) const;
  Template variable(const Value& value, const char* feature = "a value from a secret");
  Template section_variable(const Value& value) { return variable(value, "a section from a fragment"); }
  Template credential_variable(const Value& value);

  // Where `needle` stands for the n-th time (from 0) at or behind `from`; `from` itself if it does not.
  Place locate(const Place& from, std::string_view needle, std::size_t n) const;
  // References among the parts of the session; to call when all of it was read.
  void check_templates();
  void finish();  // sorts what was found

 private:
  struct Pending {
    Template text;
    HostArguments host;
    bool may_be_fragment;
  };
  void check_template(const Pending& pending);
  void check_reference(const Piece& piece, const Place& place, bool may_be_fragment);

  std::string_view source_;
  std::vector<std::size_t> lines_;  // offsets
  Session* session_;
  Report* report_;
  std::vector<Pending> pending_;
  std::size_t placeholders_ = 0;
};

// Whether a mapping has a key; nullptr if not.
const Value* find_key(const Value& mapping, std::string_view key);
// Complains when a mapping lacks a key.
void require_key(Reader& reader, const Value& mapping, std::string_view key, const std::string& what);
// Two entries of a list may not have one name.
template <typename T>
void check_unique(Reader& reader, const std::vector<T>& list, const char* what) {
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (!list[i].name.empty() && list[i].name == list[j].name) {
        reader.refuse(list[i].place, std::string("a second ") + what + " " + list[i].name,
                      "the first is in line " + std::to_string(list[j].place.line));
        break;
      }
}

// The parts.
void read_services(Reader& reader, const Value& value);
void read_images(Reader& reader, const Value& value);
void read_volumes(Reader& reader, const Value& value);
void read_secrets(Reader& reader, const Value& value);
void read_access_policy(Reader& reader, const Value& value);
void read_security(Reader& reader, const Value& value);
void read_secret_store(Reader& reader, const Value& value);
std::vector<AttestationVariant> read_attestation(Reader& reader, const Value& value);
Template read_one_time_password(Reader& reader, const Value& value);
enum class Shared { secret_import, secret_export, volume_import, volume_export };
Import read_import(Reader& reader, const Value& value, Shared what, const std::string& own_name);
std::vector<Peer> read_exports(Reader& reader, const Value& value, Shared what);
Peer read_peer(Reader& reader, const Value& value, Shared what);
std::string read_update_policy(Reader& reader, const Value& value);
// What only the whole shows: references between services, images, volumes and secrets.
void check_whole(Reader& reader);
void check_secrets(Reader& reader);
}  // namespace cloister::session
