// SPDX-License-Identifier: Apache-2.0
// Any bytes as a certificate, as the SGX extension of one, and as a chain in PEM: nothing breaks, and PEM that parses
// is written back the same.
#include <cstdlib>
#include <string>
#include "src/dcap/pck_chain.h"

using namespace cloister::dcap;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  if (const auto certificate = Certificate::parse(bytes); certificate.ok()) {
    (void)parse_pck_extension(certificate.value().sgx_extension()).ok();
    require(certificate.value().der().size() == size);
    require(certificate.value().common_name().size() < size);
  }
  if (const auto pck = parse_pck_extension(bytes); pck.ok()) require(sgx_type_name(pck.value().sgx_type)[0] != 'u');
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto blocks = parse_pem(text, "CERTIFICATE", 3); blocks.ok()) {
    for (const OwnedBytes& block : blocks.value()) {
      const auto again = parse_pem(to_pem(block, "CERTIFICATE"), "CERTIFICATE", 1);
      require(again.ok() && again.value()[0] == block);
    }
  }
  (void)parse_pck_chain(bytes).ok();
  return 0;
}
