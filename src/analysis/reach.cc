// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/reach.h"
#include <algorithm>

namespace cloister {
namespace {
// How much of a place without known functions is looked at round a hit.
constexpr std::uint32_t kUnknownPlaceSize = 1u << 16;
}  // namespace

std::span<const FieldReference> references_to(const std::vector<FieldReference>& all, TextSpan range) {
  const auto below = [](const FieldReference& reference, std::uint32_t index) { return reference.target < index; };
  const auto begin = std::lower_bound(all.begin(), all.end(), range.begin, below);
  return {begin, std::lower_bound(begin, all.end(), range.end, below)};
}

TextSpan Reach::place_of(std::uint32_t index) const {
  if (const Function* function = functions_.containing(index)) return {function->begin, function->end};
  const std::size_t after = functions_.first_after(index);
  std::uint32_t begin = index - std::min(index, kUnknownPlaceSize);
  std::uint32_t end =
      index + static_cast<std::uint32_t>(std::min<std::size_t>(text_.bytes_from(index).size(), kUnknownPlaceSize));
  if (after != 0) begin = std::max(begin, std::min(functions_.all()[after - 1].end, index));
  if (after != functions_.all().size()) end = std::min(end, functions_.all()[after].begin);
  return {begin, end};
}

void Reach::descend_around(std::uint32_t index) {
  if (const Function* function = functions_.containing(index)) code_.descend(*function);
}

void Reach::descend_into(TextSpan range) {
  descend_around(range.begin);
  for (std::size_t i = functions_.first_after(range.begin); i < functions_.all().size(); ++i) {
    if (functions_.all()[i].begin >= range.end) break;
    code_.descend(functions_.all()[i]);
  }
}

std::optional<Instruction> Reach::instruction_with_field(std::uint32_t field) {
  if (!code_.is_covered(field)) descend_around(field);
  const std::uint32_t start = code_.instruction_around(field);
  if (start == Text::kNone) return std::nullopt;
  const Instruction instruction = code_.instruction(start);
  if (!instruction.pc_relative || start + instruction.field_offset != field || instruction.field_size != 4)
    return std::nullopt;
  return instruction;
}

bool Reach::is_proven_branch(std::uint32_t field) {
  const auto instruction = instruction_with_field(field);
  return instruction && instruction->has_direct_target();
}

bool Reach::is_proven_reference(std::uint32_t field) {
  const auto instruction = instruction_with_field(field);
  return instruction && (instruction->has_direct_target() || instruction->loads_address);
}

void Reach::reach_the_rest(std::span<const RawHit> hits, const References& references) {
  constexpr int kMaxRounds = 32;  // a real file needs three or four
  bool progress = true;
  for (int round = 0; progress && round < kMaxRounds; ++round) {
    progress = false;
    for (const RawHit hit : hits) {
      if (code_.is_covered(hit.index)) continue;
      const TextSpan place = place_of(hit.index);
      progress |= reach_by_branches(place, references) ||
                  reach_by_pointers(place, functions_.containing(hit.index) != nullptr, references);
    }
  }
}

bool Reach::reach_by_branches(TextSpan place, const References& references) {
  bool progress = false;
  for (const FieldReference& reference : references_to(references.fields, place)) {
    if (!reference.may_be_branch || code_.is_covered(reference.target)) continue;
    if (!is_proven_branch(reference.field)) continue;
    if (code_.is_covered(reference.target)) continue;
    code_.descend_from(reference.target, place.begin, place.end);
    progress |= code_.is_covered(reference.target);  // not when it cannot be decoded
  }
  return progress;
}

// A pointer into the body of a known function is an entry of a jump table or a label whose address is taken. One to a
// place where no function is known may mean data: it counts only in a file that does not say where its functions
// are, and only when what it points to is a function in every respect.
bool Reach::reach_by_pointers(TextSpan place, bool known_function, const References& references) {
  bool progress = false;
  const auto& pointers = references.pointers;
  for (auto pointer = std::lower_bound(pointers.begin(), pointers.end(), place.begin);
       pointer != pointers.end() && *pointer < place.end; ++pointer) {
    progress |= reach_by_pointer(*pointer, place, known_function);
  }
  if (known_function || functions_.complete()) return progress;
  for (const FieldReference& reference : references_to(references.fields, place)) {
    if (!code_.is_covered(reference.target) && is_proven_reference(reference.field))
      progress |= reach_by_pointer(reference.target, place, false);
  }
  return progress;
}

bool Reach::reach_by_pointer(std::uint32_t target, TextSpan place, bool known_function) {
  if (code_.is_covered(target)) return false;
  if (!known_function && (functions_.complete() || !code_.is_plausible_function(target))) return false;
  code_.descend_from(target, place.begin, place.end);
  return code_.is_covered(target);
}

}  // namespace cloister
