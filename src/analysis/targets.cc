// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/targets.h"
#include <algorithm>

namespace cloister {
namespace {

// Code further away than this has no short jump into a window.
constexpr std::uint32_t kNear = 160;

class Neighbourhood {
 public:
  Neighbourhood(const References& references, CodeMap& code, Reach& reach)
      : references_(references), code_(code), reach_(reach) {}

  void mark_targets_round(std::uint32_t index) {
    mark_far_targets(index);
    mark_near_targets(index);
  }
  void prove(std::uint32_t index) { reach_.descend_into(neighbourhood(index, kNear)); }

 private:
  TextSpan neighbourhood(std::uint32_t index, std::uint32_t distance) const {
    return {index - std::min(index, distance), std::min(code_.text().size(), index + distance)};
  }

  // Fields anywhere that mean an address round the site count, unless they are proven to be something else.
  void mark_far_targets(std::uint32_t index) {
    const TextSpan near = neighbourhood(index, kMaxWindowSize);
    for (const FieldReference& reference : references_to(references_.fields, near)) {
      if (code_.is_target(reference.target)) continue;
      if (reach_.is_proven_reference(reference.field) || !is_harmless(reference.field))
        code_.mark_target(reference.target);
    }
    for (const FieldReference& reference : references_to(references_.absolute, near)) {
      if (!code_.is_covered(reference.field)) reach_.descend_around(reference.field);
      if (is_in_one_instruction(reference.field) || !is_harmless(reference.field)) code_.mark_target(reference.target);
    }
  }

  // All four bytes lie in proven instructions, none of which has its field there.
  bool is_harmless(std::uint32_t field) const {
    for (std::uint32_t i = field; i < std::min(field + 4, code_.text().size()); ++i) {
      if (!code_.is_covered(i) || code_.is_contested(i)) return false;
    }
    return true;
  }

  // Perhaps a constant or displacement, then.
  bool is_in_one_instruction(std::uint32_t field) const {
    const std::uint32_t start = code_.instruction_around(field);
    return start != Text::kNone && field + 4 <= start + code_.length(start);
  }

  // Short jumps in bytes that are not proven to be something else.
  void mark_near_targets(std::uint32_t index) {
    const TextSpan near = neighbourhood(index, kNear);
    const auto bytes = code_.text().bytes_from(near.begin);
    for (std::uint32_t i = near.begin; i + 1 < near.end && i + 1 - near.begin < bytes.size(); ++i) {
      if (code_.is_covered(i)) continue;
      const std::uint8_t opcode = bytes[i - near.begin];
      const bool jump = opcode == 0xEB || (opcode & 0xF0) == 0x70 || (opcode & 0xFC) == 0xE0;
      const auto distance = static_cast<std::int8_t>(bytes[i - near.begin + 1]);
      const std::uint32_t target = i + 2 + static_cast<std::uint32_t>(std::int32_t{distance});
      if (jump && target < code_.text().size()) code_.mark_target(target);
    }
  }

  const References& references_;
  CodeMap& code_;
  Reach& reach_;
};

}  // namespace

void mark_targets(const ElfImage& image, const FunctionTable& functions, const References& references,
                  std::span<const RawHit> hits, CodeMap& code, Reach& reach) {
  Neighbourhood neighbourhood(references, code, reach);
  for (const RawHit hit : hits) neighbourhood.prove(hit.index);
  for (const Function& function : functions.all()) code.mark_target(function.begin);
  for (const std::uint32_t label : functions.labels()) code.mark_target(label);
  for (const std::uint32_t pointer : references.pointers) code.mark_target(pointer);
  for (const Function& function : functions.all()) {
    if (function.lsda == 0) continue;
    for (const std::uint64_t pad : read_landing_pads(image, {function.unwind_begin, 0, function.lsda}))
      code.mark_target_address(pad);
  }
  for (const RawHit hit : hits) neighbourhood.mark_targets_round(hit.index);
}

}  // namespace cloister
