// SPDX-License-Identifier: Apache-2.0
// Applies a plan to text. Both sides; no allocation, no exceptions, no system calls, general registers suffice.
//
// Text and trampolines are byte arrays that will run (perhaps elsewhere: both may be staging copies) at the addresses
// given. The text is compared with the plan first and is changed only when everything fits, so that after an error it
// is as before and can be left to the trap path; the trampolines are then to be thrown away.
#pragma once
#include "src/plan/trampoline.h"

namespace cloister {

// Where the trampolines go: run-time addresses in the runtime.
//   syscall: reached by a jump. RCX is where to resume, all else is the program's; return by jumping to RCX.
//   others:  reached by a call with RSP 128 below the program's. They answer in the registers that the instruction
//            writes, preserve all others and the flags, and return by `ret`.
struct EntryPoints {
  std::uint64_t syscall_vectors_live;
  std::uint64_t syscall_vectors_dead;  // the program does not look at vector registers again; MXCSR, x87 control: keep
  std::uint64_t cpuid;
  std::uint64_t rdtsc;
  std::uint64_t rdtscp;
};

struct ApplyInput {
  PlanView plan;
  std::uint64_t bias;  // run-time minus link-time address of the file
  std::span<std::uint8_t> text;
  std::uint64_t text_address;           // run-time address of text[0]
  std::span<std::uint8_t> trampolines;  // at least trampoline_size()
  std::uint64_t trampolines_address;    // a multiple of 8, within 2 GiB of the text
  EntryPoints slots;
};

struct ApplyOutput {
  std::uint32_t sites_applied;
  std::uint64_t trampoline_bytes;  // equals trampoline_size()
};

// Errc::mismatch: the text is not what the plan was made for. Errc::unsupported: something is out of the range of a
// 32-bit displacement. Errc::invalid: the trampoline area is too small or misaligned.
Result<ApplyOutput> apply_plan(const ApplyInput& input);

// The two halves of apply_plan, for text that is read in piece by piece: first the trampolines of all sites in the
// text, which needs only the plan; then, as each piece comes, its windows, compared with the plan by the caller.
struct TrampolineInput {
  PlanView plan;
  TextRange text;
  std::span<std::uint8_t> trampolines;  // as in ApplyInput
  std::uint64_t trampolines_address;
  EntryPoints slots;
};
Result<ApplyOutput> write_trampolines(const TrampolineInput& input);
// What replaces the window at run-time address `window_address`: a jump to its trampoline, then breakpoints.
void write_window(std::span<std::uint8_t> window, std::uint64_t window_address, std::uint64_t trampoline_address);

}  // namespace cloister
