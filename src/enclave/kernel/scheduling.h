// SPDX-License-Identifier: Apache-2.0
// The processors that programs see. Trusted, kernel storey.
#pragma once
#include <array>
#include <cstdint>

namespace cloister::kernel {
using CpuSet = std::array<std::uint64_t, 16>;  // CPU n: bit n
inline constexpr std::uint32_t kMaxCpus = 1024;
// The host's number is a hint: between 1 and kMaxCpus.
std::uint32_t cpu_count();
CpuSet online_cpus();
// Asks the host to run the calling thread there only; whether it does is its own business.
void apply_affinity(const CpuSet& set);
}  // namespace cloister::kernel
