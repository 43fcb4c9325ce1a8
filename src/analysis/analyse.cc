// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/analyse.h"
#include <algorithm>
#include "src/analysis/targets.h"
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
              functions_.complete() ? CodeMap::Scope::one_function : CodeMap::Scope::everything),
        reach_(text, functions_, code_) {}

  Analysis run() {
    descend_into_hits();
    if (std::all_of(hits_.begin(), hits_.end(), [&](RawHit hit) { return is_inside_other(hit); })) return result();
    judges_vectors_ = functions_.all().size() <= kMaxFunctionsForVectors &&
                      std::any_of(hits_.begin(), hits_.end(),
                                  [&](RawHit hit) { return hit.kind == SiteKind::syscall && is_real(hit); });
    const InterestSet interest = interesting_places();
    references_ = find_references(image_, text_, interest);
    reach_.reach_the_rest(hits_, references_);
    std::vector<RawHit> real;
    std::copy_if(hits_.begin(), hits_.end(), std::back_inserter(real), [&](RawHit hit) { return is_real(hit); });
    mark_targets(image_, functions_, references_, real, code_, reach_);
    plan_windows();
    return result();
  }

 private:
  // In larger files all references to functions would be too many; sites there keep their registers.
  static constexpr std::size_t kMaxFunctionsForVectors = 1u << 15;

  bool is_real(RawHit hit) const {
    return code_.is_instruction(hit.index) && code_.instruction(hit.index).site == hit.kind;
  }
  // The instruction with prefixes, which no compiler makes; it begins before the hit and stays as it is.
  bool is_prefixed(RawHit hit) const {
    const std::uint32_t start = code_.instruction_around(hit.index);
    return start != Text::kNone && start != hit.index && code_.instruction(start).site == hit.kind;
  }
  bool is_inside_other(RawHit hit) const {
    return !code_.is_instruction(hit.index) && code_.is_covered(hit.index) && !is_prefixed(hit);
  }

  void descend_into_hits() {
    if (!functions_.complete()) {
      for (const Function& function : functions_.all()) code_.descend(function);
    }
    for (const RawHit hit : hits_) reach_.descend_around(hit.index);
  }

  InterestSet interesting_places() const {
    InterestSet interest(text_.size());
    std::uint32_t done = 0;  // many hits share a place
    for (const RawHit hit : hits_) {
      if (is_inside_other(hit) || hit.index < done) continue;
      const TextSpan place = reach_.place_of(hit.index);
      interest.add(place.begin, place.end);
      done = place.end;
    }
    if (judges_vectors_)
      for (const Function& function : functions_.all()) interest.add(function.begin, function.begin + 1);
    return interest;
  }

  void plan_windows() {
    std::uint32_t lowest = 0;
    VectorsDead vectors_dead(code_, functions_, references_);
    for (const RawHit hit : hits_) {
      if (!is_real(hit)) continue;
      const TextSpan place = reach_.place_of(hit.index);
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
      else if (is_real(hit) || is_prefixed(hit))
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
  Reach reach_;
  References references_;
  bool judges_vectors_ = false;
  std::vector<std::uint32_t> planned_;  // indices of the sites, ascending
  Plan plan_;
};

// Older linkers put read-only data into the executable segment; the section headers, when there are any, tell.
bool is_in_code(const ElfImage& image, std::uint64_t address) {
  bool told = false;
  for (const ElfSection& section : image.sections()) {
    if ((section.header.sh_flags & SHF_EXECINSTR) == 0) continue;
    if (address - section.header.sh_addr < section.header.sh_size) return true;
    told = true;
  }
  return !told;
}

}  // namespace

Result<Analysis> analyse_in_detail(std::span<const std::uint8_t> elf_file) {
  const ElfImage image = TRY(ElfImage::parse(elf_file));
  const Text text = TRY(Text::of(image));
  std::vector<RawHit> hits;
  Analysis analysis;
  std::vector<Finding> no_code;
  for (const RawHit hit : text.raw_hits()) {
    const std::uint64_t address = text.address_of(hit.index);
    if (is_in_code(image, address))
      hits.push_back(hit);
    else
      no_code.push_back({hit.kind, Verdict::no_code, address});
  }
  if (!hits.empty()) analysis = Analyser(image, text, std::move(hits)).run();
  analysis.plan.raw_hit_count += static_cast<std::uint32_t>(no_code.size());
  analysis.findings.insert(analysis.findings.end(), no_code.begin(), no_code.end());
  std::sort(analysis.findings.begin(), analysis.findings.end(),
            [](const Finding& a, const Finding& b) { return a.address < b.address; });
  if (analysis.plan.sites.size() > kMaxPlanSites) return Error(Errc::unsupported, "more sites than a plan holds");
  return analysis;
}

Result<Plan> analyse(std::span<const std::uint8_t> elf_file) {
  Analysis analysis = TRY(analyse_in_detail(elf_file));
  return std::move(analysis.plan);
}

}  // namespace cloister
