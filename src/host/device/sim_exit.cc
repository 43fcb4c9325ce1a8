// SPDX-License-Identifier: Apache-2.0
#include "src/host/device/sim_exit.h"
#include <sys/syscall.h>
#include <cstring>
#include <initializer_list>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/host/device/sim_state.h"

extern "C" {
void sim_eexit();
void sim_ereport_entry();
void sim_egetkey_entry();
void sim_eaccept_entry();
void sim_emodpe_entry();
void sim_eacceptcopy_entry();
}

namespace cloister::host {
namespace {
constexpr std::uint64_t kSsaSize = layout::kSsaFramePages * layout::kPageSize;
constexpr int kSysSeccomp = 1, kSysUserDispatch = 2;
constexpr std::uint64_t kVsyscallPage = 0xffff'ffff'ff60'0000;
constexpr std::uint32_t kUserFetch = 0x15;  // error code of a page fault: present, user, instruction fetch

struct Exit {
  std::uint32_t exitinfo = 0;
  std::uint64_t address = 0;
  std::uint32_t error_code = 0;
  std::uint64_t rip_adjustment = 0;
  bool is_vsyscall = false;
};

// A call of the vsyscall page that the seccomp filter refused: the kernel has returned from it already. In an enclave
// the instruction fetch faults.
bool is_refused_vsyscall(const siginfo_t& info) {
  return info.si_signo == SIGSYS && info.si_code == kSysSeccomp &&
         (reinterpret_cast<std::uint64_t>(info.si_call_addr) & ~std::uint64_t{4095}) == kVsyscallPage;
}

// E-8: only what the processor reported just now. A signal that somebody sent has si_code <= 0, whatever trap number a
// previous fault left behind.
Exit classify(const siginfo_t& info, const ucontext_t& context) {
  Exit exit;
  if (info.si_signo == SIGSYS && info.si_code == kSysUserDispatch) {
    // Where the processor would have refused the instruction: before it.
    exit.exitinfo = sgx::kExitinfoValid | sgx::kExitinfoHardware | static_cast<std::uint32_t>(sgx::Vector::ud);
    exit.rip_adjustment = 2;
    return exit;
  }
  if (is_refused_vsyscall(info)) {
    exit.exitinfo = sgx::kExitinfoValid | sgx::kExitinfoHardware | static_cast<std::uint32_t>(sgx::Vector::pf);
    exit.address = reinterpret_cast<std::uint64_t>(info.si_call_addr);
    exit.error_code = kUserFetch;
    exit.is_vsyscall = true;
    return exit;
  }
  if (info.si_code <= 0) return exit;
  if (info.si_signo == SIGILL) {  // of a tile instruction without permission, too, beside a stale trap number
    exit.exitinfo = sgx::kExitinfoValid | sgx::kExitinfoHardware | static_cast<std::uint32_t>(sgx::Vector::ud);
    return exit;
  }
  const greg_t rip = context.uc_mcontext.gregs[REG_RIP];
  if (info.si_signo == SIGSEGV &&
      rip < 0) {  // beside its entries that page raises a bare SIGSEGV, with stale trap numbers
    exit.exitinfo = sgx::kExitinfoValid | sgx::kExitinfoHardware | static_cast<std::uint32_t>(sgx::Vector::pf);
    exit.address = static_cast<std::uint64_t>(rip);
    exit.error_code = kUserFetch;
    return exit;
  }
  const auto trap = static_cast<std::uint32_t>(context.uc_mcontext.gregs[REG_TRAPNO]);
  switch (info.si_signo) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGTRAP: {
      const std::uint32_t type = trap == 3 ? sgx::kExitinfoSoftware : sgx::kExitinfoHardware;
      exit.exitinfo = sgx::kExitinfoValid | type | trap;
      if (trap == static_cast<std::uint32_t>(sgx::Vector::pf)) {
        exit.address = static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_CR2]);
        exit.error_code = static_cast<std::uint32_t>(context.uc_mcontext.gregs[REG_ERR]);
      } else if (trap == static_cast<std::uint32_t>(sgx::Vector::gp)) {
        exit.error_code = static_cast<std::uint32_t>(context.uc_mcontext.gregs[REG_ERR]);
      }
      return exit;
    }
    default: return exit;
  }
}

// Size of the XSAVE image in the signal frame; the kernel describes it in the reserved bytes of the legacy area.
std::size_t xsave_size(const std::uint8_t* image) {
  std::uint32_t magic, size;
  std::memcpy(&magic, image + 464, 4);
  std::memcpy(&size, image + 480, 4);
  return magic == 0x46505853 && size <= kSsaSize - 256 ? size : 512 + 64;
}

void save_registers(const ucontext_t& context, std::uint64_t fs, SimTcs* tcs, const Exit& exit, sgx::Gprsgx* to) {
  const greg_t* g = context.uc_mcontext.gregs;
  auto reg = [g](int index) { return static_cast<std::uint64_t>(g[index]); };
  *to = {};
  to->rax = reg(REG_RAX), to->rcx = reg(REG_RCX), to->rdx = reg(REG_RDX), to->rbx = reg(REG_RBX);
  to->rsp = reg(REG_RSP), to->rbp = reg(REG_RBP), to->rsi = reg(REG_RSI), to->rdi = reg(REG_RDI);
  to->r8 = reg(REG_R8), to->r9 = reg(REG_R9), to->r10 = reg(REG_R10), to->r11 = reg(REG_R11);
  to->r12 = reg(REG_R12), to->r13 = reg(REG_R13), to->r14 = reg(REG_R14), to->r15 = reg(REG_R15);
  to->rflags = reg(REG_EFL);
  to->rip = reg(REG_RIP) - exit.rip_adjustment;
  if (exit.is_vsyscall) {
    to->rip = exit.address;
    to->rsp -= 8;  // the return address is still there
  }
  to->ursp = tcs->host_rsp;
  to->urbp = tcs->host_rbp;
  to->exitinfo = exit.exitinfo;
  to->fsbase = fs;
  to->gsbase = tcs->gs_base;
}

// SDM, "Synthetic State on Asynchronous Enclave Exit": ERESUME's operands, all else cleared.
void load_synthetic_state(SimTcs* tcs, ucontext_t* context) {
  greg_t* g = context->uc_mcontext.gregs;
  for (int index : {REG_RDX, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15})
    g[index] = 0;
  g[REG_RAX] = 3;
  g[REG_RBX] = static_cast<greg_t>(tcs->address);
  g[REG_RCX] = static_cast<greg_t>(tcs->aep);
  g[REG_RSP] = static_cast<greg_t>(tcs->host_rsp);
  g[REG_RBP] = static_cast<greg_t>(tcs->host_rbp);
  g[REG_RIP] = static_cast<greg_t>(tcs->aep);
  g[REG_EFL] = 0x202;
  g[REG_CSGSFS] = 0x002b'0000'0000'0033;  // SYSENTER may have left the thread in 32-bit mode
  g[REG_CR2] = g[REG_ERR] = g[REG_TRAPNO] = 0;
}

// The kernel wrote every vector register of the program onto the signal stack.
void wipe_extended_state(std::uint8_t* image, std::size_t size) {
  std::memset(image, 0, 464);
  const std::uint32_t mxcsr = 0x1f80;
  const std::uint16_t fcw = 0x37f;
  std::memcpy(image + 24, &mxcsr, 4);
  std::memcpy(image, &fcw, 2);
  if (size <= 512) return;
  std::memset(image + 512, 0, 8);  // XSTATE_BV: all initial
  if (size > 576) std::memset(image + 576, 0, size - 576);
}
}  // namespace

bool is_enclave_context(const ucontext_t& context) {
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]) < layout::kElrangeSize;
}

bool is_fetch_outside(const siginfo_t& info, const ucontext_t& context, const SimTcs* tcs) {
  const greg_t* g = context.uc_mcontext.gregs;
  if (tcs == nullptr || tcs->busy == 0 || info.si_signo != SIGSEGV || info.si_code <= 0) return false;
  const bool is_unmapped = g[REG_TRAPNO] == static_cast<greg_t>(sgx::Vector::pf) && g[REG_CR2] == g[REG_RIP];
  const bool is_of_kernel = g[REG_RIP] < 0;  // the upper half, or no canonical address
  return is_unmapped || is_of_kernel;
}

namespace {
LeafMode leaf_mode = LeafMode::patched;

void (*emulation_of(std::uint64_t leaf))() {
  switch (leaf) {
    case 0: return sim_ereport_entry;
    case 1: return sim_egetkey_entry;
    case 4: return sim_eexit;
    case 5: return sim_eaccept_entry;
    case 6: return sim_emodpe_entry;
    case 7: return sim_eacceptcopy_entry;
    default: return nullptr;
  }
}
}  // namespace

void set_leaf_mode(LeafMode mode) { leaf_mode = mode; }

bool enter_leaf(const siginfo_t& info, ucontext_t* context) {
  if (leaf_mode != LeafMode::trapped || (info.si_signo != SIGILL && info.si_signo != SIGSEGV) || info.si_code <= 0)
    return false;
  greg_t* g = context->uc_mcontext.gregs;
  const auto rip = static_cast<std::uint64_t>(g[REG_RIP]);
  if (rip < layout::kImageBase || rip >= layout::kElrangeSize) return false;
  if (std::memcmp(reinterpret_cast<const void*>(rip), "\x0f\x01\xd7", 3) != 0) return false;
  const auto emulation = emulation_of(static_cast<std::uint64_t>(g[REG_RAX]));
  if (emulation == nullptr) return false;
  if (emulation != sim_eexit) {  // it ends with a return, to behind the instruction
    g[REG_RSP] -= 8;
    const std::uint64_t behind = rip + 3;
    std::memcpy(reinterpret_cast<void*>(g[REG_RSP]), &behind, sizeof behind);
  }
  g[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uint64_t>(emulation));
  return true;
}

bool leave_leaf(SimTcs* tcs, ucontext_t* context) {
  if (tcs == nullptr || tcs->leaf_vector == 0 || tcs->in_leaf <= 1) return false;
  // As LEAF_ENTRY pushed them, upwards: r12, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rbp, the return address.
  const auto* pushed = reinterpret_cast<const std::uint64_t*>(tcs->in_leaf);
  static constexpr int kOrder[] = {REG_R12, REG_R11, REG_R10, REG_R9,  REG_R8,
                                   REG_RDI, REG_RSI, REG_RDX, REG_RCX, REG_RBP};
  greg_t* g = context->uc_mcontext.gregs;
  for (int index : kOrder) g[index] = static_cast<greg_t>(*pushed++);
  // The leaf's function: the target of the `call` before the return address, so that the fault is at its body.
  const std::uint64_t back = *pushed;
  std::int32_t distance = -3;  // a trapped leaf is right before it
  if (leaf_mode == LeafMode::patched) std::memcpy(&distance, reinterpret_cast<const void*>(back - 4), sizeof distance);
  g[REG_RIP] = static_cast<greg_t>(back + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance)));
  g[REG_RSP] = static_cast<greg_t>(reinterpret_cast<std::uint64_t>(pushed));
  g[REG_TRAPNO] = static_cast<greg_t>(tcs->leaf_vector);
  g[REG_CR2] = static_cast<greg_t>(tcs->leaf_address);
  g[REG_ERR] = 0;
  tcs->in_leaf = tcs->leaf_vector = 0;
  return true;
}

SimTcs* current_sim_tcs() {
  std::uint64_t gs;
  asm volatile("rdgsbase %0" : "=r"(gs));
  if (gs == 0 || gs >= layout::kElrangeSize) return nullptr;
  return reinterpret_cast<SimTcs*>(sim_epcm[gs / layout::kPageSize] & ~std::uint64_t{kEpcmFlags});
}

bool asynchronous_exit(SimTcs* tcs, const siginfo_t& info, ucontext_t* context, std::uint64_t fs) {
  const Exit exit = classify(info, *context);
  auto* frame = reinterpret_cast<std::uint8_t*>(tcs->ssa + tcs->cssa * kSsaSize);
  auto* gpr = reinterpret_cast<sgx::Gprsgx*>(frame + kSsaSize - sizeof(sgx::Gprsgx));
  auto* exinfo = reinterpret_cast<sgx::Exinfo*>(frame + kSsaSize - sizeof(sgx::Gprsgx) - sizeof(sgx::Exinfo));
  save_registers(*context, fs, tcs, exit, gpr);
  if (exit.exitinfo != 0) *exinfo = {exit.address, exit.error_code, 0};
  auto* image = reinterpret_cast<std::uint8_t*>(context->uc_mcontext.fpregs);
  const std::size_t size = xsave_size(image);
  std::memcpy(frame, image, size);
  std::memset(frame + 464, 0, 48);  // the kernel's own marks are no part of an XSAVE image
  std::memset(frame + 528, 0, 48);  // nor of its header (XCOMP_BV and reserved must be zero)
  std::memset(frame + 520, 0, 8);
  ++tcs->cssa;
  tcs->busy = 0;
  load_synthetic_state(tcs, context);
  wipe_extended_state(image, size);
  return exit.exitinfo != 0;
}
}  // namespace cloister::host
