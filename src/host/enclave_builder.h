// SPDX-License-Identifier: Apache-2.0
// Feeds the image and the launch manifest to whoever adds or measures pages. Untrusted.
#pragma once
#include <functional>
#include <span>
#include "abi/sgx/arch.h"
#include "src/base/result.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::host {
using AddPage = std::function<Result<void>(std::uint64_t address, std::uint64_t flags,
                                           std::span<const std::uint8_t, sgx::kPageSize> page)>;
// Every page in order: those of the SGXS image, then the manifest (8-byte size, encoding, zeros) at
// layout::kManifestBase.
Result<void> for_each_page(std::span<const std::uint8_t> image, const LaunchManifest& manifest, const AddPage& add);
}  // namespace cloister::host
