// SPDX-License-Identifier: Apache-2.0
// The certificates that come with a quote: PCK certificate, its CA, the root. Both sides; pure functions.
#pragma once
#include <memory>
#include <vector>
#include "src/dcap/certificate.h"
#include "src/dcap/pck_extension.h"

namespace cloister::dcap {

struct PckChain {
  Certificate leaf, intermediate, root;
  PckIdentity pck;
};
using PckChainPointer = std::shared_ptr<const PckChain>;
using CertificateList = std::vector<Certificate>;
using CertificateListPointer = std::shared_ptr<const CertificateList>;

// Certification data of type 5: three certificates in PEM, in the order leaf, intermediate, root. Another order is
// refused, as RFC 4346's and Intel's description of the data has it. Nothing is verified.
Result<PckChain> parse_pck_chain(Bytes certification_data);

// One to three certificates in PEM, or one in DER.
Result<CertificateList> parse_certificates(Bytes file);
// A CRL in DER, in PEM, or, as PCCS sends them, in hexadecimal: its DER.
Result<OwnedBytes> crl_file_to_der(Bytes file);

}  // namespace cloister::dcap
