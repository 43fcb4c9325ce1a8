// SPDX-License-Identifier: Apache-2.0
// The TLS certificate with which collateral is served on this machine. Host side. Collateral is signed, so that nothing
// rests on it; TLS is what the API's clients expect.
#pragma once
#include <string>
#include "src/base/result.h"

namespace cloister::las {

struct TlsCertificate {
  std::string key_pem;  // secret
  std::string certificate_pem;
  std::string file;  // where clients find the certificate
};
// For localhost, 127.0.0.1 and ::1; made at first use in `directory`, which must exist (pccs-key.pem, pccs.pem).
Result<TlsCertificate> tls_certificate(const std::string& directory);

}  // namespace cloister::las
