// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/signal_frame.h"
#include <cstring>

namespace cloister::kernel {
namespace {
constexpr std::uint64_t kRedZone = 128;
constexpr std::size_t kEndMarkSize = 4;
}  // namespace

bool is_within_stack(const AlternateStack& stack, std::uint64_t rsp) {
  return rsp > stack.address && rsp - stack.address <= stack.size;
}

bool is_on_alternate_stack(const AlternateStack& stack, std::uint64_t rsp) {
  return (static_cast<std::uint32_t>(stack.flags) & kSsAutodisarm) == 0 && is_within_stack(stack, rsp);
}

int alternate_stack_state(const AlternateStack& stack, std::uint64_t rsp) {
  if (stack.size == 0) return kSsDisable;
  return is_on_alternate_stack(stack, rsp) ? kSsOnStack : 0;
}

std::optional<FramePlace> place_frame(std::uint64_t rsp, const AlternateStack& stack, StackChoice choice,
                                      std::size_t state_size) {
  bool on_alternate = is_on_alternate_stack(stack, rsp);
  std::uint64_t top = rsp - kRedZone;
  if (choice == StackChoice::alternate && alternate_stack_state(stack, top) == 0) {
    top = stack.address + stack.size;
    on_alternate = true;
  }
  const std::uint64_t fpstate = (top - (state_size + kEndMarkSize)) & ~std::uint64_t{63};
  const std::uint64_t frame = ((fpstate - sizeof(abi::SignalFrame)) & ~std::uint64_t{15}) - 8;
  if (frame > rsp && !on_alternate) return std::nullopt;  // wrapped below address 0
  if (on_alternate && !is_within_stack(stack, frame)) return std::nullopt;
  return FramePlace{frame, fpstate};
}

void fill_frame(abi::SignalFrame* frame, std::uint64_t fpstate, const FrameContents& contents) {
  const core::ProgramContext& from = contents.registers;
  *frame = {};
  frame->return_address = contents.restorer;
  abi::UserContext& user = frame->context;
  user.flags = abi::kUcFpXstate | abi::kUcSigcontextSs | abi::kUcStrictRestoreSs;
  user.stack = {contents.stack.address, contents.stack.flags, 0, contents.stack.size};
  user.mask = contents.mask;
  abi::SignalContext& to = user.registers;
  to.r8 = from.r8, to.r9 = from.r9, to.r10 = from.r10, to.r11 = from.r11;
  to.r12 = from.r12, to.r13 = from.r13, to.r14 = from.r14, to.r15 = from.r15;
  to.rdi = from.rdi, to.rsi = from.rsi, to.rbp = from.rbp, to.rbx = from.rbx;
  to.rdx = from.rdx, to.rax = from.rax, to.rcx = from.rcx, to.rsp = from.rsp;
  to.rip = from.rip, to.rflags = from.rflags;
  to.cs = abi::kUserCs, to.ss = abi::kUserDs;
  to.error_code = contents.error_code, to.trap_number = contents.trap_number;
  to.cr2 = contents.fault_address;
  to.old_mask = contents.mask;
  to.fpstate = fpstate;
  static_assert(sizeof contents.info == sizeof frame->info);
  std::memcpy(frame->info, &contents.info, sizeof frame->info);
}

void registers_of_frame(const abi::SignalContext& from, core::ProgramContext* to) {
  to->r8 = from.r8, to->r9 = from.r9, to->r10 = from.r10, to->r11 = from.r11;
  to->r12 = from.r12, to->r13 = from.r13, to->r14 = from.r14, to->r15 = from.r15;
  to->rdi = from.rdi, to->rsi = from.rsi, to->rbp = from.rbp, to->rbx = from.rbx;
  to->rdx = from.rdx, to->rax = from.rax, to->rcx = from.rcx, to->rsp = from.rsp;
  to->rip = from.rip;
  to->rflags = (to->rflags & ~abi::kFlagsOfPrograms) | (from.rflags & abi::kFlagsOfPrograms);
}

void mark_fpstate(std::byte* image, std::size_t state_size, std::uint64_t features) {
  abi::FpMarks marks{};
  marks.magic1 = abi::kFpMagic1;
  marks.extended_size = static_cast<std::uint32_t>(state_size + kEndMarkSize);
  marks.features = features;
  marks.state_size = static_cast<std::uint32_t>(state_size);
  std::memcpy(image + abi::kFpMarksOffset, &marks, sizeof marks);
}

std::optional<std::size_t> marked_fpstate_size(const abi::FpMarks& marks, std::size_t state_size) {
  constexpr std::size_t kLeast = abi::kXsaveLegacySize + abi::kXsaveHeaderSize;
  if (marks.magic1 != abi::kFpMagic1 || marks.state_size < kLeast || marks.state_size > state_size ||
      marks.state_size > marks.extended_size)
    return std::nullopt;
  return marks.state_size;
}
}  // namespace cloister::kernel
