// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/conversation.h"
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <algorithm>
#include <cerrno>
#include "src/base/secret.h"

namespace cloister::configure {
namespace {
Error protocol_error(const char* what) { return Error::from_errno(EPROTO, what); }

// What a decoder says about a message is the peer's fault, like any other deviation.
template <typename T>
Result<T> as_protocol(Result<T> decoded) {
  if (!decoded.ok()) return protocol_error(decoded.error().what());
  return decoded;
}
}  // namespace

Result<void> Conversation::send(std::span<const std::uint8_t> message) {
  const auto size = release::frame_size(message.size());
  std::vector<std::uint8_t> frame(size.begin(), size.end());
  frame.insert(frame.end(), message.begin(), message.end());
  return connection_->write_all(frame);
}

// Size and type first: only GRANT may be long.
Result<SecretBytes> Conversation::receive(std::size_t grant_limit) {
  std::array<std::uint8_t, release::kFrameSizeSize + 1> head;
  TRY(connection_->read_exactly(head));
  const bool is_grant = head.back() == static_cast<std::uint8_t>(release::MessageType::grant);
  const auto size = TRY(as_protocol(release::decode_frame_size(std::span(head).first<release::kFrameSizeSize>(),
                                                               is_grant ? grant_limit : release::kFrameLimit)));
  SecretBytes message(size);
  message[0] = head.back();
  TRY(connection_->read_exactly(std::span(message).subspan(1)));
  return message;
}

Result<std::vector<std::uint8_t>> Conversation::make_enclave_key() {
  enclave_key_.reset(EVP_EC_gen("P-256"));
  std::uint8_t* encoded = nullptr;
  const int size = enclave_key_ == nullptr ? -1 : i2d_PUBKEY(enclave_key_.get(), &encoded);
  if (size <= 0) return protocol_error("no key can be made");
  std::vector<std::uint8_t> key(encoded, encoded + size);
  OPENSSL_free(encoded);
  return key;
}

Result<void> Conversation::check_signature(const release::AuditHead& audit) const {
  const std::uint8_t* encoded = audit_key_.data();
  const Key key(d2i_PUBKEY(nullptr, &encoded, static_cast<long>(audit_key_.size())));
  const DigestContext context(EVP_MD_CTX_new());
  const auto message = release::to_be_signed(audit.sequence, audit.head);
  if (key == nullptr || context == nullptr ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestVerify(context.get(), audit.signature.data(), audit.signature.size(), message.data(), message.size()) !=
          1)
    return protocol_error("the head of the audit log is not signed by the audit key");
  return {};
}

Result<void> Conversation::take_challenge(const release::Challenge& challenge) {
  if (challenge.format != release::kFormatDcap) return protocol_error("CHALLENGE: format was not offered");
  audit_ = challenge.audit;
  audit_key_ = challenge.audit_key;
  return check_signature(audit_);
}

Result<release::ReportData> Conversation::report_data(std::span<const std::uint8_t> hello,
                                                      std::span<const std::uint8_t> challenge_bytes,
                                                      const release::Challenge& challenge,
                                                      std::span<const std::uint8_t> enclave_key) {
  release::EvidenceOfConnection evidence;
  evidence.exported = TRY(connection_->export_key(challenge.cas_nonce));
  evidence.hello = hello;
  evidence.challenge = challenge_bytes;
  evidence.cas_key = connection_->server_key();
  evidence.audit_key = audit_key_;
  evidence.enclave_key = enclave_key;
  const release::ReportData data = release::report_data(evidence);
  wipe(evidence.exported.data(), evidence.exported.size());
  return data;
}

Result<Conversation::Answer> Conversation::attest(const std::string& config_id, const QuoteSource& quote_for) {
  connection_->stream().set_patience(patience_.challenge);
  release::Hello hello;
  hello.config_id = config_id;
  hello.enclave_key = TRY(make_enclave_key());
  if (RAND_bytes(hello.client_nonce.data(), static_cast<int>(hello.client_nonce.size())) != 1)
    return protocol_error("no random numbers");
  const auto hello_bytes = release::encode(hello);
  TRY(send(hello_bytes));
  const SecretBytes challenge_bytes = TRY(receive(release::kFrameLimit));
  const auto challenge = TRY(as_protocol(release::decode_challenge(challenge_bytes)));
  TRY(take_challenge(challenge));
  const auto quote = TRY(quote_for(TRY(report_data(hello_bytes, challenge_bytes, challenge, hello.enclave_key))));
  if (TRY(connection_->has_more())) return protocol_error("CAS answered before it had the evidence");
  connection_->stream().set_patience(patience_.answer);
  TRY(send(release::encode(release::Evidence{quote})));
  const SecretBytes answer = TRY(receive(release::kGrantLimit));
  if (answer[0] == static_cast<std::uint8_t>(release::MessageType::deny))
    return Answer(TRY(as_protocol(release::decode_deny(answer))));
  auto configuration = TRY(as_protocol(release::decode_grant(answer)));
  if (TRY(connection_->has_more())) return protocol_error("CAS sent something after GRANT");
  return Answer(std::move(configuration));
}

Result<void> Conversation::report_exit(const release::Exit& message) {
  connection_->stream().set_patience(patience_.noted);
  TRY(send(release::encode(message)));
  const SecretBytes answer = TRY(receive(release::kFrameLimit));
  const auto noted = TRY(as_protocol(release::decode_noted(answer)));
  TRY(check_signature(noted.audit));
  if (noted.audit.sequence < audit_.sequence ||
      (noted.audit.sequence == audit_.sequence && noted.audit.head != audit_.head))
    return protocol_error("NOTED: the audit log has gone back");
  return {};
}
}  // namespace cloister::configure
