// SPDX-License-Identifier: Apache-2.0
// EINIT: may this enclave start under this SIGSTRUCT, and what does it become. Host side; pure functions over bytes.
//
// Launch control is taken to be flexible and used as the Linux driver does: IA32_SGXLEPUBKEYHASH is set to the signer
// before EINIT and no EINITTOKEN is valid, so that the checks against both always pass. Which attributes a *user* may
// have (PROVISIONKEY above all) is the driver's decision and not here. Source: Intel SDM vol. 3D, operation of EINIT,
// in its order.
#pragma once
#include "abi/sgx/arch.h"
#include "src/base/result.h"

namespace cloister::sgx {

// RAX, and in words why. `reason` is static text.
struct EinitVerdict {
  ErrorCode error = ErrorCode::success;
  const char* reason = "";
};

// `secs.mrenclave` holds the finished measurement.
EinitVerdict einit_verdict(const Secs& secs, const Sigstruct& sigstruct);
// The same as a Result: Errc::invalid for SGX_INVALID_SIG_STRUCT, Errc::mismatch for all else.
Result<void> check_einit(const Secs& secs, const Sigstruct& sigstruct);
// What a successful EINIT writes into the SECS: the signer's identity and ATTRIBUTES.INIT.
void commit_einit(Secs& secs, const Sigstruct& sigstruct);

}  // namespace cloister::sgx
