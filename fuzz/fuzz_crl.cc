// SPDX-License-Identifier: Apache-2.0
// Any bytes as a CRL: nothing breaks, and a list that parses can be searched.
#include <cstdlib>
#include "src/dcap/crl.h"
#include "src/dcap/pck_chain.h"

using namespace cloister::dcap;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto der = crl_file_to_der({data, size});
  if (!der.ok()) return 0;
  const auto crl = Crl::parse(der.value());
  if (!crl.ok()) {
    require(crl.error().what()[0] != '\0');
    return 0;
  }
  // A serial number that no certificate has: longer than all that X.509 allows.
  const OwnedBytes absent(der.value().size() + 1, 1);
  require(!crl.value().revokes(absent));
  require(crl.value().revoked_count() < der.value().size());
  return 0;
}
