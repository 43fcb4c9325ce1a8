// SPDX-License-Identifier: Apache-2.0
// EACCEPT, EMODPE and EACCEPTCOPY of the software processor (SDM vol. 3D). They run on the enclave's stack with the
// enclave's FS base, so this file is compiled for general registers, without stack protector and thread-local storage.
//
// A #GP or #PF of the leaf is noted in the SimTcs and raised by `hlt`; leave_leaf() (sim_exit.cc) makes an exit at the
// leaf out of it. docs/simulation.md lists the conditions, sim_leaves_test.cc tries each.
#include <asm/mman.h>
#include <asm/unistd_64.h>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/host/device/sim_state.h"
#include "src/host/raw_syscall.h"

namespace cloister::host {
namespace {
using layout::kPageSize;

// One leaf at work for one thread: its faults, and the operands' checks that all leaves share.
class Leaf {
 public:
  explicit Leaf(SimTcs* tcs) : tcs_(tcs) {}

  [[noreturn]] void general_protection() const { raise(sgx::Vector::gp, 0); }
  [[noreturn]] void page_fault(std::uint64_t address) const { raise(sgx::Vector::pf, address); }

  // SECINFO: aligned, inside, on a page that the enclave may read, and nothing reserved in it.
  std::uint64_t read_secinfo(const sgx::Secinfo* info) const {
    const auto address = reinterpret_cast<std::uint64_t>(info);
    if (address % sgx::kSecinfoAlignment != 0 || address >= layout::kElrangeSize) general_protection();
    require_settled(address, kEpcmRead);
    if ((info->flags & sgx::kSecinfoReserved) != 0) general_protection();
    for (std::uint8_t byte : info->reserved)
      if (byte != 0) general_protection();
    return info->flags;
  }

  // The entry of a page operand.
  std::uint64_t& entry_of(std::uint64_t address) const {
    if (address % kPageSize != 0 || address >= layout::kElrangeSize) general_protection();
    std::uint64_t& entry = sim_epcm[address / kPageSize];
    if ((entry & kEpcmValid) == 0) page_fault(address);
    return entry;
  }

  // A regular page in no transition that has these rights.
  void require_settled(std::uint64_t address, std::uint64_t rights) const {
    const std::uint64_t entry = sim_epcm[address / kPageSize];
    constexpr std::uint64_t kUnsettled = kEpcmPending | kEpcmModified | kEpcmTcs | kEpcmTrim;
    if ((entry & kEpcmValid) == 0 || (entry & kUnsettled) != 0 || (entry & rights) != rights) page_fault(address);
  }

 private:
  [[noreturn]] void raise(sgx::Vector vector, std::uint64_t address) const {
    tcs_->leaf_vector = static_cast<std::uint64_t>(vector);
    tcs_->leaf_address = address;
    for (;;) asm volatile("hlt");
  }
  SimTcs* tcs_;
};

constexpr std::uint64_t as_permissions(std::uint64_t epcm) { return epcm >> 1 & 7; }  // SECINFO's R, W, X
constexpr std::uint64_t as_epcm(std::uint64_t secinfo) { return (secinfo & 7) << 1; }

int page_protection(std::uint64_t permissions) {
  return (permissions & sgx::kSecinfoR ? PROT_READ : 0) | (permissions & sgx::kSecinfoW ? PROT_WRITE : 0) |
         (permissions & sgx::kSecinfoX ? PROT_EXEC : 0);
}

// What EACCEPT may be asked for: a new regular page, a restricted one, a new TCS, a page to be trimmed.
bool is_acceptable(std::uint64_t flags) {
  const std::uint64_t state = flags & (sgx::kSecinfoPending | sgx::kSecinfoModified | sgx::kSecinfoPr);
  switch (sgx::page_type(flags)) {
    case sgx::PageType::reg: return state == sgx::kSecinfoPending || state == sgx::kSecinfoPr;
    case sgx::PageType::tcs: return state == sgx::kSecinfoModified;
    case sgx::PageType::trim: return state == sgx::kSecinfoModified;
    default: return false;
  }
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

std::uint64_t sim_eaccept(const sgx::Secinfo* info, std::uint64_t address, std::uint64_t, SimTcs* tcs) {
  const Leaf leaf(tcs);
  const std::uint64_t flags = leaf.read_secinfo(info);
  std::uint64_t& entry = leaf.entry_of(address);
  if (!is_acceptable(flags)) leaf.general_protection();
  constexpr auto kMismatch = static_cast<std::uint64_t>(sgx::ErrorCode::page_attributes_mismatch);
  const std::uint64_t wanted_state = (flags & sgx::kSecinfoPending ? std::uint64_t{kEpcmPending} : 0) |
                                     (flags & sgx::kSecinfoModified ? std::uint64_t{kEpcmModified} : 0) |
                                     (flags & sgx::kSecinfoPr ? std::uint64_t{kEpcmRestricted} : 0);
  if ((entry & (kEpcmPending | kEpcmModified | kEpcmRestricted)) != wanted_state) return kMismatch;
  const bool trim = sgx::page_type(flags) == sgx::PageType::trim;
  if (trim != ((entry & kEpcmTrim) != 0)) return kMismatch;
  if (trim) {
    entry &= ~std::uint64_t{kEpcmModified};
    return 0;
  }
  if (sgx::page_type(flags) == sgx::PageType::tcs) return adopt_tcs(address, entry) ? 0 : kMismatch;
  if (as_permissions(entry) != (flags & sgx::kSecinfoRwx)) return kMismatch;
  entry &= ~std::uint64_t{kEpcmPending | kEpcmModified | kEpcmRestricted};
  return 0;
}

std::uint64_t sim_emodpe(const sgx::Secinfo* info, std::uint64_t address, std::uint64_t, SimTcs* tcs) {
  const Leaf leaf(tcs);
  const std::uint64_t flags = leaf.read_secinfo(info);
  std::uint64_t& entry = leaf.entry_of(address);
  if ((flags & sgx::kSecinfoR) == 0 && (flags & sgx::kSecinfoW) != 0) leaf.general_protection();
  leaf.require_settled(address, 0);
  entry |= as_epcm(flags);
  return 0;
}

std::uint64_t sim_eacceptcopy(const sgx::Secinfo* info, std::uint64_t to, std::uint64_t from, SimTcs* tcs) {
  const Leaf leaf(tcs);
  const std::uint64_t flags = leaf.read_secinfo(info);
  std::uint64_t& entry = leaf.entry_of(to);
  leaf.entry_of(from);
  if (sgx::page_type(flags) != sgx::PageType::reg || (flags & ~(sgx::kSecinfoRwx | sgx::kSecinfoPageTypeMask)) != 0 ||
      ((flags & sgx::kSecinfoR) == 0 && (flags & sgx::kSecinfoW) != 0))
    leaf.general_protection();
  leaf.require_settled(from, kEpcmRead);
  if ((entry & (kEpcmPending | kEpcmModified | kEpcmTrim | kEpcmTcs)) != kEpcmPending)
    return static_cast<std::uint64_t>(sgx::ErrorCode::page_attributes_mismatch);
  if ((entry & kEpcmCode) != 0) {
    if (raw_syscall(__NR_pwrite64, static_cast<std::uint64_t>(sim_code_file), from, kPageSize, to) !=
        static_cast<long>(kPageSize))
      leaf.general_protection();
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
