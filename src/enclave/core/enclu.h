// SPDX-License-Identifier: Apache-2.0
// The ENCLU leaves as functions. Operands as in the SDM; results are the leaf's error code in RAX (0 is success).
#pragma once
#include <cstdint>
#include "abi/sgx/arch.h"

namespace cloister::core {
#define CLOISTER_ENCLU(name)                                                                         \
  inline std::uint64_t name(const void* rbx, std::uint64_t rcx, std::uint64_t rdx = 0) {             \
    std::uint64_t rax;                                                                               \
    asm volatile("call enclu_" #name : "=a"(rax), "+c"(rcx), "+d"(rdx) : "b"(rbx) : "memory", "cc"); \
    return rax;                                                                                      \
  }
// EACCEPT and EMODPE: rbx SECINFO, rcx page. EACCEPTCOPY: rbx SECINFO, rcx destination, rdx source.
CLOISTER_ENCLU(eaccept)
CLOISTER_ENCLU(emodpe)
CLOISTER_ENCLU(eacceptcopy)
// EREPORT: rbx TARGETINFO, rcx report data, rdx report. EGETKEY: rbx KEYREQUEST, rcx key.
CLOISTER_ENCLU(ereport)
CLOISTER_ENCLU(egetkey)
#undef CLOISTER_ENCLU
}  // namespace cloister::core
