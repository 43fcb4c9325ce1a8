// SPDX-License-Identifier: Apache-2.0
// Addresses in trampolines and the original addresses that they stand for. Both sides; no allocation.
//
// Signal frames must show original addresses, or unwinding and thread cancellation break; and a frame that a handler
// returns to may name an original address that has been overwritten. Both directions walk the plan, whose layout is
// deterministic (trampoline.h), so that nothing has to be kept per site.
#pragma once
#include <optional>
#include "src/plan/trampoline.h"

namespace cloister {

// What a loader keeps of one rewritten piece of text.
struct RewrittenText {
  PlanView plan;
  TextRange text;
  std::uint64_t trampolines_address;
  std::uint64_t trampolines_size;  // trampoline_size(plan, text)
};

struct OriginalPosition {
  std::uint64_t pc;
  std::uint32_t stack_adjustment;  // add this to RSP: 128 around the call of a cpuid or rdtsc gate, 0 otherwise
  bool at_instruction;             // pc is the syscall (cpuid, …) instruction itself, which has not been carried out
};

// nullopt when `pc` is not in a trampoline of this text. In the gate of a syscall the instruction has not happened yet,
// whatever RCX holds: it is one that the instruction destroys.
std::optional<OriginalPosition> original_position(const RewrittenText& text, std::uint64_t pc);

// Where to continue for the original address `pc`: nullopt when the code there is untouched and can be run in place.
std::optional<std::uint64_t> trampoline_position(const RewrittenText& text, std::uint64_t pc);

}  // namespace cloister
