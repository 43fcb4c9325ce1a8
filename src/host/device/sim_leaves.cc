// SPDX-License-Identifier: Apache-2.0
// EACCEPT, EMODPE and EACCEPTCOPY of the software processor (SDM vol. 3D). They run on the enclave's stack with the
// enclave's FS base, so this file is compiled for general registers, without stack protector and thread-local storage.
//
// A #GP or #PF of the leaf is raised as `hlt` would be: the enclave's exception handling sees a fault in its runtime.
#include <asm/mman.h>
#include <asm/unistd_64.h>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/host/device/sim_state.h"
#include "src/host/raw_syscall.h"

namespace cloister::host {
namespace {
using layout::kPageSize;

[[noreturn]] void general_protection() {
  for (;;) asm volatile("hlt");
}

constexpr std::uint64_t as_permissions(std::uint64_t epcm) { return epcm >> 1 & 7; }  // SECINFO's R, W, X
constexpr std::uint64_t as_epcm(std::uint64_t secinfo) { return (secinfo & 7) << 1; }

std::uint64_t read_secinfo(const sgx::Secinfo* info) {
  if (reinterpret_cast<std::uint64_t>(info) % sgx::kSecinfoAlignment != 0) general_protection();
  if ((info->flags & sgx::kSecinfoReserved) != 0) general_protection();
  for (std::uint8_t byte : info->reserved)
    if (byte != 0) general_protection();
  return info->flags;
}

std::uint64_t& entry_of(std::uint64_t address) {
  if (address % kPageSize != 0 || address >= layout::kElrangeSize) general_protection();
  return sim_epcm[address / kPageSize];
}

int page_protection(std::uint64_t permissions) {
  return (permissions & sgx::kSecinfoR ? PROT_READ : 0) | (permissions & sgx::kSecinfoW ? PROT_WRITE : 0) |
         (permissions & sgx::kSecinfoX ? PROT_EXEC : 0);
}

// A page accepted as TCS becomes one that EENTER takes.
bool adopt_tcs(std::uint64_t address, std::uint64_t& entry) {
  auto* tcs = reinterpret_cast<SimTcs*>(entry & ~std::uint64_t{kEpcmFlags});
  if (tcs == nullptr || tcs->address != address) return false;
  entry = (entry & ~std::uint64_t{kEpcmModified}) | kEpcmTcs;
  std::uint64_t& owner = sim_epcm[tcs->gs_base / kPageSize];
  owner = (owner & kEpcmFlags) | reinterpret_cast<std::uint64_t>(tcs);
  return true;
}
}  // namespace

extern "C" {
extern int sim_code_file;
std::uint64_t* sim_epcm = nullptr;
int sim_code_file = -1;

std::uint64_t sim_eaccept(const sgx::Secinfo* info, std::uint64_t address) {
  const std::uint64_t flags = read_secinfo(info);
  std::uint64_t& entry = entry_of(address);
  constexpr auto kMismatch = static_cast<std::uint64_t>(sgx::ErrorCode::page_attributes_mismatch);
  if ((entry & kEpcmValid) == 0) return kMismatch;
  const std::uint64_t wanted_state = (flags & sgx::kSecinfoPending ? std::uint64_t{kEpcmPending} : 0) |
                                     (flags & sgx::kSecinfoModified ? std::uint64_t{kEpcmModified} : 0) |
                                     (flags & sgx::kSecinfoPr ? std::uint64_t{kEpcmRestricted} : 0);
  const std::uint64_t state = entry & (kEpcmPending | kEpcmModified | kEpcmRestricted);
  if (state == 0 || state != wanted_state) return kMismatch;
  if (sgx::page_type(flags) == sgx::PageType::trim || (entry & kEpcmTrim) != 0) {
    if (sgx::page_type(flags) != sgx::PageType::trim || (entry & kEpcmTrim) == 0) return kMismatch;
    entry &= ~std::uint64_t{kEpcmModified};
    return 0;
  }
  const bool tcs = sgx::page_type(flags) == sgx::PageType::tcs;
  if (tcs) return (state == kEpcmModified && adopt_tcs(address, entry)) ? 0 : kMismatch;
  if (as_permissions(entry) != (flags & sgx::kSecinfoRwx)) return kMismatch;
  entry &= ~std::uint64_t{kEpcmPending | kEpcmModified | kEpcmRestricted};
  return 0;
}

std::uint64_t sim_emodpe(const sgx::Secinfo* info, std::uint64_t address) {
  const std::uint64_t flags = read_secinfo(info);
  if ((flags & sgx::kSecinfoR) == 0 && (flags & sgx::kSecinfoW) != 0) general_protection();
  std::uint64_t& entry = entry_of(address);
  if ((entry & kEpcmValid) == 0 || (entry & (kEpcmPending | kEpcmModified | kEpcmTcs)) != 0) general_protection();
  entry |= as_epcm(flags);
  return 0;
}

std::uint64_t sim_eacceptcopy(const sgx::Secinfo* info, std::uint64_t to, std::uint64_t from) {
  const std::uint64_t flags = read_secinfo(info);
  std::uint64_t& entry = entry_of(to);
  entry_of(from);
  if ((entry & (kEpcmValid | kEpcmPending)) != (kEpcmValid | kEpcmPending))
    return static_cast<std::uint64_t>(sgx::ErrorCode::page_attributes_mismatch);
  if ((entry & kEpcmCode) != 0) {
    if (raw_syscall(__NR_pwrite64, static_cast<std::uint64_t>(sim_code_file), from, kPageSize, to) !=
        static_cast<long>(kPageSize))
      general_protection();
  } else {
    const bool staged = (entry & kEpcmStaged) != 0;
    auto* target = reinterpret_cast<std::uint64_t*>(staged ? entry & ~std::uint64_t{kEpcmFlags} : to);
    const auto* source = reinterpret_cast<const std::uint64_t*>(from);
    for (std::uint64_t i = 0; i < kPageSize / 8; ++i) target[i] = source[i];
    if (!staged) raw_syscall(__NR_mprotect, to, kPageSize, static_cast<std::uint64_t>(page_protection(flags)));
  }
  entry = (entry & ~std::uint64_t{kEpcmPending | kEpcmRead | kEpcmWrite | kEpcmExecute}) | as_epcm(flags);
  return 0;
}
}
}  // namespace cloister::host
