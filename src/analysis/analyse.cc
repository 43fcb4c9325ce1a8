// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/analyse.h"
#include <algorithm>
#include "src/analysis/references.h"
#include "src/analysis/vectors_dead.h"

namespace cloister {
namespace {

class Analyser {
 public:
  Analyser(const ElfImage& image, const Text& text, std::vector<RawHit> hits)
      : image_(image),
        text_(text),
        hits_(std::move(hits)),
        functions_(FunctionTable::of(image, text)),
        code_(image, text, functions_,
              functions_.complete() ? CodeMap::Scope::one_function : CodeMap::Scope::everything) {}

  Analysis run() {
    descend_into_hits();
    if (std::all_of(hits_.begin(), hits_.end(), [&](RawHit hit) { return is_inside_other(hit); })) return result();
    judges_vectors_ = functions_.all().size() <= kMaxFunctionsForVectors &&
                      std::any_of(hits_.begin(), hits_.end(),
                                  [&](RawHit hit) { return hit.kind == SiteKind::syscall && is_real(hit); });
    const InterestSet interest = interesting_places();
    references_ = find_references(image_, text_, interest);
    reach_the_rest();
    mark_targets();
    plan_windows();
    return result();
  }

 private:
  // Code further away than this has no short jump into a window.
  static constexpr std::uint32_t kNear = 160;
  // How much of a place without known functions is looked at round a hit.
  static constexpr std::uint32_t kUnknownPlaceSize = 1u << 16;

  // In larger files all references to functions would be too many; sites there keep their registers.
  static constexpr std::size_t kMaxFunctionsForVectors = 1u << 15;

  struct Range {
    std::uint32_t begin, end;
  };

  bool is_real(RawHit hit) const {
    return code_.is_instruction(hit.index) && code_.instruction(hit.index).site == hit.kind;
  }
  bool is_inside_other(RawHit hit) const { return !code_.is_instruction(hit.index) && code_.is_covered(hit.index); }

  // The function around a place or, where none is known, the surroundings up to the next ones.
  Range place_of(std::uint32_t index) const {
    if (const Function* function = functions_.containing(index)) return {function->begin, function->end};
    const std::size_t after = functions_.first_after(index);
    std::uint32_t begin = index - std::min(index, kUnknownPlaceSize);
    std::uint32_t end =
        index + static_cast<std::uint32_t>(std::min<std::size_t>(text_.bytes_from(index).size(), kUnknownPlaceSize));
    if (after != 0) begin = std::max(begin, std::min(functions_.all()[after - 1].end, index));
    if (after != functions_.all().size()) end = std::min(end, functions_.all()[after].begin);
    return {begin, end};
  }

  void descend_around(std::uint32_t index) {
    if (const Function* function = functions_.containing(index)) code_.descend(*function);
  }

  void descend_into_hits() {
    if (!functions_.complete()) {
      for (const Function& function : functions_.all()) code_.descend(function);
    }
    for (const RawHit hit : hits_) descend_around(hit.index);
  }

  InterestSet interesting_places() const {
    InterestSet interest(text_.size());
    std::uint32_t done = 0;  // many hits share a place
    for (const RawHit hit : hits_) {
      if (is_inside_other(hit) || hit.index < done) continue;
      const Range place = place_of(hit.index);
      interest.add(place.begin, place.end);
      done = place.end;
    }
    if (judges_vectors_)
      for (const Function& function : functions_.all()) interest.add(function.begin, function.begin + 1);
    return interest;
  }

  // Whether the field is that of a proven branch or lea. Descends into the function around it to find out.
  bool is_proven_field(std::uint32_t field, bool branch_only) {
    if (!code_.is_covered(field)) descend_around(field);
    const std::uint32_t start = code_.instruction_around(field);
    if (start == Text::kNone) return false;
    const Instruction instruction = code_.instruction(start);
    if (!instruction.pc_relative || start + instruction.field_offset != field || instruction.field_size != 4)
      return false;
    return instruction.has_direct_target() || (instruction.loads_address && !branch_only);
  }

  // Hits that are not reached from their function's start: perhaps from another part of it that lies elsewhere, by a
  // pointer, or in a function that only its callers know.
  void reach_the_rest() {
    constexpr int kMaxRounds = 32;  // a real file needs three or four
    bool progress = true;
    for (int round = 0; progress && round < kMaxRounds; ++round) {
      progress = false;
      for (const RawHit hit : hits_) {
        if (code_.is_covered(hit.index)) continue;
        const Range place = place_of(hit.index);
        progress |= reach_by_branches(place) || reach_by_pointers(place, functions_.containing(hit.index) != nullptr);
      }
    }
  }

  bool reach_by_branches(Range place) {
    bool progress = false;
    for (const FieldReference& reference : references_to(references_.fields, place)) {
      if (!reference.may_be_branch || code_.is_covered(reference.target)) continue;
      if (!is_proven_field(reference.field, true)) continue;
      if (code_.is_covered(reference.target)) continue;
      code_.descend_from(reference.target, place.begin, place.end);
      progress |= code_.is_covered(reference.target);  // not when it cannot be decoded
    }
    return progress;
  }

  // A pointer into the body of a known function is an entry of a jump table or a label whose address is taken. One to a
  // place where no function is known may mean data: it counts only in a file that does not say where its functions
  // are, and only when what it points to is a function in every respect.
  bool reach_by_pointers(Range place, bool known_function) {
    bool progress = false;
    const auto& pointers = references_.pointers;
    for (auto pointer = std::lower_bound(pointers.begin(), pointers.end(), place.begin);
         pointer != pointers.end() && *pointer < place.end; ++pointer) {
      progress |= reach_by_pointer(*pointer, place, known_function);
    }
    if (known_function || functions_.complete()) return progress;
    for (const FieldReference& reference : references_to(references_.fields, place)) {
      if (!code_.is_covered(reference.target) && is_proven_field(reference.field, false))
        progress |= reach_by_pointer(reference.target, place, false);
    }
    return progress;
  }

  bool reach_by_pointer(std::uint32_t target, Range place, bool known_function) {
    if (code_.is_covered(target)) return false;
    if (!known_function && (functions_.complete() || !code_.is_plausible_function(target))) return false;
    code_.descend_from(target, place.begin, place.end);
    return code_.is_covered(target);
  }

  void mark_targets() {
    for (const RawHit hit : hits_) {
      if (is_real(hit)) descend_neighbours(hit.index);
    }
    for (const Function& function : functions_.all()) code_.mark_target(function.begin);
    for (const std::uint32_t label : functions_.labels()) code_.mark_target(label);
    for (const std::uint32_t pointer : references_.pointers) code_.mark_target(pointer);
    for (const Function& function : functions_.all()) {
      if (function.lsda == 0) continue;
      for (const std::uint64_t pad : read_landing_pads(image_, {function.unwind_begin, 0, function.lsda}))
        code_.mark_target_address(pad);
    }
    for (const RawHit hit : hits_) {
      if (!is_real(hit)) continue;
      mark_far_targets(hit.index);
      mark_near_targets(hit.index);
    }
  }

  Range neighbourhood(std::uint32_t index, std::uint32_t distance) const {
    return {index - std::min(index, distance), std::min(text_.size(), index + distance)};
  }

  void descend_neighbours(std::uint32_t index) {
    const Range near = neighbourhood(index, kNear);
    descend_around(near.begin);
    for (std::size_t i = functions_.first_after(near.begin); i < functions_.all().size(); ++i) {
      if (functions_.all()[i].begin >= near.end) break;
      code_.descend(functions_.all()[i]);
    }
  }

  // Fields anywhere that mean an address round the site count, unless they are proven to be something else.
  void mark_far_targets(std::uint32_t index) {
    const Range near = neighbourhood(index, kMaxWindowSize);
    for (const FieldReference& reference : references_to(references_.fields, near)) {
      if (code_.is_target(reference.target)) continue;
      if (is_proven_field(reference.field, false) || !is_harmless(reference.field)) code_.mark_target(reference.target);
    }
    for (const FieldReference& reference : references_to(references_.absolute, near)) {
      if (!code_.is_covered(reference.field)) descend_around(reference.field);
      if (is_in_one_instruction(reference.field) || !is_harmless(reference.field)) code_.mark_target(reference.target);
    }
  }

  static std::span<const FieldReference> references_to(const std::vector<FieldReference>& all, Range range) {
    const auto below = [](const FieldReference& reference, std::uint32_t index) { return reference.target < index; };
    const auto begin = std::lower_bound(all.begin(), all.end(), range.begin, below);
    return {begin, std::lower_bound(begin, all.end(), range.end, below)};
  }

  // All four bytes lie in proven instructions, none of which has its field there.
  bool is_harmless(std::uint32_t field) const {
    for (std::uint32_t i = field; i < std::min(field + 4, text_.size()); ++i) {
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
    const Range near = neighbourhood(index, kNear);
    const auto bytes = text_.bytes_from(near.begin);
    for (std::uint32_t i = near.begin; i + 1 < near.end && i + 1 - near.begin < bytes.size(); ++i) {
      if (code_.is_covered(i)) continue;
      const std::uint8_t opcode = bytes[i - near.begin];
      const bool jump = opcode == 0xEB || (opcode & 0xF0) == 0x70 || (opcode & 0xFC) == 0xE0;
      const auto distance = static_cast<std::int8_t>(bytes[i - near.begin + 1]);
      const std::uint32_t target = i + 2 + static_cast<std::uint32_t>(std::int32_t{distance});
      if (jump && target < text_.size()) code_.mark_target(target);
    }
  }

  void plan_windows() {
    std::uint32_t lowest = 0;
    VectorsDead vectors_dead(code_, functions_, references_);
    for (const RawHit hit : hits_) {
      if (!is_real(hit)) continue;
      const Range place = place_of(hit.index);
      auto planned = plan_window(code_, hit, std::max(lowest, place.begin), place.end);
      if (!planned) continue;
      if (hit.kind == SiteKind::syscall && judges_vectors_) planned->vectors_dead = vectors_dead.at(hit.index);
      lowest = hit.index - planned->instruction_offset + static_cast<std::uint32_t>(planned->window.size());
      planned_.push_back(hit.index);
      plan_.sites.push_back(std::move(*planned));
    }
  }

  Analysis result() {
    Analysis analysis;
    plan_.raw_hit_count = static_cast<std::uint32_t>(hits_.size());
    for (const RawHit hit : hits_) {
      Verdict verdict = Verdict::unreached;
      if (is_inside_other(hit))
        verdict = Verdict::inside_other;
      else if (std::binary_search(planned_.begin(), planned_.end(), hit.index))
        verdict = Verdict::planned;
      else if (is_real(hit))
        verdict = Verdict::no_window;
      if (verdict == Verdict::unreached || verdict == Verdict::no_window) ++plan_.trapped_count;
      analysis.findings.push_back({hit.kind, verdict, text_.address_of(hit.index)});
    }
    analysis.plan = std::move(plan_);
    return analysis;
  }

  const ElfImage& image_;
  const Text& text_;
  const std::vector<RawHit> hits_;
  const FunctionTable functions_;
  CodeMap code_;
  References references_;
  bool judges_vectors_ = false;
  std::vector<std::uint32_t> planned_;  // indices of the sites, ascending
  Plan plan_;
};

}  // namespace

Result<Analysis> analyse_in_detail(std::span<const std::uint8_t> elf_file) {
  const ElfImage image = TRY(ElfImage::parse(elf_file));
  const Text text = TRY(Text::of(image));
  auto hits = text.raw_hits();
  if (hits.empty()) return Analysis{};
  Analysis analysis = Analyser(image, text, std::move(hits)).run();
  if (analysis.plan.sites.size() > kMaxPlanSites) return Error(Errc::unsupported, "more sites than a plan holds");
  return analysis;
}

Result<Plan> analyse(std::span<const std::uint8_t> elf_file) {
  Analysis analysis = TRY(analyse_in_detail(elf_file));
  return std::move(analysis.plan);
}

}  // namespace cloister
