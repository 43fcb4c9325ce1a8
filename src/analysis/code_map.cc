// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/code_map.h"
#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace cloister {

CodeMap::CodeMap(const ElfImage& image, const Text& text, const FunctionTable& functions, Scope scope)
    : image_(image),
      text_(text),
      functions_(functions),
      scope_(scope),
      marks_(static_cast<std::uint8_t*>(std::calloc(std::size_t{text.size()} + 1, 1))),
      descended_(functions.all().size()) {
  if (marks_ == nullptr) std::abort();
}

void CodeMap::descend(const Function& function) {
  const auto position = static_cast<std::size_t>(&function - functions_.all().data());
  if (descended_[position]) return;
  descended_[position] = true;
  mark_target(function.begin);
  pending_.push_back(function.begin);
  for (const std::uint64_t pad : read_landing_pads(image_, {function.unwind_begin, 0, function.lsda})) {
    const std::uint32_t index = text_.index_of(pad);
    if (index == Text::kNone) continue;
    mark_target(index);
    if (index >= function.begin && index < function.end) pending_.push_back(index);
  }
  run({function.begin, function.end});
}

void CodeMap::descend_from(std::uint32_t start, std::uint32_t begin, std::uint32_t end) {
  mark_target(start);
  pending_.push_back(start);
  run({begin, end});
}

void CodeMap::run(Range range) {
  computed_jump_seen_ = false;
  tables_.clear();
  left_to_.clear();
  std::vector<Table> done;
  while (!pending_.empty()) {
    while (!pending_.empty()) {
      const std::uint32_t start = pending_.back();
      pending_.pop_back();
      follow(start, range);
    }
    if (!computed_jump_seen_ || tables_.empty()) break;
    // Tables come last, when their entries can be compared with what is proven. One ends where the next begins.
    std::sort(tables_.begin(), tables_.end());
    tables_.erase(std::unique(tables_.begin(), tables_.end()), tables_.end());
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (std::binary_search(done.begin(), done.end(), tables_[i])) continue;
      read_jump_table(tables_[i], i + 1 < tables_.size() ? tables_[i + 1].address : ~std::uint64_t{0});
    }
    done = tables_;
  }
}

void CodeMap::follow(std::uint32_t start, Range range) {
  if (scope_ == Scope::everything && !range.contains(start)) {
    const Function* function = functions_.containing(start);
    range = function != nullptr ? Range{function->begin, function->end} : Range{0, text_.size()};
  }
  std::uint32_t index = start;
  while (index < text_.size() && !is_instruction(index)) {
    const auto decoded = decode(text_.bytes_from(index), text_.address_of(index));
    if (!decoded) {
      marks_[index] |= kContested;
      return;
    }
    mark_instruction(index, decoded->length);
    note_references(*decoded, range);
    if (decoded->has_direct_target()) {
      const std::uint32_t target = text_.index_of(decoded->target);
      if (target != Text::kNone) {
        mark_target(target);
        const bool within = range.contains(target) && decoded->flow != FlowKind::call;
        if (!within && decoded->flow != FlowKind::call) left_to_.push_back(target);
        if (!is_instruction(target) && (within || scope_ == Scope::everything)) pending_.push_back(target);
      }
    }
    if (!decoded->goes_on()) return;
    index += decoded->length;
    if (!range.contains(index) && !may_fall_out(*decoded, index)) return;
  }
}

// Behind a function's end lies another, which a call that does not return seems to reach. But unwind information may
// leave a part of a function out on purpose: in clone, where the new thread begins.
bool CodeMap::may_fall_out(const Instruction& last, std::uint32_t index) const {
  const bool call = last.flow == FlowKind::call || last.flow == FlowKind::other_call;
  return !call && index < text_.size() && functions_.containing(index) == nullptr;
}

void CodeMap::mark_instruction(std::uint32_t index, std::uint32_t size) {
  bool contested = (marks_[index] & kTail) != 0;
  for (std::uint32_t i = index + 1; i < index + size; ++i) {
    contested |= (marks_[i] & (kLength | kTail)) != 0;
    marks_[i] |= kTail;
  }
  marks_[index] |= static_cast<std::uint8_t>(size);
  for (std::uint32_t i = index; contested && i < index + size; ++i) marks_[i] |= kContested;
}

void CodeMap::note_references(const Instruction& instruction, Range range) {
  if (instruction.flow == FlowKind::other_jump) computed_jump_seen_ = true;
  if (!instruction.loads_address) return;
  const std::uint32_t index = text_.index_of(instruction.target);
  if (index != Text::kNone) mark_target(index);
  tables_.push_back({instruction.target, range});
}

// Entries are 32 bits, relative to the table: what compilers make for `switch` in position-independent code. The table
// ends at an entry that cannot be one: outside the function and its parts elsewhere, or within a proven instruction.
void CodeMap::read_jump_table(const Table& table, std::uint64_t limit) {
  constexpr std::uint64_t kMaxEntries = 4096;
  const auto bytes = image_.bytes_from(table.address);
  const std::uint64_t count = std::min({kMaxEntries, std::uint64_t{bytes.size() / 4}, (limit - table.address) / 4});
  for (std::uint64_t i = 0; i < count; ++i) {
    std::int32_t offset;
    std::memcpy(&offset, bytes.data() + 4 * i, sizeof offset);
    const std::uint32_t index = text_.index_of(table.address + static_cast<std::uint64_t>(std::int64_t{offset}));
    if (index == Text::kNone || ((marks_[index] & kTail) != 0 && !is_instruction(index))) return;
    if (!table.range.contains(index) && !is_left_to(index)) return;
    mark_target(index);
    if (table.range.contains(index) && !is_instruction(index)) pending_.push_back(index);
  }
}

// A function of which rarely used parts lie elsewhere jumps to them.
bool CodeMap::is_left_to(std::uint32_t index) const {
  const Function* part = functions_.containing(index);
  return part != nullptr && std::any_of(left_to_.begin(), left_to_.end(), [&](std::uint32_t target) {
           return target >= part->begin && target < part->end;
         });
}

bool CodeMap::is_plausible_function(std::uint32_t start) const {
  constexpr std::size_t kMaxInstructions = 4096;
  constexpr std::uint64_t kFunctionAlignment = 16;
  if (text_.address_of(start) % kFunctionAlignment != 0) return false;
  std::vector<std::uint32_t> pending{start};
  std::unordered_map<std::uint32_t, bool> seen;  // bytes of instructions: true where one begins
  std::size_t count = 0;
  while (!pending.empty()) {
    std::uint32_t index = pending.back();
    pending.pop_back();
    while (!is_instruction(index)) {
      const auto before = seen.find(index);
      if (before != seen.end() && before->second) break;
      if (before != seen.end() || is_covered(index) || ++count > kMaxInstructions) return false;
      const auto decoded = decode(text_.bytes_from(index), text_.address_of(index));
      if (!decoded || decoded->unusual) return false;
      for (std::uint32_t i = index; i < index + decoded->length; ++i) {
        if (is_covered(i) || !seen.emplace(i, i == index).second) return false;
      }
      if (decoded->has_direct_target()) {
        const std::uint32_t target = text_.index_of(decoded->target);
        if (target == Text::kNone) return false;
        if (decoded->flow != FlowKind::call)
          pending.push_back(target);
        else if (is_covered(target) && !is_instruction(target))
          return false;
      }
      if (!decoded->goes_on()) break;
      index += decoded->length;
      if (index >= text_.size()) return false;
    }
  }
  return true;
}

Instruction CodeMap::instruction(std::uint32_t index) const {
  return *decode(text_.bytes_from(index), text_.address_of(index));
}

std::uint32_t CodeMap::instruction_around(std::uint32_t index) const {
  for (std::uint32_t back = 0; back < 15 && back <= index; ++back) {
    if (length(index - back) > back) return index - back;
  }
  return Text::kNone;
}

std::uint32_t CodeMap::instruction_before(std::uint32_t index) const {
  for (std::uint32_t back = 1; back <= 15 && back <= index; ++back) {
    if (length(index - back) == back) return index - back;
  }
  return Text::kNone;
}

void CodeMap::mark_target_address(std::uint64_t address) {
  const std::uint32_t index = text_.index_of(address);
  if (index != Text::kNone) mark_target(index);
}

}  // namespace cloister
