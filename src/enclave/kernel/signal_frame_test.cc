// SPDX-License-Identifier: Apache-2.0
// The frame against the C library's <ucontext.h>, and against a frame that the kernel of the machine makes.
#include "src/enclave/kernel/signal_frame.h"
#include <gtest/gtest.h>
#include <sys/ucontext.h>
#include <ucontext.h>
#include <cstring>
#include <vector>

namespace cloister::kernel {
namespace {
core::ProgramContext numbered_context() {
  core::ProgramContext context{};
  auto* words = reinterpret_cast<std::uint64_t*>(&context);
  for (std::size_t i = 0; i < sizeof context / 8; ++i) words[i] = 0x1000 + i;
  context.rsp = 0x7000'0000;
  context.rip = 0x40'1234;
  context.rflags = 0x246;
  return context;
}

TEST(SignalFrame, FieldsAreWhereProgramsLookForThem) {
  EXPECT_EQ(offsetof(abi::UserContext, stack), offsetof(ucontext_t, uc_stack));
  EXPECT_EQ(offsetof(abi::UserContext, registers), offsetof(ucontext_t, uc_mcontext));
  EXPECT_EQ(offsetof(abi::UserContext, mask), offsetof(ucontext_t, uc_sigmask));
  const core::ProgramContext context = numbered_context();
  siginfo_t info{};
  info.si_signo = SIGUSR1;
  info.si_pid = 4711;
  abi::SignalFrame frame;
  fill_frame(&frame, 0xabc0, {context, info, {0x5000, 0x2000, 0}, 0x55, 0x40'2000, 14, 6, 0xdead});
  EXPECT_EQ(frame.return_address, 0x40'2000u);
  ucontext_t seen;
  std::memset(&seen, 0, sizeof seen);
  std::memcpy(&seen, &frame.context, sizeof frame.context);
  const greg_t* g = seen.uc_mcontext.gregs;
  const auto is = [g](int index, std::uint64_t value) { return static_cast<std::uint64_t>(g[index]) == value; };
  EXPECT_TRUE(is(REG_RAX, context.rax) && is(REG_RBX, context.rbx) && is(REG_RCX, context.rcx) &&
              is(REG_RDX, context.rdx));
  EXPECT_TRUE(is(REG_RSI, context.rsi) && is(REG_RDI, context.rdi) && is(REG_RBP, context.rbp) &&
              is(REG_RSP, context.rsp));
  EXPECT_TRUE(is(REG_R8, context.r8) && is(REG_R9, context.r9) && is(REG_R10, context.r10) && is(REG_R11, context.r11));
  EXPECT_TRUE(is(REG_R12, context.r12) && is(REG_R13, context.r13) && is(REG_R14, context.r14) &&
              is(REG_R15, context.r15));
  EXPECT_TRUE(is(REG_RIP, context.rip) && is(REG_EFL, context.rflags) && is(REG_CSGSFS, 0x002b'0000'0000'0033));
  EXPECT_TRUE(is(REG_ERR, 6) && is(REG_TRAPNO, 14) && is(REG_CR2, 0xdead) && is(REG_OLDMASK, 0x55));
  EXPECT_EQ(reinterpret_cast<std::uint64_t>(seen.uc_mcontext.fpregs), 0xabc0u);
  EXPECT_EQ(reinterpret_cast<std::uint64_t>(seen.uc_stack.ss_sp), 0x5000u);
  EXPECT_EQ(seen.uc_stack.ss_size, 0x2000u);
  EXPECT_EQ(seen.uc_sigmask.__val[0], 0x55u);
  EXPECT_EQ(seen.uc_flags, 7u);
  EXPECT_EQ(std::memcmp(frame.info, &info, sizeof info), 0);
}

TEST(SignalFrame, RegistersComeBack) {
  const core::ProgramContext context = numbered_context();
  abi::SignalFrame frame;
  fill_frame(&frame, 0, {context, siginfo_t{}, {}, 0, 0, 0, 0, 0});
  frame.context.registers.rflags = ~0ULL;
  core::ProgramContext back{};
  back.rflags = 0x202;
  registers_of_frame(frame.context.registers, &back);
  EXPECT_EQ(back.r15, context.r15);
  EXPECT_EQ(back.rcx, context.rcx);
  EXPECT_EQ(back.rip, context.rip);
  EXPECT_EQ(back.rflags, 0x202u | abi::kFlagsOfPrograms);
}

TEST(SignalFrame, LiesBelowTheRedZoneAligned) {
  for (std::uint64_t rsp = 0x7fff'0000; rsp < 0x7fff'0040; ++rsp) {
    const auto place = place_frame(rsp, {}, StackChoice::current, 2696);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->fpstate % 64, 0u);
    EXPECT_EQ(place->frame % 16, 8u);
    EXPECT_LE(place->fpstate + 2696 + 4, rsp - 128);
    EXPECT_LE(place->frame + sizeof(abi::SignalFrame), place->fpstate);
  }
}

TEST(SignalFrame, AlternateStack) {
  const AlternateStack stack{0x10'0000, 0x4000, 0};
  const auto outside = place_frame(0x7fff'0000, stack, StackChoice::alternate, 2696);
  ASSERT_TRUE(outside);
  EXPECT_LT(outside->frame, 0x10'4000u);
  EXPECT_GT(outside->frame, 0x10'0000u);
  const auto ignored = place_frame(0x7fff'0000, stack, StackChoice::current, 2696);
  EXPECT_GT(ignored->frame, 0x7ffe'0000u);
  // Already there: the frame goes below, as long as there is room.
  const auto nested = place_frame(0x10'3000, stack, StackChoice::alternate, 2696);
  ASSERT_TRUE(nested);
  EXPECT_LT(nested->frame, 0x10'3000u);
  EXPECT_FALSE(place_frame(0x10'0800, stack, StackChoice::alternate, 2696));
  EXPECT_FALSE(place_frame(0x7fff'0000, {0x10'0000, 0x800, 0}, StackChoice::alternate, 2696));
  EXPECT_FALSE(place_frame(0x100, {}, StackChoice::current, 2696));
}

TEST(SignalFrame, AlternateStackStates) {
  const AlternateStack stack{0x1000, 0x1000, 0};
  EXPECT_EQ(alternate_stack_state({}, 0x1800), kSsDisable);
  EXPECT_EQ(alternate_stack_state(stack, 0x1800), kSsOnStack);
  EXPECT_EQ(alternate_stack_state(stack, 0x1000), 0);
  EXPECT_EQ(alternate_stack_state(stack, 0x2000), kSsOnStack);
  EXPECT_EQ(alternate_stack_state(stack, 0x2001), 0);
  EXPECT_EQ(alternate_stack_state({0x1000, 0x1000, static_cast<int>(kSsAutodisarm)}, 0x1800), 0);
}

TEST(SignalFrame, MarksOfTheFpstate) {
  std::vector<std::byte> image(2696);
  mark_fpstate(image.data(), image.size(), 0xe7);
  abi::FpMarks marks;
  std::memcpy(&marks, image.data() + abi::kFpMarksOffset, sizeof marks);
  EXPECT_EQ(marked_fpstate_size(marks, 2696), std::optional<std::size_t>(2696));
  EXPECT_FALSE(marked_fpstate_size(marks, 2000));
  marks.magic1 = 0;
  EXPECT_FALSE(marked_fpstate_size(marks, 2696));
  mark_fpstate(image.data(), 100, 3);
  std::memcpy(&marks, image.data() + abi::kFpMarksOffset, sizeof marks);
  EXPECT_FALSE(marked_fpstate_size(marks, 2696));
}

// What this machine's kernel builds has the same shape: distances, marks, selectors.
struct Seen {
  bool done = false;
  abi::SignalFrame frame;
  abi::FpMarks marks;
  std::uint64_t frame_address;
  std::uint32_t end_mark;
} seen;

void look(int, siginfo_t*, void* context) {
  const auto address = reinterpret_cast<std::uint64_t>(context) - offsetof(abi::SignalFrame, context);
  std::memcpy(&seen.frame, reinterpret_cast<const void*>(address), sizeof seen.frame);
  const std::uint64_t fpstate = seen.frame.context.registers.fpstate;
  std::memcpy(&seen.marks, reinterpret_cast<const void*>(fpstate + abi::kFpMarksOffset), sizeof seen.marks);
  std::memcpy(&seen.end_mark, reinterpret_cast<const void*>(fpstate + seen.marks.state_size), sizeof seen.end_mark);
  seen.frame_address = address;
  seen.done = true;
}

TEST(SignalFrame, AsTheKernelMakesIt) {
  struct sigaction action {
  }, old;
  action.sa_sigaction = look;
  action.sa_flags = SA_SIGINFO;
  ASSERT_EQ(sigaction(SIGUSR1, &action, &old), 0);
  raise(SIGUSR1);
  sigaction(SIGUSR1, &old, nullptr);
  ASSERT_TRUE(seen.done);
  const abi::SignalContext& registers = seen.frame.context.registers;
  const auto place = place_frame(registers.rsp, {}, StackChoice::current, seen.marks.state_size);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->frame, seen.frame_address);
  EXPECT_EQ(place->fpstate, registers.fpstate);
  EXPECT_EQ(seen.marks.magic1, abi::kFpMagic1);
  EXPECT_EQ(seen.end_mark, abi::kFpMagic2);
  EXPECT_EQ(seen.marks.extended_size, seen.marks.state_size + 4);
  EXPECT_EQ(registers.cs, abi::kUserCs);
  EXPECT_EQ(registers.ss, abi::kUserDs);
  EXPECT_EQ(seen.frame.context.flags, 7u);
}
}  // namespace
}  // namespace cloister::kernel
