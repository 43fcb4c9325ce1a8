// SPDX-License-Identifier: Apache-2.0
// TLS of CAS's two ports (docs/protocol-attestation.md, "Transport"): version 1.3 alone, and nothing by which a new
// connection could continue an old one. In the enclave.
#pragma once
#include "src/cas/server/identity.h"

struct ssl_ctx_st;
struct ssl_st;

namespace cloister::cas {

using TlsContext = std::shared_ptr<ssl_ctx_st>;
// For enclaves: ALPN must be the protocol's, clients have no certificate.
Result<TlsContext> enclave_tls(const Identity& identity);
// For people and their tools: a client may show a certificate; it is identified by its key, whoever signed it.
Result<TlsContext> api_tls(const Identity& identity);

// What was agreed on is what the protocol demands: TLS 1.3, this ALPN, a handshake of its own.
bool is_fresh_enclave_connection(ssl_st* connection);
// The exporter of the evidence. Only after the handshake.
Result<release::ExportedKey> export_key(ssl_st* connection, const release::Nonce& cas_nonce);

}  // namespace cloister::cas
