// SPDX-License-Identifier: Apache-2.0
// The enclave's side of the messages with CAS (docs/protocol-attestation.md): HELLO, CHALLENGE, EVIDENCE, and GRANT or
// DENY; EXIT and NOTED at the end. Trusted, kernel storey, only in the image with TLS; no host calls of its own.
//
// One attestation for each connection, in exactly this order; anything else ends it.
#pragma once
#include <functional>
#include <string>
#include <variant>
#include "src/enclave/configure/tls_connection.h"
#include "src/release/messages.h"

namespace cloister::configure {

class Conversation {
 public:
  // How long each step may take.
  struct Patience {
    std::uint64_t challenge = 10'000'000'000, answer = 60'000'000'000, noted = 2'000'000'000;
  };
  using QuoteSource = std::function<Result<std::vector<std::uint8_t>>(const release::ReportData&)>;
  using Answer = std::variant<release::Configuration, release::Deny>;

  explicit Conversation(std::unique_ptr<TlsConnection> connection) : Conversation(std::move(connection), Patience()) {}
  Conversation(std::unique_ptr<TlsConnection> connection, Patience patience)
      : connection_(std::move(connection)), patience_(patience) {}

  // Errors name the message and the field. With a configuration, the connection stays open.
  Result<Answer> attest(const std::string& config_id, const QuoteSource& quote_for);
  // Sends EXIT and waits for NOTED, whose head of the audit log must be signed and may not have gone back.
  Result<void> report_exit(const release::Exit& message);

 private:
  Result<void> send(std::span<const std::uint8_t> message);
  Result<SecretBytes> receive(std::size_t grant_limit);
  Result<std::vector<std::uint8_t>> make_enclave_key();
  Result<void> take_challenge(const release::Challenge& challenge);
  Result<void> check_signature(const release::AuditHead& audit) const;
  Result<release::ReportData> report_data(std::span<const std::uint8_t> hello,
                                          std::span<const std::uint8_t> challenge_bytes,
                                          const release::Challenge& challenge,
                                          std::span<const std::uint8_t> enclave_key);

  std::unique_ptr<TlsConnection> connection_;
  const Patience patience_;
  Key enclave_key_;
  release::AuditHead audit_;
  std::vector<std::uint8_t> audit_key_;
};
}  // namespace cloister::configure
