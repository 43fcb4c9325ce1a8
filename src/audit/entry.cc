// SPDX-License-Identifier: Apache-2.0
#include "src/audit/entry.h"

namespace cloister::audit {
namespace {

constexpr std::uint8_t kFormat = 1;

constexpr const char* kKindNames[] = {"",
                                      "log_started",
                                      "cas_started",
                                      "cas_stopped",
                                      "session_created",
                                      "session_read",
                                      "session_updated",
                                      "session_listed",
                                      "request_refused",
                                      "attestation_granted",
                                      "attestation_refused",
                                      "service_exited",
                                      "clock_reset",
                                      "upgrade_authorised",
                                      "upgrade_withdrawn",
                                      "handed_over",
                                      "taken_over",
                                      "sealed_anew",
                                      "key_confirmed"};
static_assert(std::size(kKindNames) == static_cast<std::size_t>(kLastKind) + 1);
constexpr const char* kActorNames[] = {"cas", "certificate", "enclave", "unknown"};

// Not FieldReader::text: a subject or a reason is what a stranger sent, NUL included.
Result<std::string> any_bytes(FieldReader& reader, std::size_t limit, const char* error) {
  const Bytes bytes = TRY(reader.bytes(limit, error));
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

const char* name(Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }
const char* name(Actor::Kind kind) { return kActorNames[static_cast<std::size_t>(kind)]; }

Result<void> check_entry(const Entry& entry) {
  if (entry.subject.size() > kSubjectLimit) return Error(Errc::invalid, "an audit entry's subject is too long");
  if (entry.reference.size() > kReferenceLimit) return Error(Errc::invalid, "an audit entry's reference is too long");
  if (entry.text.size() > kTextLimit) return Error(Errc::invalid, "an audit entry's text is too long");
  return {};
}

std::vector<std::uint8_t> encode_entry(const Entry& entry) {
  return FieldWriter<std::vector<std::uint8_t>>()
      .number(kFormat)
      .number(static_cast<std::uint8_t>(entry.kind))
      .number(entry.sequence)
      .number(entry.time)
      .number(static_cast<std::uint8_t>(entry.actor.kind))
      .fixed(entry.actor.identity)
      .text(entry.subject)
      .fixed(entry.subject_hash)
      .text(entry.reference)
      .number(entry.code)
      .number(entry.value)
      .text(entry.text)
      .fixed(entry.state)
      .take();
}

Result<Entry> decode_entry(Bytes bytes) {
  FieldReader reader(bytes);
  constexpr char kShort[] = "an audit entry is not whole";
  Entry entry;
  if (TRY(reader.number<std::uint8_t>(kShort)) != kFormat)
    return Error(Errc::unsupported, "an audit entry has an unknown format");
  const auto kind = TRY(reader.number<std::uint8_t>(kShort));
  if (kind == 0 || kind > static_cast<std::uint8_t>(kLastKind))
    return Error(Errc::unsupported, "an audit entry has an unknown kind");
  entry.kind = static_cast<Kind>(kind);
  entry.sequence = TRY(reader.number<std::uint64_t>(kShort));
  entry.time = TRY(reader.number<std::uint64_t>(kShort));
  const auto actor = TRY(reader.number<std::uint8_t>(kShort));
  if (actor >= std::size(kActorNames)) return Error(Errc::unsupported, "an audit entry has an unknown kind of actor");
  entry.actor.kind = static_cast<Actor::Kind>(actor);
  entry.actor.identity = TRY(reader.fixed<32>(kShort));
  entry.subject = TRY(any_bytes(reader, kSubjectLimit, "an audit entry's subject is malformed"));
  entry.subject_hash = TRY(reader.fixed<32>(kShort));
  entry.reference = TRY(any_bytes(reader, kReferenceLimit, "an audit entry's reference is malformed"));
  entry.code = TRY(reader.number<std::uint32_t>(kShort));
  entry.value = TRY(reader.number<std::uint32_t>(kShort));
  entry.text = TRY(any_bytes(reader, kTextLimit, "an audit entry's text is malformed"));
  entry.state = TRY(reader.fixed<32>(kShort));
  TRY(reader.end("an audit entry has more bytes than its fields"));
  return entry;
}

}  // namespace cloister::audit
