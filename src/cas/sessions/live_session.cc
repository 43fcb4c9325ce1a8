// SPDX-License-Identifier: Apache-2.0
#include "src/cas/sessions/live_session.h"
#include "src/base/fields.h"
#include "src/base/hex.h"
#include "src/session/read_session.h"

namespace cloister::cas {
namespace {
constexpr std::uint8_t kEncoding = 1;
constexpr char kMalformed[] = "a stored session is malformed";
}  // namespace

SecretBytes encode(const StoredSession& stored) {
  FieldWriter<SecretBytes> writer;
  writer.number(kEncoding).fixed(stored.hash).fixed(stored.creator.key_hash).fixed(stored.creator.certificate_hash);
  writer.number(stored.created).number(stored.written).bytes(stored.text).bytes(stored.secrets);
  return writer.take();
}

Result<StoredSession> decode_stored_session(Bytes bytes) {
  FieldReader reader(bytes);
  if (TRY(reader.number<std::uint8_t>(kMalformed)) != kEncoding) return Error(Errc::unsupported, kMalformed);
  StoredSession stored;
  stored.hash = TRY(reader.fixed<32>(kMalformed));
  stored.creator.key_hash = TRY(reader.fixed<32>(kMalformed));
  stored.creator.certificate_hash = TRY(reader.fixed<32>(kMalformed));
  stored.created = TRY(reader.number<std::uint64_t>(kMalformed));
  stored.written = TRY(reader.number<std::uint64_t>(kMalformed));
  const Bytes text = TRY(reader.bytes(kContentLimit, kMalformed));
  const Bytes secrets = TRY(reader.bytes(kContentLimit, kMalformed));
  TRY(reader.end(kMalformed));
  stored.text.assign(text.begin(), text.end());
  stored.secrets.assign(secrets.begin(), secrets.end());
  return stored;
}

std::string session_record(std::string_view name) { return kSessionRecords + std::string(name); }

std::string history_record(std::string_view name, const session::Hash& hash) {
  return "session-history/" + std::string(name) + '#' + to_hex(hash);
}

Result<std::shared_ptr<const LiveSession>> read_live_session(const Record& record) {
  auto live = std::make_shared<LiveSession>();
  live->stored = TRY(decode_stored_session(record.content));
  live->version = record.version;
  session::Report report;
  auto session = session::read_session(text_of(live->stored.text), &report);
  if (!session) return Error(Errc::mismatch, "a stored session no longer reads as one");
  live->session = std::move(*session);
  live->materials = TRY(decode_materials(live->stored.secrets));
  live->stored.secrets = {};
  for (session::Secret& secret : live->session.secrets) {
    const auto material = live->materials.find(secret.name);
    if (material == live->materials.end()) return Error(Errc::mismatch, "a stored session lacks a secret's value");
    if (secret.kind == session::Kind::unknown) secret.kind = material->second.kind;
  }
  return std::shared_ptr<const LiveSession>(std::move(live));
}

}  // namespace cloister::cas
