// SPDX-License-Identifier: Apache-2.0
// The conditions of EENTER and ERESUME that the software processor has, and one round trip. See docs/simulation.md.
#include <gtest/gtest.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/host/device/sim_state.h"

extern "C" {
void sim_eenter();
void sim_eexit();
// Not entered here; the transitions' file refers to them.
std::uint64_t sim_ereport() { return 0; }
std::uint64_t sim_egetkey() { return 0; }

// An enclave that leaves at once: EEXIT to where EENTER said that it would return.
void leave_at_once();
asm(R"(
  .text
  .globl leave_at_once
leave_at_once:
  mov %rcx, %rbx
  jmp sim_eexit
)");
}

namespace cloister::host {
namespace {
using layout::kPageSize;
constexpr std::uint64_t kTcs = 0x3000'0000'00, kThread = kTcs + kPageSize;
constexpr std::uint64_t kEenter = 2, kEresume = 3;

sigjmp_buf before_leaf;
volatile sig_atomic_t vector;
void on_fault(int, siginfo_t*, void* context) {
  vector = static_cast<int>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_TRAPNO]);
  siglongjmp(before_leaf, 1);
}

class SimTransitions : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::uint64_t pages = layout::kElrangeSize / kPageSize;
    void* const table =
        mmap(nullptr, pages * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(table, MAP_FAILED);
    sim_epcm = static_cast<std::uint64_t*>(table);
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);
  }
  void SetUp() override {
    tcs_ = {};
    tcs_.nssa = 2;
    tcs_.entry = reinterpret_cast<std::uint64_t>(&leave_at_once);
    tcs_.gs_base = kThread;
    const auto shadow = reinterpret_cast<std::uint64_t>(&tcs_);
    sim_epcm[kTcs / kPageSize] = shadow | kEpcmValid | kEpcmTcs;
    sim_epcm[kThread / kPageSize] = shadow | kEpcmValid;
  }
  void TearDown() override { sim_epcm[kTcs / kPageSize] = sim_epcm[kThread / kPageSize] = 0; }

  // The vector that the leaf raised; 0 when it came back.
  int enter(std::uint64_t leaf, std::uint64_t tcs) {
    vector = 0;
    if (sigsetjmp(before_leaf, 1) != 0) return vector;
    asm volatile(
        "push %%rbp\n"
        "lea 1f(%%rip), %%r10\n"
        "push %%r10\n"
        "jmp sim_eenter\n"
        "1: pop %%rbp\n"
        : "+a"(leaf), "+b"(tcs)
        :
        : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
    return 0;
  }
  SimTcs tcs_;
};
constexpr int kGp = static_cast<int>(sgx::Vector::gp);

TEST_F(SimTransitions, EnterAndLeave) {
  EXPECT_EQ(enter(kEenter, kTcs), 0);
  EXPECT_EQ(tcs_.busy, 0u);
  EXPECT_EQ(tcs_.cssa, 0u);
  EXPECT_EQ(enter(kEenter, kTcs), 0);
}
TEST_F(SimTransitions, EenterOfNoTcs) {
  EXPECT_EQ(enter(kEenter, kThread), kGp);
  EXPECT_EQ(enter(kEenter, kTcs + 2 * kPageSize), kGp);
  EXPECT_EQ(enter(kEenter, layout::kElrangeSize), kGp);
  EXPECT_EQ(enter(kEenter, ~std::uint64_t{0}), kGp);
}
TEST_F(SimTransitions, EenterOfABusyTcs) {
  tcs_.busy = 1;
  EXPECT_EQ(enter(kEenter, kTcs), kGp);
  EXPECT_EQ(tcs_.busy, 1u);
}
TEST_F(SimTransitions, EenterWithoutAFreeFrame) {
  tcs_.cssa = tcs_.nssa;
  EXPECT_EQ(enter(kEenter, kTcs), kGp);
  EXPECT_EQ(tcs_.busy, 0u);
}
TEST_F(SimTransitions, EresumeWithoutAFrame) {
  EXPECT_EQ(enter(kEresume, kTcs), kGp);
  EXPECT_EQ(tcs_.busy, 0u);
}
TEST_F(SimTransitions, EresumeOfNoTcsOrABusyOne) {
  tcs_.cssa = 1;
  EXPECT_EQ(enter(kEresume, kThread), kGp);
  EXPECT_EQ(enter(kEresume, layout::kElrangeSize), kGp);
  tcs_.busy = 1;
  EXPECT_EQ(enter(kEresume, kTcs), kGp);
}
}  // namespace
}  // namespace cloister::host
