// SPDX-License-Identifier: Apache-2.0
#include "src/audit/export.h"
#include <nlohmann/json.hpp>
#include "src/base/hex.h"

namespace cloister::audit {
namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string export_header(const PublicKeyBytes& key, const Position& before_first) {
  Json json;
  json["cloister_audit"] = 1;
  json["audit_key"] = to_hex(key);
  json["first"] = before_first.sequence + 1;
  json["previous"] = to_hex(before_first.hash);
  return line_of(json);
}

std::string export_line(Bytes entry_bytes, const Entry& entry) {
  Json json;
  json["sequence"] = entry.sequence;
  json["time"] = entry.time;
  json["kind"] = name(entry.kind);
  json["actor"] = name(entry.actor.kind);
  if (entry.actor.identity != Digest{}) json["identity"] = to_hex(entry.actor.identity);
  if (!entry.subject.empty()) json["subject"] = entry.subject;
  if (entry.subject_hash != Digest{}) json["subject_hash"] = to_hex(entry.subject_hash);
  if (!entry.reference.empty()) json["reference"] = entry.reference;
  if (entry.code != 0 || entry.kind == Kind::service_exited) json["code"] = entry.code;
  if (entry.value != 0 || entry.kind == Kind::service_exited) json["value"] = entry.value;
  if (!entry.text.empty()) json["text"] = entry.text;
  json["entry"] = to_hex(entry_bytes);
  return line_of(json);
}

std::string export_head(const Head& head) {
  Json json;
  json["head"]["sequence"] = head.at.sequence;
  json["head"]["hash"] = to_hex(head.at.hash);
  json["head"]["signature"] = to_hex(head.signature);
  return line_of(json);
}

}  // namespace cloister::audit
