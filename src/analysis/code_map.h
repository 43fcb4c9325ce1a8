// SPDX-License-Identifier: Apache-2.0
// What is proven about each byte of the text, found by recursive descent from proven starts. Owner's side.
//
// An instruction is proven when control flow that begins at a function's start, a landing pad, an entry of a jump
// table or a pointer into the function reaches it. Usually only the functions of interest are descended into.
#pragma once
#include <cstdlib>
#include <memory>
#include <vector>
#include "src/analysis/functions.h"
#include "src/analysis/instruction.h"

namespace cloister {

class CodeMap {
 public:
  enum class Scope {
    one_function,  // calls and jumps that leave the function are noted, not followed
    everything,    // they are followed: for files that do not say where their functions are
  };
  CodeMap(const ElfImage& image, const Text& text, const FunctionTable& functions, Scope scope);

  // Proves what can be reached from the start of `function` and from its landing pads; once.
  void descend(const Function& function);
  // The same from another start, within [begin, end) only (unless the scope is everything).
  void descend_from(std::uint32_t start, std::uint32_t begin, std::uint32_t end);

  // Whether what begins at `start` is a function for all that can be seen, without taking it for proven: every path
  // decodes to ordinary instructions that agree with the proven ones, and ends. Data hardly ever passes.
  bool is_plausible_function(std::uint32_t start) const;

  bool is_instruction(std::uint32_t index) const { return (marks_[index] & kLength) != 0; }
  bool is_covered(std::uint32_t index) const { return (marks_[index] & (kLength | kTail)) != 0; }
  // Control flow may arrive here from elsewhere than the instruction before.
  bool is_target(std::uint32_t index) const { return (marks_[index] & kTarget) != 0; }
  // Two proven instructions overlap here, or a proven one cannot be decoded.
  bool is_contested(std::uint32_t index) const { return (marks_[index] & kContested) != 0; }
  std::uint32_t length(std::uint32_t index) const { return marks_[index] & kLength; }
  // Of an instruction that is_instruction().
  Instruction instruction(std::uint32_t index) const;
  // Start of the proven instruction around `index` (or at it); Text::kNone when there is none.
  std::uint32_t instruction_around(std::uint32_t index) const;
  // The proven instruction that ends where `index` begins.
  std::uint32_t instruction_before(std::uint32_t index) const;

  void mark_target(std::uint32_t index) { marks_[index] |= kTarget; }
  void mark_target_address(std::uint64_t address);

  const Text& text() const { return text_; }

 private:
  static constexpr std::uint8_t kLength = 0x0F, kTail = 0x10, kTarget = 0x20, kContested = 0x40;
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };
  struct Range {
    std::uint32_t begin, end;
    bool contains(std::uint32_t index) const { return index >= begin && index < end; }
  };
  struct Table {
    std::uint64_t address;
    Range range;  // of the function that refers to it
    auto operator<=>(const Table& other) const { return address <=> other.address; }
    bool operator==(const Table& other) const { return address == other.address; }
  };

  void run(Range range);
  void follow(std::uint32_t start, Range range);
  bool may_fall_out(const Instruction& last, std::uint32_t index) const;
  void mark_instruction(std::uint32_t index, std::uint32_t size);
  void note_references(const Instruction& instruction, Range range);
  void read_jump_table(const Table& table, std::uint64_t limit);
  bool is_left_to(std::uint32_t index) const;

  const ElfImage& image_;
  const Text& text_;
  const FunctionTable& functions_;
  const Scope scope_;
  std::unique_ptr<std::uint8_t[], Free> marks_;  // zero pages until touched
  std::vector<bool> descended_;
  std::vector<std::uint32_t> pending_;
  // Of the run at hand:
  std::vector<Table> tables_;
  std::vector<std::uint32_t> left_to_;  // where jumps leave the function
  bool computed_jump_seen_ = false;
};

}  // namespace cloister
