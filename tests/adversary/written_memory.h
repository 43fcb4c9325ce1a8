// SPDX-License-Identifier: Apache-2.0
// Which host memory a host call writes besides its result: what a lying host can fill with other bytes.
#pragma once
#include <cstdint>
#include "src/boundary/host_block.h"

namespace cloister::adversary {

struct WrittenMemory {
  std::uint8_t* data = nullptr;
  std::uint64_t size = 0;
  std::uint32_t* length = nullptr;  // of a socket address or option, given back by the kernel
};
WrittenMemory written_by(const HostBlock& block, std::int64_t result);
}  // namespace cloister::adversary
