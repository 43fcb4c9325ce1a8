// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/vectors_dead.h"
#include <algorithm>

namespace cloister {

bool VectorsDead::at(std::uint32_t index) {
  const Function* function = functions_.containing(index);
  if (function == nullptr || !function->exported || code_.is_contested(index)) return false;
  budget_ = kMaxInstructions;
  if (!leaves_by_integers(index + code_.length(index), *function, 0)) return false;
  const auto known = functions_checked_.find(function->begin);
  if (known != functions_checked_.end()) return known->second;
  return functions_checked_[function->begin] = callers_do_not_care(*function, 0);
}

bool VectorsDead::leaves_by_integers(std::uint32_t start, const Function& function, int depth) {
  std::vector<std::uint32_t> pending{start}, seen;
  while (!pending.empty()) {
    const std::uint32_t index = pending.back();
    pending.pop_back();
    if (index < function.begin || index >= function.end || !code_.is_instruction(index) || code_.is_contested(index))
      return false;
    if (std::find(seen.begin(), seen.end(), index) != seen.end()) continue;
    seen.push_back(index);
    if (budget_ == 0) return false;
    --budget_;
    const Instruction instruction = code_.instruction(index);
    if (!instruction.integer_only || instruction.flow == FlowKind::other_jump ||
        instruction.flow == FlowKind::other_call)
      return false;
    if (instruction.has_direct_target()) {
      const std::uint32_t target = code_.text().index_of(instruction.target);
      if (target == Text::kNone) return false;
      if (instruction.flow == FlowKind::call && functions_.never_returns(target)) continue;
      if (instruction.flow != FlowKind::call)
        pending.push_back(target);
      else if (!callee_is_integer_only(target, depth + 1))
        return false;
    }
    if (instruction.goes_on()) pending.push_back(index + instruction.length);
  }
  return true;
}

bool VectorsDead::callee_is_integer_only(std::uint32_t start, int depth) {
  const Function* function = functions_.containing(start);
  if (depth > kMaxCallDepth || function == nullptr || function->begin != start) return false;
  const auto known = callees_.find(start);
  if (known != callees_.end()) return known->second;
  code_.descend(*function);
  callees_[start] = false;  // recursion proves nothing
  return callees_[start] = leaves_by_integers(start, *function, depth);
}

bool VectorsDead::callers_do_not_care(const Function& function, int depth) {
  if (depth > kMaxCallDepth || is_fallen_into(function)) return false;
  for (const FieldReference& reference : references_to(references_.fields, {function.begin, function.end})) {
    const bool from_within = reference.field >= function.begin && reference.field < function.end;
    if (reference.target == function.begin) {
      if (!caller_does_not_care(reference.field, function, depth)) return false;
    } else if (reference.may_be_branch && !from_within) {
      return false;  // entered in its middle, by something of which nothing is known
    }
  }
  return true;
}

// From the code before it, which then is another way in.
bool VectorsDead::is_fallen_into(const Function& function) {
  if (function.begin == 0) return false;
  if (const Function* before = functions_.containing(function.begin - 1)) code_.descend(*before);
  const std::uint32_t last = code_.instruction_before(function.begin);
  if (last == Text::kNone) return false;
  const FlowKind flow = code_.instruction(last).flow;
  return flow == FlowKind::next || flow == FlowKind::conditional;
}

// `field` may be that of a branch to `function`, of a lea, or be nothing of the kind; the byte before it tells. What
// looks like a call is taken for one.
bool VectorsDead::caller_does_not_care(std::uint32_t field, const Function& function, int depth) {
  if (field == 0) return true;
  const std::uint8_t opcode = code_.text().bytes_from(field - 1)[0];
  const bool conditional = (opcode & 0xF0) == 0x80 && field >= 2 && code_.text().bytes_from(field - 2)[0] == 0x0F;
  if (opcode == 0xE8) return unread_from(field + 4);
  if (opcode != 0xE9 && !conditional) return true;
  const Function* from = functions_.containing(field);
  if (from == nullptr) return false;
  return from->exported || from->begin == function.begin || callers_do_not_care(*from, depth + 1);
}

bool VectorsDead::unread_from(std::uint32_t start) const {
  struct Path {
    std::uint32_t index, written;
  };
  std::vector<Path> pending{{start, 0}};
  std::vector<std::uint32_t> seen;
  std::size_t left = kMaxInstructions;
  while (!pending.empty()) {
    Path path = pending.back();
    pending.pop_back();
    while (true) {
      if (path.index >= code_.text().size() || left-- == 0) return false;
      // Paths that join have written different registers: what was seen with fewer written ones would be missed, so a
      // path goes on through known instructions unless it has written at least nothing, which is the strictest.
      if (path.written == 0) {
        if (std::find(seen.begin(), seen.end(), path.index) != seen.end()) break;
        seen.push_back(path.index);
      }
      const auto bytes = code_.text().bytes_from(path.index);
      const auto instruction = decode(bytes, code_.text().address_of(path.index));
      if (!instruction) return false;
      if (!instruction->integer_only) {
        const VectorUse use = vector_use(bytes);
        if (use.other || (use.read & ~path.written) != 0) return false;
        path.written |= use.written;
      }
      if (instruction->flow == FlowKind::conditional || instruction->flow == FlowKind::jump)
        pending.push_back({code_.text().index_of(instruction->target), path.written});
      if (instruction->flow != FlowKind::next && instruction->flow != FlowKind::conditional) break;
      path.index += instruction->length;
    }
  }
  return true;
}

}  // namespace cloister
