// SPDX-License-Identifier: Apache-2.0
// What the processor is, as the program and the runtime see it: CPUID answers that follow XFRM, randomness from RDRAND,
// the time stamp counter. Trusted, freestanding.
#pragma once
#include <cstdint>
#include "abi/sgx/arch.h"
#include "src/boundary/host_block.h"

namespace cloister::core {
struct CpuidAnswer {
  std::uint32_t eax, ebx, ecx, edx;
};
// Takes over the host's table, which is checked against `xfrm` (rule I-4): a feature whose state XFRM lacks is hidden.
void set_cpuid_table(const CpuidLeaf* leaves, std::uint64_t count, std::uint64_t xfrm);
CpuidAnswer cpuid(std::uint32_t leaf, std::uint32_t subleaf);
// 64 random bits. RDRAND with a bounded number of tries; a processor that gives none stops the enclave (rule I-2).
std::uint64_t random_u64();
void random_bytes(void* to, std::size_t size);
// The one RDTSC of the image that is not redirected (core_read_tsc in syscall_entry.S).
extern "C" std::uint64_t core_read_tsc();
// In the order of the program.
inline std::uint64_t read_tsc() {
  asm volatile("lfence" ::: "memory");
  return core_read_tsc();
}
// For measuring how long something took, where some hundred ticks more or less do not matter: without the wait.
inline std::uint64_t rough_tsc() { return core_read_tsc(); }
// From the enclave's own REPORT: what an attacker on the host cannot choose unseen.
extern std::uint64_t enclave_xfrm;
extern std::uint64_t enclave_attributes;
// The one question that traces, backtraces and what else shows the program's inside may ask; no wish of the host and no
// manifest answers it.
inline bool is_debug_enclave() { return (enclave_attributes & sgx::kAttributeDebug) != 0; }
}  // namespace cloister::core
