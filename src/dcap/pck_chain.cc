// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/pck_chain.h"
#include <algorithm>
#include "src/base/hex.h"
#include "src/dcap/crl.h"
#include "src/dcap/der.h"

namespace cloister::dcap {
namespace {

constexpr std::size_t kChainLength = 3;

std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Certificates that belong together in another order than the format's are worth an error of their own.
bool another_order(const CertificateList& list) {
  std::size_t roots = 0, leaves = 0;
  for (const Certificate& certificate : list) {
    roots += certificate.names_itself();
    leaves += !certificate.is_ca();
  }
  return roots == 1 && leaves == 1 && !(list[2].names_itself() && !list[0].is_ca());
}

}  // namespace

Result<CertificateList> parse_certificates(Bytes file) {
  CertificateList list;
  if (!looks_like_pem(file)) {
    list.push_back(TRY(Certificate::parse(file)));
    return list;
  }
  for (const OwnedBytes& der : TRY(parse_pem(as_text(file), "CERTIFICATE", kChainLength)))
    list.push_back(TRY(Certificate::parse(der)));
  return list;
}

Result<PckChain> parse_pck_chain(Bytes certification_data) {
  const auto blocks = parse_pem(as_text(certification_data), "CERTIFICATE", kChainLength);
  if (!blocks.ok())
    return Error(Errc::invalid, "certificate parse failure: the PCK certificate chain is not valid PEM");
  if (blocks.value().size() != kChainLength)
    return Error(Errc::invalid, "the PCK certificate chain has not three certificates (PCK, CA, root)");
  CertificateList list;
  constexpr const char* kProblems[] = {
      "certificate parse failure: the PCK certificate is malformed",
      "certificate parse failure: the PCK CA certificate is malformed",
      "certificate parse failure: the root CA certificate is malformed, or its public key is not a point of P-256"};
  for (std::size_t i = 0; i < kChainLength; ++i) {
    auto certificate = Certificate::parse(blocks.value()[i]);
    if (!certificate.ok()) return Error(certificate.error().code(), kProblems[i]);
    list.push_back(std::move(certificate).take());
  }
  if (another_order(list))
    return Error(Errc::invalid, "certificate chain order: the PCK certificate chain is not leaf, intermediate, root");
  const PckIdentity pck = TRY(parse_pck_extension(list[0].sgx_extension()));
  return PckChain{std::move(list[0]), std::move(list[1]), std::move(list[2]), pck};
}

Result<OwnedBytes> crl_file_to_der(Bytes file) {
  if (file.size() > 2 * kCrlSizeLimit) return Error(Errc::invalid, "larger than any CRL of Intel's");
  if (looks_like_pem(file)) return std::move(TRY(parse_pem(as_text(file), "X509 CRL", 1))[0]);
  // Hexadecimal digits of DER begin with '3'.
  if (!file.empty() && file[0] == static_cast<std::uint8_t>(DerTag::sequence))
    return OwnedBytes(file.begin(), file.end());
  std::string_view hex = as_text(file);
  while (hex.ends_with('\n') || hex.ends_with('\r')) hex.remove_suffix(1);
  auto der = from_hex(hex);
  if (!der.ok() || der.value().empty()) return Error(Errc::invalid, "a CRL in none of DER, PEM and hexadecimal");
  return der;
}

}  // namespace cloister::dcap
