// SPDX-License-Identifier: Apache-2.0
// XSAVE images of programs in signal frames. The size comes from the processor itself, not from CPUID, which is the
// host's word. Trusted.
#pragma once
#include <cstddef>
#include <cstdint>

namespace cloister::kernel {
// Bytes that XSAVE writes on this processor: legacy part, header and every component of XFRM.
std::size_t extended_state_size();
// Copies the image, marked as Linux's, with the end mark to the program. False: EFAULT.
bool store_extended_state(std::byte* area, std::uint64_t to);
// Loads what a handler left at `from` into `area`; 0 means the initial state. Only what XRSTOR accepts. False: a bad
// frame.
bool load_extended_state(std::byte* area, std::uint64_t from);
// The state that a program starts with.
void set_initial_extended_state(std::byte* area);
}  // namespace cloister::kernel
