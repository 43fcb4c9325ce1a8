// SPDX-License-Identifier: Apache-2.0
// The keys of the *simulated* platform: EGETKEY, and the report key that EREPORT uses. Host side (the simulated device)
// and tests; pure functions over bytes, no I/O, no allocation.
//
// Which identity goes into which key, and which request is refused, is the SDM's: vol. 3D, EGETKEY, table "Key
// Derivation" and the operation. What the processor does with it is not public; here the key is AES-128-CMAC(fuse key,
// KeyDependencies). Whoever reads the fuse key can compute every key.
#pragma once
#include <array>
#include <cstdint>
#include "abi/sgx/arch.h"
#include "src/sgx/cmac.h"

namespace cloister::sgx {

// What a processor package holds.
struct Platform {
  Key128 fuse_key;                            // the root of all keys
  std::array<std::uint8_t, 16> seal_fuses;    // CR_SEAL_FUSES: what sealing has besides, and provisioning has not
  std::array<std::uint8_t, 16> owner_epoch;   // CR_SGXOWNEREPOCH
  std::array<std::uint8_t, 16> cpusvn;        // CR_CPUSVN
  std::array<std::uint8_t, 32> report_keyid;  // CR_REPORT_KEYID: another one after every start
};

// What a leaf that can fail without a fault leaves behind. With `general_protection` it was #GP(0) and the rest is
// void.
struct KeyOutcome {
  bool general_protection = false;
  ErrorCode error = ErrorCode::success;
  Key128 key{};
};

// ENCLU[EGETKEY] by the enclave `secs`, after the checks of its operands' addresses.
//   #GP(0)                  reserved fields or policy bits set; CONFIGSVN or a KSS policy without ATTRIBUTES.KSS
//   SGX_INVALID_ATTRIBUTE   the key wants an attribute that the enclave has not
//   SGX_INVALID_CPUSVN      a byte of the requested CPUSVN is above the platform's
//   SGX_INVALID_ISVSVN      ISVSVN or CONFIGSVN above the enclave's
//   SGX_INVALID_KEYNAME
KeyOutcome egetkey(const Platform& platform, const Secs& secs, const Keyrequest& request);

// The key with which EREPORT makes a report for `target`, and which `target` gets by EGETKEY for the same `keyid`.
Key128 report_key(const Platform& platform, const Targetinfo& target, std::span<const std::uint8_t, 32> keyid);

}  // namespace cloister::sgx
