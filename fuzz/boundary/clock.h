// SPDX-License-Identifier: Apache-2.0
// The enclave's clocks: they move by being looked at, and when the program or the host lets time pass.
#pragma once
#include <cstdint>

namespace cloister::fuzz {
void pass_time(std::uint64_t nanoseconds);
}  // namespace cloister::fuzz
