// SPDX-License-Identifier: Apache-2.0
// Turns the linked and redirected runtime ELF into the enclave image: an SGXS stream of its pages. Build-time tool.
#pragma once
#include <cstdint>
#include <span>
#include <vector>
#include "src/base/result.h"
#include "src/sgx/measurement.h"

namespace cloister {
struct EnclaveImage {
  std::vector<std::uint8_t> sgxs;
  sgx::Digest mrenclave;  // of the image alone
  std::uint64_t page_count;
};
// Pages of each PT_LOAD at layout::kImageBase + address with the segment's permissions, all of them measured; the page
// at the symbol boot_tcs is added as PT_TCS. Errc::invalid for what is no static PIE of ours or has a writable and
// executable segment.
Result<EnclaveImage> make_enclave_image(std::span<const std::uint8_t> elf);
}  // namespace cloister
