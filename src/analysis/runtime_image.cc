// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/runtime_image.h"
#include <algorithm>
#include <cstdio>
#include "src/analysis/symbols.h"
#include "src/plan/apply.h"
#include "src/plan/little_endian.h"

namespace cloister {
namespace {

constexpr std::uint64_t kPageSize = 4096;

std::string hex(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

class Maker {
 public:
  Maker(const ElfImage& image, const RuntimeImageOptions& options) : image_(image), options_(options), symbols_(image) {
    out_.bytes.assign(image.file().begin(), image.file().end());
  }

  Result<RuntimeImage> make() {
    if (!image_.position_independent()) return Error(Errc::unsupported, "the runtime is not position-independent");
    if (symbols_.empty()) return Error(Errc::unsupported, "the runtime has no symbol table");
    check_segments();
    check_symbols();
    TRY(redirect());
    apply_relocations();
    TRY(check_result());
    return std::move(out_);
  }

 private:
  void problem(std::string text) { out_.problems.push_back(std::move(text)); }

  void check_segments() {
    std::uint64_t low = ~std::uint64_t{0}, high = 0;
    for (const ElfSegment& segment : image_.segments()) {
      if (segment.executable() && (segment.flags & PF_W) != 0)
        problem("segment at " + hex(segment.address) + " is writable and executable");
      low = std::min(low, segment.address / kPageSize * kPageSize);
      high = std::max(high, (segment.address + segment.memory_size + kPageSize - 1) / kPageSize * kPageSize);
    }
    out_.loaded_size = high - low;
    if (out_.loaded_size > options_.max_size)
      problem("loaded size " + std::to_string(out_.loaded_size) + " exceeds " + std::to_string(options_.max_size));
    const bool text_relocations =
        image_.dynamic_value(DT_TEXTREL).has_value() || (image_.dynamic_value(DT_FLAGS).value_or(0) & DF_TEXTREL) != 0;
    if (text_relocations) problem("the image has text relocations");
    if (image_.dynamic_value(DT_NEEDED).has_value()) problem("the image needs shared libraries");
    // Packed ones are not idempotent: glibc would add the base a second time.
    if (image_.dynamic_value(DT_RELR).has_value()) problem("the image has packed relative relocations (RELR)");
  }

  void check_symbols() {
    for (const std::string& name : options_.forbidden) {
      if (symbols_.defines(name)) problem("forbidden symbol " + name + " is linked in");
    }
    for (const std::string& name : options_.keep) {
      if (!symbols_.defines(name)) problem("symbol " + name + " is to be kept but is not defined");
    }
  }

  bool is_kept(std::uint64_t address) const {
    const ElfSection* enclu = image_.section(kEncluSection);
    if (enclu != nullptr && address - enclu->header.sh_addr < enclu->header.sh_size) return true;
    const std::string_view function = symbols_.function_at(address);
    return function.starts_with(kEncluPrefix) ||
           std::find(options_.keep.begin(), options_.keep.end(), function) != options_.keep.end();
  }

  std::uint64_t entry_point(const char* name) {
    const auto address = symbols_.address_of(name);
    if (!address) problem(std::string("entry point ") + name + " is not defined");
    return options_.base + address.value_or(0);
  }

  Result<void> redirect() {
    Analysis analysis = TRY(analyse_in_detail(image_.file()));
    std::erase_if(analysis.plan.sites,
                  [&](const PlannedSite& site) { return is_kept(site.window_start + site.instruction_offset); });
    for (const PlannedSite& site : analysis.plan.sites) ++out_.redirected[static_cast<std::size_t>(site.kind)];
    for (const Finding& finding : analysis.findings) {
      if (finding.verdict == Verdict::no_window && !is_kept(finding.address))
        problem("site at " + hex(finding.address) + " in " + std::string(symbols_.function_at(finding.address)) +
                " cannot be redirected");
    }
    const ElfSection* section = image_.section(kTrampolineSection);
    if (section == nullptr || section->header.sh_type != SHT_PROGBITS ||
        (section->header.sh_flags & (SHF_ALLOC | SHF_EXECINSTR)) != (SHF_ALLOC | SHF_EXECINSTR)) {
      problem(std::string("there is no allocated, executable section ") + kTrampolineSection);
      return {};
    }
    return apply(encode_plan(analysis.plan), *section);
  }

  Result<void> apply(const std::vector<std::uint8_t>& encoded, const ElfSection& section) {
    const PlanView plan = TRY(PlanView::parse(encoded));
    const std::uint64_t syscall = entry_point("runtime_syscall_entry");
    const EntryPoints entries{syscall, syscall, entry_point("runtime_cpuid_entry"), entry_point("runtime_rdtsc_entry"),
                              entry_point("runtime_rdtscp_entry")};
    const auto area = image_.section_bytes(section);
    if (area.empty() || section.header.sh_addr % kTrampolineAlignment != 0)
      return Error(Errc::invalid, "the trampoline section is empty or not aligned to 16");
    const std::span<std::uint8_t> out(out_.bytes);
    const auto room = out.subspan(static_cast<std::size_t>(area.data() - image_.file().data()), area.size());
    out_.trampoline_room = room.size();
    for (const ElfSegment& segment : image_.segments()) {
      if (!segment.executable()) continue;
      const std::uint64_t address = options_.base + segment.address;
      const TextRange range{options_.base, address, segment.file_size};
      const std::uint64_t used = out_.trampoline_bytes;
      out_.trampoline_bytes += trampoline_size(plan, range);
      if (out_.trampoline_bytes > room.size()) continue;
      TRY(apply_plan({plan, options_.base, out.subspan(segment.file_offset, segment.file_size), address,
                      room.subspan(used), options_.base + section.header.sh_addr + used, entries}));
    }
    if (out_.trampoline_bytes > room.size())
      problem(std::string(kTrampolineSection) + " is too small: " + std::to_string(room.size()) +
              " bytes, needed are " + std::to_string(out_.trampoline_bytes));
    return {};
  }

  void apply_relocations() {
    const auto table =
        image_.bytes_at(image_.dynamic_value(DT_RELA).value_or(0), image_.dynamic_value(DT_RELASZ).value_or(0));
    for_each_record<Elf64_Rela>(table, [&](const Elf64_Rela& entry) {
      if (ELF64_R_TYPE(entry.r_info) != R_X86_64_RELATIVE) {
        ++out_.relocations_left;
        return;
      }
      const auto place = image_.bytes_at(entry.r_offset, 8);
      const bool writable = std::any_of(image_.segments().begin(), image_.segments().end(), [&](const ElfSegment& s) {
        return (s.flags & PF_W) != 0 && entry.r_offset - s.address < s.file_size;
      });
      if (place.empty() || !writable) {
        problem("relocation at " + hex(entry.r_offset) + " is not in initialised, writable data");
        return;
      }
      store_u64(&out_.bytes[static_cast<std::size_t>(place.data() - image_.file().data())],
                options_.base + static_cast<std::uint64_t>(entry.r_addend));
      ++out_.relocations_applied;
    });
    out_.relocations_left += image_.dynamic_value(DT_PLTRELSZ).value_or(0) / sizeof(Elf64_Rela);  // IRELATIVE
  }

  // The output is analysed anew: whatever can still be reached is wrong, unless it is to be kept.
  Result<void> check_result() {
    const Analysis analysis = TRY(analyse_in_detail(out_.bytes));
    for (const Finding& finding : analysis.findings) {
      const std::string function(symbols_.function_at(finding.address));
      const bool kept = is_kept(finding.address);
      const bool reachable = finding.verdict == Verdict::planned || finding.verdict == Verdict::no_window;
      if (reachable && !kept) problem("site at " + hex(finding.address) + " in " + function + " is still reachable");
      std::string reason = "unreached";
      if (finding.verdict == Verdict::inside_other) reason = "inside another instruction";
      if (finding.verdict == Verdict::no_code) reason = "no code";
      if (kept) reason = "kept";
      out_.remaining.push_back({finding.address, finding.kind, function, reason});
    }
    return {};
  }

  const ElfImage& image_;
  const RuntimeImageOptions& options_;
  const SymbolIndex symbols_;
  RuntimeImage out_;
};

}  // namespace

Result<RuntimeImage> make_runtime_image(std::span<const std::uint8_t> elf_file, const RuntimeImageOptions& options) {
  const ElfImage image = TRY(ElfImage::parse(elf_file));
  if (options.base % kPageSize != 0) return Error(Errc::invalid, "the base is not a multiple of the page size");
  return Maker(image, options).make();
}

}  // namespace cloister
