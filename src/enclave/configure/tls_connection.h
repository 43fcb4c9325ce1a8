// SPDX-License-Identifier: Apache-2.0
// The client's end of the connection to CAS: TLS 1.3 with a pinned server key and nothing else
// (docs/protocol-attestation.md, "Transport"). Trusted, kernel storey, only in the image with TLS.
//
// Refused: another version, another key than the pinned one, another ALPN, session tickets, resumption, a request for a
// client's certificate after the handshake. Nothing that the peer sends is larger in memory than a TLS record plus what
// the caller asked for.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>
#include "src/enclave/configure/byte_stream.h"
#include "src/enclave/configure/openssl_start.h"
#include "src/release/evidence.h"

namespace cloister::configure {

class TlsConnection {
 public:
  // The handshake. EKEYREJECTED: the server has another key. The stream's errors as they are; EPROTO for everything
  // else that is not as it must be, and the error's text says what.
  static Result<std::unique_ptr<TlsConnection>> connect(std::unique_ptr<ByteStream> stream,
                                                        const release::Digest& pinned_key_hash);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  ByteStream& stream() { return *stream_; }
  // The server's key, SubjectPublicKeyInfo.
  std::span<const std::uint8_t> server_key() const { return server_key_; }
  Result<release::ExportedKey> export_key(std::span<const std::uint8_t> context);

  Result<void> read_exactly(std::span<std::uint8_t> to);
  // Whether the server has sent what nobody has read yet, or has closed. Does not wait; ends the stream's patience.
  Result<bool> has_more();
  Result<void> write_all(std::span<const std::uint8_t> from);

 private:
  explicit TlsConnection(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}
  Result<void> prepare(const release::Digest& pinned_key_hash);
  Result<void> shake_hands();
  Result<void> check_handshake() const;
  // After a call of OpenSSL that did not succeed: moves bytes, or says why that does not help.
  Result<void> continue_after(int result);
  Result<void> receive();
  Result<void> flush();
  Error refused_by_openssl();
  static int verify_certificate(X509_STORE_CTX* store, void* connection);
  static void see_message(int is_write, int version, int content_type, const void* bytes, std::size_t size, SSL* ssl,
                          void* connection);

  std::unique_ptr<ByteStream> stream_;
  SslContext context_;
  Ssl ssl_;
  BIO* from_peer_ = nullptr;  // owned by ssl_
  BIO* to_peer_ = nullptr;
  release::Digest pinned_key_hash_{};
  std::vector<std::uint8_t> server_key_;
  bool wrong_key_ = false;
  const char* forbidden_message_ = nullptr;
};
}  // namespace cloister::configure
