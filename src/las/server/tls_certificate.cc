// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/tls_certificate.h"
#include <openssl/crypto.h>
#include <ctime>
#include "src/dcap/simulation/certificate_writer.h"
#include "src/files/file_bytes.h"
#include "src/las/server/kept_secret.h"

namespace cloister::las {
namespace {
namespace simulation = dcap::simulation;
constexpr dcap::UnixTime kTenYears = dcap::UnixTime{10} * 365 * 86400;

// Key and certificate together, so that they cannot be of two makers.
Result<std::string> make_both() {
  const auto key = TRY(simulation::PrivateKey::generate());
  constexpr char kName[] = "Cloister simulation collateral service";
  const dcap::UnixTime now = std::time(nullptr);
  const auto der = TRY(simulation::make_certificate({.common_name = kName,
                                                     .issuer_common_name = kName,
                                                     .serial = simulation::serial_of(key.point()),
                                                     .validity = {now, now + kTenYears},
                                                     .path_length = std::nullopt,
                                                     .sgx_extension = {},
                                                     .alternative_names = "DNS:localhost,IP:127.0.0.1,IP:::1"},
                                                    key, key));
  std::string pem = TRY(key.to_pem());
  std::string both = pem + dcap::to_pem(der, "CERTIFICATE");
  OPENSSL_cleanse(pem.data(), pem.size());
  return both;
}
}  // namespace

Result<TlsCertificate> tls_certificate(const std::string& directory) {
  std::string both = TRY(kept_secret(directory + "/pccs-key.pem", make_both));
  const std::size_t begin = both.find("-----BEGIN CERTIFICATE");
  if (begin == std::string::npos) return Error(Errc::invalid, "pccs-key.pem of the simulation is damaged");
  TlsCertificate result{both.substr(0, begin), both.substr(begin), directory + "/pccs.pem"};
  OPENSSL_cleanse(both.data(), both.size());
  const auto* const text = reinterpret_cast<const std::uint8_t*>(result.certificate_pem.data());
  TRY(write_file_atomically(result.file, {text, result.certificate_pem.size()}, 0644));
  return result;
}

}  // namespace cloister::las
