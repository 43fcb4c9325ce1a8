// SPDX-License-Identifier: Apache-2.0
// The simulated quoting enclave as an enclave of the software device: created, measured and initialised like any other,
// so that its identity and keys come from the device. Its code is dcap::simulation::QuotingEnclave and runs outside.
// Host side; one enclave for each process.
#pragma once
#include <memory>
#include <string>
#include "src/base/result.h"
#include "src/sgx/key_leaves.h"

namespace cloister::las {

// `directory` is the simulation's. Its subdirectory attestation/, which must exist, keeps the key that signs the
// quoting enclave (qe-signing-key.pem), made at first use; its hash is the MRSIGNER that collateral names.
Result<std::shared_ptr<const sgx::KeyLeaves>> start_quoting_enclave(const std::string& directory, std::uint16_t isvsvn);

}  // namespace cloister::las
