// SPDX-License-Identifier: Apache-2.0
// Makes the certificates and revocation lists of a simulated provisioning authority, with the fields that Intel's have.
// Host side; pure but for the signatures' randomness.
#pragma once
#include <optional>
#include <string>
#include <vector>
#include "src/dcap/pck_extension.h"
#include "src/dcap/pem.h"
#include "src/dcap/simulation/private_key.h"
#include "src/dcap/time.h"

namespace cloister::dcap::simulation {

struct CertificateRequest {
  std::string common_name;
  std::string issuer_common_name;
  std::array<std::uint8_t, 20> serial;
  Validity validity;
  std::optional<int> path_length;      // makes it a CA
  OwnedBytes sgx_extension;            // none when empty
  std::string alternative_names = {};  // as "DNS:localhost,IP:::1"; none when empty
};
Result<OwnedBytes> make_certificate(const CertificateRequest& request, const PrivateKey& subject,
                                    const PrivateKey& issuer);

struct CrlRequest {
  std::string issuer_common_name;
  Validity validity;
  std::uint32_t number;
  std::vector<std::array<std::uint8_t, 20>> revoked;
};
Result<OwnedBytes> make_crl(const CrlRequest& request, const PrivateKey& issuer);

// The value of the SGX extension that parse_pck_extension() reads.
OwnedBytes make_pck_extension(const PckIdentity& pck);

// A serial number that is a function of `seed`: positive, 20 bytes.
std::array<std::uint8_t, 20> serial_of(Bytes seed);

}  // namespace cloister::dcap::simulation
