// SPDX-License-Identifier: Apache-2.0
// SECS and SIGSTRUCT of our enclaves: what every one of them has, and the signature of the user's development key.
#pragma once
#include <string>
#include "abi/sgx/enclave.h"
#include "abi/sgx/sigstruct.h"
#include "src/base/result.h"
#include "src/sgx/measurement.h"

namespace cloister::host {
// `debug`: kAttributeDebug or 0. XFRM is what this machine has enabled.
sgx::Secs make_secs(std::uint64_t debug);

// What a signature demands: these attribute flags exactly (KSS and 64-bit mode among them), EXINFO, this MRENCLAVE;
// XFRM's optional bits are free. Everything but the signature is filled in.
sgx::Sigstruct unsigned_sigstruct(std::uint64_t attribute_flags, const sgx::Digest& mrenclave);

struct DevelopmentKey {
  std::string cache_directory;  // SIGSTRUCTs, keyed by what they sign; empty: none are kept
  std::string path;             // PEM; made when missing; empty: a new key each time
};
// From the cache or made now. EINIT verifies either against what was measured.
Result<sgx::Sigstruct> development_signature(const DevelopmentKey& key, std::uint64_t attribute_flags,
                                             const sgx::Digest& mrenclave);
}  // namespace cloister::host
