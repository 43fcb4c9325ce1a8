// SPDX-License-Identifier: Apache-2.0
// Who called whom when a task crashed, for the crash reports of debug enclaves: by the files' call frame information
// where they have it, else by frame pointers. Stack and files are hostile input; program memory is read by copies that
// cannot fault. Trusted, kernel storey.
#pragma once
#include <vector>
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/address_space.h"

namespace cloister::kernel {
inline constexpr std::size_t kMostStackFrames = 32;

// Where the program's code lies, as long as nobody maps anything.
class CodePlaces {
 public:
  explicit CodePlaces(AddressSpace& memory) : memory_(memory), mappings_(memory.snapshot()) {}
  const Mapping* find(std::uint64_t address) const;
  bool is_code(std::uint64_t address) const;
  OriginalPosition original(std::uint64_t pc) const { return memory_.original_position(pc); }
  // The return address that `value` is, as in the program's file; 0 if it is none.
  std::uint64_t return_address(std::uint64_t value) const;

 private:
  AddressSpace& memory_;
  const std::vector<Mapping> mappings_;
};

struct StackFrame {
  enum class Kind : std::uint8_t { call, signal_return, interrupted } kind;
  std::uint64_t pc;  // as in the program's file: behind a call, or where a signal arrived
  // Within the instruction that is meant.
  std::uint64_t code() const { return kind == Kind::call ? pc - 1 : pc; }
};

struct StackWalk {
  std::vector<StackFrame> frames;  // from the crashed function's caller outwards, kMostStackFrames at most
  bool knows_caller = false;       // of the crashed function, other than by its frame pointer
  bool is_complete = false;        // nobody called the last frame, as it says itself
  std::uint64_t stack = 0;         // the last frame's stack pointer
};
StackWalk walk_stack(const CodePlaces& places, const core::ProgramContext& context);
}  // namespace cloister::kernel
