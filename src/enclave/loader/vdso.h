// SPDX-License-Identifier: Apache-2.0
// The program's own vDSO. Trusted.
#pragma once
#include <cstdint>
#include "src/base/result.h"
#include "src/enclave/kernel/address_space.h"

namespace cloister::loader {
// Maps it and connects it with the enclave's clock; its address, for AT_SYSINFO_EHDR.
Result<std::uint64_t> map_vdso(kernel::AddressSpace& memory);
}  // namespace cloister::loader
