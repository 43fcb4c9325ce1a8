// SPDX-License-Identifier: Apache-2.0
// Any bytes as a TCB info: nothing breaks, and what parses is in order and within its limits.
#include <cstdlib>
#include "src/dcap/tcb_evaluation.h"

using namespace cloister::dcap;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = parse_tcb_info({data, size});
  if (!parsed.ok()) {
    require(parsed.error().what()[0] != '\0');
    return 0;
  }
  const TcbInfo& info = parsed.value();
  require(!info.levels.empty() && info.levels.size() <= 256);
  for (std::size_t i = 1; i < info.levels.size(); ++i)
    require(info.levels[i - 1].sgx_components >= info.levels[i].sgx_components);
  require(info.is_tdx == info.tdx_module.has_value());
  // A platform with the highest SVNs matches the first level, whatever the document says.
  PckIdentity pck{};
  pck.components.fill(255);
  pck.pcesvn = 65535;
  Quote quote{};
  EnclaveIdentity identity{};
  TdReport10 report{};
  if (info.is_tdx) {
    std::fill(std::begin(report.tee_tcb_svn), std::end(report.tee_tcb_svn), 255);
    quote.body = report;
  }
  require(evaluate_tcb(pck, quote, info, identity).platform == &info.levels.front());
  if (info.is_tdx) (void)check_tdx_module(report, info).ok();
  return 0;
}
