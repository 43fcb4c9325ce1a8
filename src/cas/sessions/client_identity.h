// SPDX-License-Identifier: Apache-2.0
// Who asks: the client certificate of a connection. Certificates are not judged; their keys were used for the
// handshake, and that is all that they are for. Inside CAS's enclave.
#pragma once
#include <optional>
#include "src/session/model.h"

namespace cloister::cas {

struct CertificateIdentity {
  session::Hash key_hash{};          // SHA-256 of the SubjectPublicKeyInfo, DER
  session::Hash certificate_hash{};  // SHA-256 of the certificate, DER
  bool operator==(const CertificateIdentity&) const = default;
};
// Nothing where no certificate was shown.
using ClientIdentity = std::optional<CertificateIdentity>;

}  // namespace cloister::cas
