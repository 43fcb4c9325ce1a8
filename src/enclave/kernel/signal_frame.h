// SPDX-License-Identifier: Apache-2.0
// The frame of a signal handler: where it lies and what is in it, as Linux's rt_sigframe. Pure functions. Trusted.
#pragma once
#include <optional>
#include "abi/linux/signal_frame.h"
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/signal_state.h"

namespace cloister::kernel {
inline constexpr int kSsOnStack = 1, kSsDisable = 2;
inline constexpr std::uint32_t kSsAutodisarm = 1u << 31;

// Does the stack pointer lie on the alternate stack (which need not be in use as such)?
bool is_within_stack(const AlternateStack& stack, std::uint64_t rsp);
// The same, as the program is told: an auto-disarmed stack never counts.
bool is_on_alternate_stack(const AlternateStack& stack, std::uint64_t rsp);
// SS_DISABLE, SS_ONSTACK or 0.
int alternate_stack_state(const AlternateStack& stack, std::uint64_t rsp);

struct FramePlace {
  std::uint64_t frame;    // of the SignalFrame: 16-byte aligned but for 8, as after a call
  std::uint64_t fpstate;  // of the XSAVE image, 64-byte aligned
};
// Below the red zone, or on the alternate stack. Nothing when the frame would run out of the alternate stack.
enum class StackChoice { current, alternate };
std::optional<FramePlace> place_frame(std::uint64_t rsp, const AlternateStack& stack, StackChoice choice,
                                      std::size_t state_size);

struct FrameContents {
  const core::ProgramContext& registers;  // rip and rsp as the program shall see them
  const siginfo_t& info;
  const AlternateStack& stack;
  SignalSet mask;
  std::uint64_t restorer, trap_number, error_code, fault_address;
};
void fill_frame(abi::SignalFrame* frame, std::uint64_t fpstate, const FrameContents& contents);
// The registers that a handler left in its frame; nothing of the flags but what programs may set. `full` is left alone.
void registers_of_frame(const abi::SignalContext& from, core::ProgramContext* to);
// Marks the XSAVE image of `state_size` bytes as Linux does; the end mark (abi::kFpMagic2) follows the image.
void mark_fpstate(std::byte* image, std::size_t state_size, std::uint64_t features);
// The size of the image by its marks; nothing when there are none that make sense (then only the legacy part counts).
std::optional<std::size_t> marked_fpstate_size(const abi::FpMarks& marks, std::size_t state_size);
}  // namespace cloister::kernel
