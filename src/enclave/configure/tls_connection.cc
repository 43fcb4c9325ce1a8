// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/tls_connection.h"
#include <openssl/err.h>
#include <openssl/x509.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include "src/base/secret.h"

namespace cloister::configure {
namespace {
constexpr std::uint8_t kAlpnList[] =
    "\x0e"
    "cloister-cas/1";
constexpr std::size_t kRecordSize = 16 << 10;
static_assert(sizeof kAlpnList == 1 + sizeof release::kAlpn);

Error protocol_error(const char* what) { return Error::from_errno(EPROTO, what); }
}  // namespace

// The certificate is a vessel for the key: its names, dates and extensions mean nothing here, so nothing parses them.
int TlsConnection::verify_certificate(X509_STORE_CTX* store, void* connection) {
  auto& self = *static_cast<TlsConnection*>(connection);
  X509* const certificate = X509_STORE_CTX_get0_cert(store);
  std::uint8_t* encoded = nullptr;
  const int size = certificate == nullptr ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
  if (size <= 0) return 0;
  self.server_key_.assign(encoded, encoded + size);
  OPENSSL_free(encoded);
  self.wrong_key_ = !release::equal(release::sha256(self.server_key_), self.pinned_key_hash_);
  if (!self.wrong_key_) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

void TlsConnection::see_message(int is_write, int, int content_type, const void* bytes, std::size_t size, SSL*,
                                void* connection) {
  if (is_write != 0 || content_type != SSL3_RT_HANDSHAKE || size == 0) return;
  auto& self = *static_cast<TlsConnection*>(connection);
  const std::uint8_t type = *static_cast<const std::uint8_t*>(bytes);
  if (type == SSL3_MT_NEWSESSION_TICKET) self.forbidden_message_ = "TLS: the server sent a session ticket";
  if (type == SSL3_MT_CERTIFICATE_REQUEST) self.forbidden_message_ = "TLS: the server asked for a certificate";
}

Result<void> TlsConnection::prepare(const release::Digest& pinned_key_hash) {
  pinned_key_hash_ = pinned_key_hash;
  if (!start_openssl()) return protocol_error("TLS: OpenSSL does not start");
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (context_ == nullptr) return protocol_error("TLS: no memory");
  SSL_CTX* const context = context_.get();
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_cert_verify_callback(context, verify_certificate, this);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const bool is_set = SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                      SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1 &&
                      SSL_CTX_set1_sigalgs_list(context, "ecdsa_secp256r1_sha256") == 1 &&
                      SSL_CTX_set_alpn_protos(context, kAlpnList, sizeof kAlpnList - 1) == 0;
  if (!is_set) return protocol_error("TLS: OpenSSL lacks something");
  ssl_.reset(SSL_new(context));
  from_peer_ = BIO_new(BIO_s_mem());
  to_peer_ = BIO_new(BIO_s_mem());
  if (ssl_ == nullptr || from_peer_ == nullptr || to_peer_ == nullptr) {
    BIO_free(from_peer_);
    BIO_free(to_peer_);
    return protocol_error("TLS: no memory");
  }
  SSL_set_bio(ssl_.get(), from_peer_, to_peer_);
  SSL_set_msg_callback(ssl_.get(), see_message);
  SSL_set_msg_callback_arg(ssl_.get(), this);
  return {};
}

Error TlsConnection::refused_by_openssl() {
  if (wrong_key_) return Error::from_errno(EKEYREJECTED, "the server's key is not the one that CONFIGID names");
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;  // OpenSSL's own constant
  ERR_clear_error();
  return protocol_error(reason != nullptr ? reason : "TLS: the connection is broken");
}

Result<void> TlsConnection::flush() {
  std::array<std::uint8_t, kRecordSize> bytes;
  for (;;) {
    const int size = BIO_read(to_peer_, bytes.data(), static_cast<int>(bytes.size()));
    if (size <= 0) return {};
    TRY(stream_->write_all(std::span(bytes).first(static_cast<std::size_t>(size))));
  }
}

Result<void> TlsConnection::continue_after(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_ZERO_RETURN) {
    const Error reason = refused_by_openssl();
    (void)flush().ok();  // the alert
    return reason;
  }
  if (error == SSL_ERROR_ZERO_RETURN) return Error::from_errno(ECONNRESET, "the server closed the connection");
  TRY(flush());
  return error == SSL_ERROR_WANT_WRITE ? Result<void>() : receive();
}

Result<void> TlsConnection::receive() {
  std::array<std::uint8_t, kRecordSize> bytes;
  const std::size_t size = TRY(stream_->read_some(bytes));
  if (size == 0) return Error::from_errno(ECONNRESET, "the server closed the connection");
  if (BIO_write(from_peer_, bytes.data(), static_cast<int>(size)) != static_cast<int>(size))
    return protocol_error("TLS: no memory");
  return {};
}

Result<void> TlsConnection::shake_hands() {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_.get());
    if (result == 1) break;
    TRY(continue_after(result));
  }
  TRY(flush());
  return check_handshake();
}

Result<void> TlsConnection::check_handshake() const {
  const std::uint8_t* alpn = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &alpn, &size);
  if (size != sizeof release::kAlpn - 1 || std::memcmp(alpn, release::kAlpn, size) != 0)
    return protocol_error("TLS: the server does not speak cloister-cas/1");
  if (SSL_version(ssl_.get()) != TLS1_3_VERSION) return protocol_error("TLS: not version 1.3");
  if (SSL_session_reused(ssl_.get()) != 0) return protocol_error("TLS: the server resumed a session");
  if (server_key_.empty() || wrong_key_) return protocol_error("TLS: the server has shown no key");
  if (forbidden_message_ != nullptr) return protocol_error(forbidden_message_);
  return {};
}

Result<std::unique_ptr<TlsConnection>> TlsConnection::connect(std::unique_ptr<ByteStream> stream,
                                                              const release::Digest& pinned_key_hash) {
  std::unique_ptr<TlsConnection> connection(new TlsConnection(std::move(stream)));
  TRY(connection->prepare(pinned_key_hash));
  TRY(connection->shake_hands());
  return connection;
}

// The close_notify is a courtesy: nothing waits for it.
TlsConnection::~TlsConnection() {
  if (ssl_ == nullptr || SSL_is_init_finished(ssl_.get()) == 0) return;
  ERR_clear_error();
  if (SSL_shutdown(ssl_.get()) >= 0) (void)flush().ok();
}

Result<release::ExportedKey> TlsConnection::export_key(std::span<const std::uint8_t> context) {
  release::ExportedKey key;
  if (SSL_is_init_finished(ssl_.get()) == 0 ||
      SSL_export_keying_material(ssl_.get(), key.data(), key.size(), release::kExporterLabel,
                                 sizeof release::kExporterLabel - 1, context.data(), context.size(), 1) != 1)
    return refused_by_openssl();
  return key;
}

Result<void> TlsConnection::read_exactly(std::span<std::uint8_t> to) {
  while (!to.empty()) {
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), to.data(), static_cast<int>(std::min<std::size_t>(to.size(), kRecordSize)));
    if (forbidden_message_ != nullptr) return protocol_error(forbidden_message_);
    if (got > 0)
      to = to.subspan(static_cast<std::size_t>(got));
    else
      TRY(continue_after(got));
  }
  return {};
}

Result<bool> TlsConnection::has_more() {
  stream_->set_patience(0);
  for (;;) {
    std::uint8_t byte;
    ERR_clear_error();
    if (SSL_peek(ssl_.get(), &byte, 1) > 0 || forbidden_message_ != nullptr) return true;
    if (SSL_get_error(ssl_.get(), -1) != SSL_ERROR_WANT_READ) return true;
    const auto received = receive();
    if (received.ok()) continue;
    if (received.error().errno_value() == ETIMEDOUT) return false;
    return received.error();
  }
}

Result<void> TlsConnection::write_all(std::span<const std::uint8_t> from) {
  while (!from.empty()) {
    ERR_clear_error();
    const int put =
        SSL_write(ssl_.get(), from.data(), static_cast<int>(std::min<std::size_t>(from.size(), kRecordSize)));
    if (put > 0) {
      from = from.subspan(static_cast<std::size_t>(put));
      TRY(flush());
    } else {
      TRY(continue_after(put));
    }
  }
  return {};
}
}  // namespace cloister::configure
