// SPDX-License-Identifier: Apache-2.0
// A launch manifest in its measured form, with or without the owner's signature: what `cloister measure --out` and
// `cloister sign` write and `cloister run --manifest` takes. Outside the enclave; pure functions over bytes.
//
// Encoding, little-endian: "CLSM", u32 version, u32 size of the manifest's canonical encoding, the encoding, and either
// nothing or a SIGSTRUCT of 1808 bytes.
#pragma once
#include <optional>
#include <span>
#include <vector>
#include "abi/sgx/sigstruct.h"
#include "src/manifest/launch_manifest.h"

namespace cloister {
struct SignedManifest {
  LaunchManifest manifest;
  std::optional<sgx::Sigstruct> signature;  // not verified here; EINIT does that
};
bool looks_like_signed_manifest(std::span<const std::uint8_t> bytes);
std::vector<std::uint8_t> encode_signed_manifest(const SignedManifest& signed_manifest);
Result<SignedManifest> decode_signed_manifest(std::span<const std::uint8_t> bytes);
}  // namespace cloister
