// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/tls.h"
#include <openssl/ssl.h>
#include <cstring>

namespace cloister::cas {
namespace {
constexpr std::size_t kAlpnSize = sizeof release::kAlpn - 1;

Result<TlsContext> common(const Identity& identity) {
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return Error(Errc::io, "TLS cannot be set up");
  SSL_CTX* const tls = context.get();
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  const bool set = SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_max_proto_version(tls, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(tls, 0) == 1 &&
                   SSL_CTX_set_max_early_data(tls, 0) == 1 && SSL_CTX_set_recv_max_early_data(tls, 0) == 1 &&
                   SSL_CTX_set1_groups_list(tls, "X25519:P-256") == 1 &&
                   SSL_CTX_use_certificate(tls, identity.certificate.get()) == 1 &&
                   SSL_CTX_use_PrivateKey(tls, identity.key.get()) == 1;
  if (!set) return Error(Errc::io, "TLS cannot be set up");
  return context;
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned length,
                void*) {
  for (unsigned at = 0; at + 1 + offered[at] <= length; at += 1u + offered[at]) {
    if (offered[at] != kAlpnSize || std::memcmp(offered + at + 1, release::kAlpn, kAlpnSize) != 0) continue;
    *out = offered + at + 1;
    *size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A client is its key. What its certificate says besides, and who signed it, plays no part.
int accept_any(X509_STORE_CTX*, void*) { return 1; }
}  // namespace

Result<TlsContext> enclave_tls(const Identity& identity) {
  auto context = TRY(common(identity));
  SSL_CTX_set_alpn_select_cb(context.get(), choose_alpn, nullptr);
  return context;
}

Result<TlsContext> api_tls(const Identity& identity) {
  auto context = TRY(common(identity));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), accept_any, nullptr);
  return context;
}

bool is_fresh_enclave_connection(ssl_st* connection) {
  const unsigned char* alpn = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(connection, &alpn, &size);
  return SSL_is_init_finished(connection) != 0 && SSL_version(connection) == TLS1_3_VERSION &&
         SSL_session_reused(connection) == 0 && size == kAlpnSize && std::memcmp(alpn, release::kAlpn, kAlpnSize) == 0;
}

Result<release::ExportedKey> export_key(ssl_st* connection, const release::Nonce& cas_nonce) {
  release::ExportedKey key{};
  if (SSL_is_init_finished(connection) == 0 ||
      SSL_export_keying_material(connection, key.data(), key.size(), release::kExporterLabel,
                                 sizeof release::kExporterLabel - 1, cas_nonce.data(), cas_nonce.size(), 1) != 1)
    return Error(Errc::io, "TLS has no exporter");
  return key;
}
}  // namespace cloister::cas
