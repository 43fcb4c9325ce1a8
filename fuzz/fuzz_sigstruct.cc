// SPDX-License-Identifier: Apache-2.0
// Any bytes as a SIGSTRUCT: nothing breaks, and the two ways to verify agree.
#include <cstdlib>
#include "src/sgx/inspect.h"
#include "src/sgx/sigstruct.h"

using namespace cloister::sgx;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> file(data, size);
  const auto inspection = inspect(file, size % 2 ? Rendering::json : Rendering::text);
  const auto parsed = parse_sigstruct(file);
  if (!parsed.ok()) return 0;
  const Sigstruct& sigstruct = parsed.value();
  const bool parts = check_format(sigstruct).ok() && check_signature(sigstruct).ok() && check_quotients(sigstruct).ok();
  if (verify(sigstruct).ok() != parts) std::abort();
  if (inspection.ok() && inspection.value().output.empty()) std::abort();
  return 0;
}
