// SPDX-License-Identifier: Apache-2.0
// EREPORT and EGETKEY on trusted buffers of the right alignment. Trusted, kernel storey.
#pragma once
#include <span>
#include "abi/sgx/arch.h"
#include "src/base/result.h"
#include "src/sgx/cmac.h"

namespace cloister::attest {
sgx::Report make_report(const sgx::Targetinfo& target, std::span<const std::uint8_t, sgx::kReportdataSize> data);
// For nobody, over nothing: what this enclave is.
sgx::Report own_report();
// EINVAL when the processor refuses the request (SDM vol. 3D, EGETKEY). The key is the caller's to wipe.
Result<sgx::Key128> get_key(const sgx::Keyrequest& request);
}  // namespace cloister::attest
