// SPDX-License-Identifier: Apache-2.0
// Any bytes as an enclave identity: nothing breaks, and its levels are in order.
#include <cstdlib>
#include "src/dcap/enclave_identity.h"

using namespace cloister::dcap;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = parse_enclave_identity({data, size});
  if (!parsed.ok()) {
    require(parsed.error().what()[0] != '\0');
    return 0;
  }
  const EnclaveIdentity& identity = parsed.value();
  require(!identity.levels.empty());
  for (std::size_t i = 1; i < identity.levels.size(); ++i)
    require(identity.levels[i - 1].isvsvn > identity.levels[i].isvsvn);
  cloister::sgx::ReportBody report{};
  report.isvsvn = 65535;
  require(find_level(identity, report) == &identity.levels.front());
  (void)match_enclave(identity, report).ok();
  return 0;
}
