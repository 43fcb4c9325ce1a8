// SPDX-License-Identifier: Apache-2.0
// Reaches code that its function's start does not lead to, and finds out which of the possible references are real.
// Owner's side.
#pragma once
#include "src/analysis/code_map.h"
#include "src/analysis/references.h"

namespace cloister {

struct TextSpan {
  std::uint32_t begin, end;
};

class Reach {
 public:
  Reach(const Text& text, const FunctionTable& functions, CodeMap& code)
      : text_(text), functions_(functions), code_(code) {}

  // The function around a place or, where none is known, the surroundings up to the next ones.
  TextSpan place_of(std::uint32_t index) const;
  // Descends into the function around `index`, if one is known.
  void descend_around(std::uint32_t index);
  // And into every function of which a part lies in the range.
  void descend_into(TextSpan range);

  // Hits that are not reached from their function's start: perhaps from another part of it that lies elsewhere, by a
  // pointer, or in a function that only its callers know.
  void reach_the_rest(std::span<const RawHit> hits, const References& references);

  // Whether the field is that of a proven branch (or lea). Descends into the function around it to find out.
  bool is_proven_branch(std::uint32_t field);
  bool is_proven_reference(std::uint32_t field);

 private:
  bool reach_by_branches(TextSpan place, const References& references);
  bool reach_by_pointers(TextSpan place, bool known_function, const References& references);
  bool reach_by_pointer(std::uint32_t target, TextSpan place, bool known_function);
  std::optional<Instruction> instruction_with_field(std::uint32_t field);

  const Text& text_;
  const FunctionTable& functions_;
  CodeMap& code_;
};

// Those of `all`, which are ascending by target, whose target lies in the range.
std::span<const FieldReference> references_to(const std::vector<FieldReference>& all, TextSpan range);

}  // namespace cloister
