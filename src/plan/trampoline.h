// SPDX-License-Identifier: Apache-2.0
// Where things lie in the trampoline of one site. Both sides. The layout follows from the plan alone, so that applying
// (apply.h) and mapping addresses back (address_map.h) agree without a table between them.
//
//   syscall                                     cpuid, rdtsc, rdtscp
//     moved code before                           moved code before
//   gate:                                       gate:
//     lea  resume(%rip),%rcx                      lea  -128(%rsp),%rsp     the red zone is the program's
//     jmp  *slot(%rip)                            call *slot(%rip)
//   after: (only when the window goes on)         lea  128(%rsp),%rsp
//     moved code after                          after:
//     jmp  window_end                             moved code after
//                                                 jmp  window_end
//
// `resume` is the untouched original code when the window ends with the instruction, `after` otherwise.
#pragma once
#include "src/plan/plan.h"

namespace cloister {

// The trampoline area begins with absolute addresses, 8 bytes each.
enum class EntrySlot : std::uint32_t { syscall_vectors_live, syscall_vectors_dead, cpuid, rdtsc, rdtscp };
inline constexpr std::uint32_t kEntrySlotCount = 8;  // three are spare and hold zero
inline constexpr std::uint32_t kEntrySlotsSize = kEntrySlotCount * 8;
inline constexpr std::uint32_t kTrampolineAlignment = 16;

inline constexpr std::uint32_t kSyscallGateSize = 7 + 6;   // lea, jmp
inline constexpr std::uint32_t kCallGateSize = 5 + 6 + 8;  // lea, call, lea
inline constexpr std::uint32_t kCallGateCallOffset = 5;    // from here to the last lea RSP is 128 lower
inline constexpr std::uint32_t kCallGateReturnOffset = 5 + 6;
inline constexpr std::uint32_t kRedZoneSize = 128;
inline constexpr std::uint32_t kJumpSize = 5;

struct TrampolineShape {
  std::uint32_t gate_offset;  // from the trampoline's start
  std::uint32_t after_offset;
  std::uint32_t code_size;
  std::uint32_t size;  // code_size rounded up to kTrampolineAlignment
};
TrampolineShape trampoline_shape(const PlanSite& site);

EntrySlot entry_slot(const PlanSite& site);

// Offset in the trampoline of the moved code that stood at `window_offset`; the instruction itself is at the gate, and
// the window's end at the closing jump.
std::uint32_t moved_offset(const PlanSite& site, std::uint32_t window_offset);
// The reverse, for an offset in moved code or of the closing jump (not within the gate).
std::uint32_t window_offset(const PlanSite& site, std::uint32_t moved_offset);

// The part of the text that plans are applied to, as one piece.
struct TextRange {
  std::uint64_t bias;     // run-time minus link-time address
  std::uint64_t address;  // run-time address of the first byte
  std::uint64_t size;
  // Only windows wholly inside are rewritten.
  bool contains(const PlanSite& site) const {
    const std::uint64_t offset = bias + site.window_start - address;  // wraps far beyond size when below
    return offset <= size && size - offset >= site.window.size();
  }
};

// Bytes that the trampolines of all sites in `text` need, the entry slots included; 0 when there is no site.
std::uint64_t trampoline_size(const PlanView& plan, const TextRange& text);

}  // namespace cloister
