// SPDX-License-Identifier: Apache-2.0
#include "src/release/messages.h"
#include <algorithm>
#include "src/base/fields.h"
#include "src/base/public_key_info.h"

namespace cloister::release {
namespace {
using Writer = FieldWriter<std::vector<std::uint8_t>>;

static_assert(sizeof kP256KeyPrefix + 64 == kP256KeySize && sizeof kEd25519KeyPrefix + 32 == kEd25519KeySize);

bool has_form(Bytes key, std::size_t size, Bytes prefix) {
  return key.size() == size && std::equal(prefix.begin(), prefix.end(), key.begin());
}

Writer start(MessageType type) {
  Writer writer;
  writer.number(static_cast<std::uint8_t>(type));
  return writer;
}
Result<void> expect_type(FieldReader& reader, MessageType type, const char* error) {
  if (TRY(reader.number<std::uint8_t>(error)) != static_cast<std::uint8_t>(type)) return Error(Errc::invalid, error);
  return {};
}
Result<void> expect_version(FieldReader& reader, const char* error) {
  if (TRY(reader.number<std::uint16_t>(error)) != kProtocolVersion) return Error(Errc::unsupported, error);
  return {};
}

void write_audit(Writer& writer, const AuditHead& audit) { writer.number(audit.sequence).fixed(audit.head); }

bool is_reference(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}
}  // namespace

std::vector<std::uint8_t> encode(const Hello& message) {
  return start(MessageType::hello)
      .number(kProtocolVersion)
      .text(message.config_id)
      .fixed(message.client_nonce)
      .number(message.formats)
      .bytes(message.enclave_key)
      .take();
}

Result<Hello> decode_hello(Bytes bytes) {
  FieldReader reader(bytes);
  TRY(expect_type(reader, MessageType::hello, "HELLO: another type"));
  TRY(expect_version(reader, "HELLO: version is not 1"));
  Hello message;
  message.config_id = TRY(reader.text(kConfigIdLimit, "HELLO: config_id is cut off, too long or has a NUL"));
  if (message.config_id.empty()) return Error(Errc::invalid, "HELLO: config_id is empty");
  message.client_nonce = TRY(reader.fixed<32>("HELLO: client_nonce is cut off"));
  message.formats = TRY(reader.number<std::uint32_t>("HELLO: formats is cut off"));
  const Bytes key = TRY(reader.bytes(kP256KeySize, "HELLO: enclave_key is cut off or too long"));
  if (!has_form(key, kP256KeySize, kP256KeyPrefix)) return Error(Errc::invalid, "HELLO: enclave_key is no P-256 key");
  message.enclave_key.assign(key.begin(), key.end());
  TRY(reader.end("HELLO: bytes after enclave_key"));
  return message;
}

std::vector<std::uint8_t> encode(const Challenge& message) {
  Writer writer = start(MessageType::challenge);
  writer.number(kProtocolVersion).fixed(message.cas_nonce).number(message.format).number(message.time);
  write_audit(writer, message.audit);
  return writer.bytes(message.audit_key).fixed(message.audit.signature).take();
}

Result<Challenge> decode_challenge(Bytes bytes) {
  FieldReader reader(bytes);
  TRY(expect_type(reader, MessageType::challenge, "CHALLENGE: another type"));
  TRY(expect_version(reader, "CHALLENGE: version is not 1"));
  Challenge message;
  message.cas_nonce = TRY(reader.fixed<32>("CHALLENGE: cas_nonce is cut off"));
  message.format = TRY(reader.number<std::uint32_t>("CHALLENGE: format is cut off"));
  message.time = TRY(reader.number<std::uint64_t>("CHALLENGE: time is cut off"));
  message.audit.sequence = TRY(reader.number<std::uint64_t>("CHALLENGE: audit sequence is cut off"));
  message.audit.head = TRY(reader.fixed<32>("CHALLENGE: audit head is cut off"));
  const Bytes key = TRY(reader.bytes(kEd25519KeySize, "CHALLENGE: audit_key is cut off or too long"));
  if (!has_form(key, kEd25519KeySize, kEd25519KeyPrefix))
    return Error(Errc::invalid, "CHALLENGE: audit_key is no Ed25519 key");
  message.audit_key.assign(key.begin(), key.end());
  message.audit.signature = TRY(reader.fixed<64>("CHALLENGE: audit signature is cut off"));
  TRY(reader.end("CHALLENGE: bytes after audit signature"));
  return message;
}

std::vector<std::uint8_t> encode(const Evidence& message) {
  return start(MessageType::evidence).bytes(message.quote).take();
}

Result<Evidence> decode_evidence(Bytes bytes) {
  FieldReader reader(bytes);
  TRY(expect_type(reader, MessageType::evidence, "EVIDENCE: another type"));
  const Bytes quote = TRY(reader.bytes(kFrameLimit, "EVIDENCE: quote is cut off or too long"));
  TRY(reader.end("EVIDENCE: bytes after quote"));
  return Evidence{{quote.begin(), quote.end()}};
}

std::vector<std::uint8_t> encode(const Deny& message) {
  return start(MessageType::deny).number(static_cast<std::uint32_t>(message.code)).text(message.reference).take();
}

Result<Deny> decode_deny(Bytes bytes) {
  FieldReader reader(bytes);
  TRY(expect_type(reader, MessageType::deny, "DENY: another type"));
  const auto code = TRY(reader.number<std::uint32_t>("DENY: code is cut off"));
  if (code < 1 || code > 3) return Error(Errc::invalid, "DENY: code is not 1 to 3");
  const auto reference = TRY(reader.text(kReferenceLimit, "DENY: reference is cut off or too long"));
  if (!is_reference(reference)) return Error(Errc::invalid, "DENY: reference is not letters, digits and '-'");
  TRY(reader.end("DENY: bytes after reference"));
  return Deny{static_cast<Deny::Code>(code), std::string(reference)};
}

std::vector<std::uint8_t> encode(const Exit& message) {
  return start(MessageType::exit)
      .number(static_cast<std::uint32_t>(message.kind))
      .number(message.value)
      .text(message.reason)
      .take();
}

Result<Exit> decode_exit(Bytes bytes) {
  FieldReader reader(bytes);
  TRY(expect_type(reader, MessageType::exit, "EXIT: another type"));
  const auto kind = TRY(reader.number<std::uint32_t>("EXIT: kind is cut off"));
  if (kind > 2) return Error(Errc::invalid, "EXIT: kind is not 0 to 2");
  const auto value = TRY(reader.number<std::uint32_t>("EXIT: value is cut off"));
  const auto reason = TRY(reader.text(kReasonLimit, "EXIT: reason is cut off, too long or has a NUL"));
  TRY(reader.end("EXIT: bytes after reason"));
  return Exit{static_cast<Exit::Kind>(kind), value, std::string(reason)};
}

std::vector<std::uint8_t> encode(const Noted& message) {
  Writer writer = start(MessageType::noted);
  write_audit(writer, message.audit);
  return writer.fixed(message.audit.signature).take();
}

Result<Noted> decode_noted(Bytes bytes) {
  FieldReader reader(bytes);
  TRY(expect_type(reader, MessageType::noted, "NOTED: another type"));
  Noted message;
  message.audit.sequence = TRY(reader.number<std::uint64_t>("NOTED: audit sequence is cut off"));
  message.audit.head = TRY(reader.fixed<32>("NOTED: audit head is cut off"));
  message.audit.signature = TRY(reader.fixed<64>("NOTED: audit signature is cut off"));
  TRY(reader.end("NOTED: bytes after audit signature"));
  return message;
}

std::array<std::uint8_t, kFrameSizeSize> frame_size(std::size_t message_size) {
  std::array<std::uint8_t, kFrameSizeSize> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(message_size >> (8 * i));
  return bytes;
}

Result<std::uint32_t> decode_frame_size(std::span<const std::uint8_t, kFrameSizeSize> bytes, std::size_t limit) {
  FieldReader reader(bytes);
  const auto size = TRY(reader.number<std::uint32_t>("frame: size is cut off"));
  if (size == 0) return Error(Errc::invalid, "frame: empty");
  if (size > limit) return Error(Errc::invalid, "frame: larger than allowed here");
  return size;
}

Result<MessageType> message_type(Bytes message) {
  FieldReader reader(message);
  const auto type = TRY(reader.number<std::uint8_t>("frame: empty"));
  if (type < static_cast<std::uint8_t>(MessageType::hello) || type > static_cast<std::uint8_t>(MessageType::noted))
    return Error(Errc::invalid, "frame: a message type that there is not");
  return static_cast<MessageType>(type);
}

}  // namespace cloister::release
