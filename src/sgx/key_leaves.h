// SPDX-License-Identifier: Apache-2.0
// EREPORT and EGETKEY as one enclave has them, for an enclave whose code is ours and runs outside: the simulated
// quoting enclave. Host side and tests.
#pragma once
#include "src/sgx/keys.h"

namespace cloister::sgx {

class KeyLeaves {
 public:
  virtual ~KeyLeaves() = default;
  virtual Report ereport(const Targetinfo& target, std::span<const std::uint8_t, kReportdataSize> data) const = 0;
  virtual KeyOutcome egetkey(const Keyrequest& request) const = 0;
};

}  // namespace cloister::sgx
