// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/cpu.h"
#include <cstddef>
#include "src/boundary/rules.h"
#include "src/enclave/core/check.h"

namespace cloister::core {
constinit std::uint64_t enclave_xfrm = 3;
constinit std::uint64_t enclave_attributes = 0;

namespace {
constinit CpuidLeaf table[kMaxCpuidLeaves] = {};
constinit std::uint64_t table_count = 0;

constexpr std::uint64_t kXfrmAvx = 1 << 2, kXfrmAvx512 = 0xe0, kXfrmPkru = 1 << 9, kXfrmAmx = 3 << 17;

// Features whose register state is not enabled must not be advertised (SDM vol. 1, 13.3).
void hide_unusable(CpuidLeaf& entry, std::uint64_t xfrm) {
  const bool avx = (xfrm & kXfrmAvx) != 0, avx512 = (xfrm & kXfrmAvx512) == kXfrmAvx512;
  if (entry.leaf == 1) {
    if (!avx) entry.ecx &= ~(1u << 28 | 1u << 12 | 1u << 29);
    entry.ecx |= 1u << 31;     // runs under something
    entry.ebx &= 0x00ff'ffff;  // no local APIC id
  }
  if (entry.leaf == 7 && entry.subleaf == 0) {
    if (!avx) entry.ebx &= ~(1u << 5);
    if (!avx512) entry.ebx &= ~0xdc23'0000u, entry.ecx &= ~0x0000'5842u, entry.edx &= ~0x0080'010cu;
    if ((xfrm & kXfrmAmx) != kXfrmAmx) entry.edx &= ~0x0340'0000u;
    if ((xfrm & kXfrmPkru) == 0) entry.ecx &= ~0x18u;
    entry.ebx &= ~(1u << 4 | 1u << 11 | 1u << 2);  // HLE, RTM, SGX
    entry.ecx &= ~(1u << 7 | 1u << 30);            // shadow stacks, SGX launch control
    entry.edx &= ~(1u << 20);                      // IBT
  }
  if (entry.leaf == 0xd && entry.subleaf == 0) {
    entry.eax = static_cast<std::uint32_t>(xfrm);
    entry.edx = static_cast<std::uint32_t>(xfrm >> 32);
  }
}
}  // namespace

void set_cpuid_table(const CpuidLeaf* leaves, std::uint64_t count, std::uint64_t xfrm) {
  table_count = count < kMaxCpuidLeaves ? count : kMaxCpuidLeaves;
  for (std::uint64_t i = 0; i < table_count; ++i) {
    table[i] = leaves[i];
    if constexpr (CLOISTER_KEEPS(I_4)) hide_unusable(table[i], xfrm);
  }
}

CpuidAnswer cpuid(std::uint32_t leaf, std::uint32_t subleaf) {
  const CpuidLeaf* any = nullptr;
  for (std::uint64_t i = 0; i < table_count; ++i) {
    if (table[i].leaf != leaf) continue;
    if (table[i].subleaf == subleaf) return {table[i].eax, table[i].ebx, table[i].ecx, table[i].edx};
    if (table[i].subleaf == 0) any = &table[i];
  }
  const bool has_subleaves = leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd || (leaf >= 0xf && leaf <= 0x1f);
  if (any != nullptr && !has_subleaves) return {any->eax, any->ebx, any->ecx, any->edx};
  return {0, 0, 0, 0};
}

std::uint64_t random_u64() {
  for (int tries = 0; tries < 1000; ++tries) {
    unsigned long long value;
    unsigned char ok;
    asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(ok)::"cc");
    if (ok) return value;
    asm volatile("pause");
  }
  enclave_fail("RDRAND gives no randomness", __FILE__, __LINE__);
}

void random_bytes(void* to, std::size_t size) {
  auto* bytes = static_cast<unsigned char*>(to);
  while (size > 0) {
    const std::uint64_t value = random_u64();
    const std::size_t part = size < 8 ? size : 8;
    __builtin_memcpy(bytes, &value, part);
    bytes += part;
    size -= part;
  }
}
}  // namespace cloister::core

// cpuid, rdtsc and rdtscp of redirected sites; registers are rax, rbx, rcx, rdx.
extern "C" void emulate_cpuid(std::uint64_t registers[4]) {
  const auto answer =
      cloister::core::cpuid(static_cast<std::uint32_t>(registers[0]), static_cast<std::uint32_t>(registers[2]));
  registers[0] = answer.eax;
  registers[1] = answer.ebx;
  registers[2] = answer.ecx;
  registers[3] = answer.edx;
}
extern "C" void emulate_rdtsc(std::uint64_t registers[4]) {
  const std::uint64_t tsc = cloister::core::read_tsc();
  registers[0] = tsc & 0xffff'ffff;
  registers[3] = tsc >> 32;
}
extern "C" void emulate_rdtscp(std::uint64_t registers[4]) {
  emulate_rdtsc(registers);
  registers[2] = 0;
}
