// SPDX-License-Identifier: Apache-2.0
// One decoded instruction, reduced to what the analysis asks. Owner's side; the only header besides its source and the
// vector analysis that knows about Zydis.
#pragma once
#include <optional>
#include <span>
#include "src/plan/plan.h"

namespace cloister {

enum class FlowKind : std::uint8_t {
  next,         // goes on behind itself
  conditional,  // jcc, loop, jrcxz, xbegin: goes on, or to the target
  jump,         // to the target
  call,         // to the target and back
  other_jump,   // to an address that is computed
  other_call,
  leave,  // ret
  stop,   // ud2, hlt, int3: nothing behind it is executed in the ordinary course
};

struct Instruction {
  std::uint8_t length;
  FlowKind flow;
  bool integer_only;          // touches no vector, mask, MMX or x87 register, nor saves or restores them
  bool movable;               // may run at another address once its PC-relative field is put right
  bool unusual;               // no compiler makes it for a user program: privileged, input and output, decimal, far
  bool loads_address;         // lea of a PC-relative address
  bool pc_relative;           // has such a field, in a branch or a memory operand
  std::uint8_t field_offset;  // of that field
  std::uint8_t field_size;    // 1 or 4
  std::optional<SiteKind> site;
  std::uint64_t target;  // what the field means, run at the address given

  bool has_direct_target() const {
    return flow == FlowKind::conditional || flow == FlowKind::jump || flow == FlowKind::call;
  }
  bool goes_on() const {
    return flow == FlowKind::next || flow == FlowKind::conditional || flow == FlowKind::call ||
           flow == FlowKind::other_call;
  }
};

// nullopt when the bytes are no instruction of 64-bit mode.
std::optional<Instruction> decode(std::span<const std::uint8_t> bytes, std::uint64_t address);

// How one instruction uses the vector and mask registers: bit n of a set stands for the whole register n.
struct VectorUse {
  std::uint32_t read = 0, written = 0;  // xmm/ymm/zmm 0-31; written: the part that was not written is zero or unread
  bool other = false;                   // MMX, x87, masks, state images: not followed further
};
VectorUse vector_use(std::span<const std::uint8_t> bytes);

}  // namespace cloister
