// SPDX-License-Identifier: Apache-2.0
#include "src/plan/apply.h"
#include "src/plan/little_endian.h"

namespace cloister {
namespace {

constexpr std::uint8_t kBreakpoint = 0xCC, kJump = 0xE9;

// Writes code for one run-time address; remembers when a displacement did not fit.
class CodeWriter {
 public:
  CodeWriter(std::uint8_t* out, std::uint64_t address) : out_(out), address_(address) {}
  std::uint64_t address() const { return address_; }
  bool in_range() const { return in_range_; }
  void byte(std::uint8_t value) {
    *out_++ = value;
    ++address_;
  }
  void bytes(std::span<const std::uint8_t> values) {
    for (std::uint8_t value : values) byte(value);
  }
  // A displacement to `target`; `trailing` bytes of the instruction follow it.
  void relative(std::uint64_t target, std::uint32_t trailing = 0) {
    const auto displacement = static_cast<std::int64_t>(target - (address_ + 4 + trailing));
    if (displacement != static_cast<std::int32_t>(displacement)) in_range_ = false;
    store_u32(out_, static_cast<std::uint32_t>(displacement));
    out_ += 4;
    address_ += 4;
  }

 private:
  std::uint8_t* out_;
  std::uint64_t address_;
  bool in_range_ = true;
};

// Copies [begin, end) of the window, its PC-relative fields changed so that they still mean the same address.
void write_moved(CodeWriter& out, const PlanSite& site, std::uint64_t bias, std::uint32_t begin, std::uint32_t end) {
  const std::uint64_t window_address = bias + site.window_start;
  std::uint32_t at = begin;
  for (std::size_t i = 0; i < site.fixup_count(); ++i) {
    const PlanFixup fixup = site.fixup(i);
    if (fixup.field_offset < begin || fixup.instruction_end > end) continue;
    const std::uint64_t instruction_end = window_address + fixup.instruction_end;
    if (fixup.field == FixupField::rel32) {
      out.bytes(site.window.subspan(at, fixup.field_offset - at));
      const auto old = static_cast<std::int32_t>(load_u32(&site.window[fixup.field_offset]));
      out.relative(instruction_end + static_cast<std::uint64_t>(std::int64_t{old}),
                   fixup.instruction_end - (fixup.field_offset + 4u));
      at = fixup.field_offset + 4;
    } else {
      const std::uint32_t opcode_at = fixup.field_offset - 1;
      out.bytes(site.window.subspan(at, opcode_at - at));
      const std::uint8_t opcode = site.window[opcode_at];
      if (opcode == 0xEB) {
        out.byte(kJump);
      } else {
        out.byte(0x0F);
        out.byte(static_cast<std::uint8_t>(0x80 | (opcode & 0x0F)));
      }
      const auto old = static_cast<std::int8_t>(site.window[fixup.field_offset]);
      out.relative(instruction_end + static_cast<std::uint64_t>(std::int64_t{old}));
      at = fixup.instruction_end;
    }
  }
  out.bytes(site.window.subspan(at, end - at));
}

void write_gate(CodeWriter& out, const PlanSite& site, std::uint64_t bias, std::uint64_t slot, std::uint64_t after) {
  static constexpr std::uint8_t kLeaRcx[] = {0x48, 0x8D, 0x0D}, kJumpMemory[] = {0xFF, 0x25};
  static constexpr std::uint8_t kCallMemory[] = {0xFF, 0x15}, kSkipRedZone[] = {0x48, 0x8D, 0x64, 0x24, 0x80};
  static constexpr std::uint8_t kBackToRedZone[] = {0x48, 0x8D, 0xA4, 0x24, 0x80, 0x00, 0x00, 0x00};
  if (site.kind == SiteKind::syscall) {
    out.bytes(kLeaRcx);
    out.relative(site.ends_with_instruction() ? bias + site.window_end() : after);
    out.bytes(kJumpMemory);
    out.relative(slot);
  } else {
    out.bytes(kSkipRedZone);
    out.bytes(kCallMemory);
    out.relative(slot);
    out.bytes(kBackToRedZone);
  }
}

// Returns whether every displacement fits, the one of the jump in the window included.
bool write_trampoline(const PlanSite& site, const TrampolineInput& input, std::uint64_t offset,
                      const TrampolineShape& shape) {
  const std::uint64_t start = input.trampolines_address + offset, bias = input.text.bias;
  CodeWriter out(input.trampolines.data() + offset, start);
  write_moved(out, site, bias, 0, site.instruction_offset);
  const std::uint64_t slot = input.trampolines_address + 8 * static_cast<std::uint64_t>(entry_slot(site));
  write_gate(out, site, bias, slot, start + shape.after_offset);
  if (shape.code_size > shape.after_offset) {
    write_moved(out, site, bias, site.resume_offset(), static_cast<std::uint32_t>(site.window.size()));
    out.byte(kJump);
    out.relative(bias + site.window_end());
  }
  while (out.address() != start + shape.size) out.byte(kBreakpoint);
  const auto jump = static_cast<std::int64_t>(start - (bias + site.window_start + kJumpSize));
  return out.in_range() && jump == static_cast<std::int32_t>(jump);
}

void write_slots(const TrampolineInput& input) {
  const std::uint64_t slots[kEntrySlotCount] = {input.slots.syscall_vectors_live, input.slots.syscall_vectors_dead,
                                                input.slots.cpuid, input.slots.rdtsc, input.slots.rdtscp};
  for (std::uint32_t i = 0; i < kEntrySlotCount; ++i) store_u64(input.trampolines.data() + 8 * i, slots[i]);
}

bool text_holds(const PlanSite& site, const ApplyInput& input) {
  const std::uint8_t* text = input.text.data() + (input.bias + site.window_start - input.text_address);
  for (std::size_t i = 0; i < site.window.size(); ++i) {
    if (text[i] != site.window[i]) return false;
  }
  return true;
}

}  // namespace

void write_window(std::span<std::uint8_t> window, std::uint64_t window_address, std::uint64_t trampoline_address) {
  CodeWriter out(window.data(), window_address);
  out.byte(kJump);
  out.relative(trampoline_address);
  while (out.address() != window_address + window.size()) out.byte(kBreakpoint);
}

Result<ApplyOutput> write_trampolines(const TrampolineInput& input) {
  ApplyOutput output{0, trampoline_size(input.plan, input.text)};
  if (output.trampoline_bytes == 0) return output;
  if (input.trampolines.size() < output.trampoline_bytes)
    return Error(Errc::invalid, "plan: the trampoline area is too small");
  if (input.trampolines_address % 8 != 0) return Error(Errc::invalid, "plan: the trampoline area is not aligned");
  write_slots(input);
  std::uint64_t offset = kEntrySlotsSize;
  for (const PlanSite site : input.plan) {
    if (!input.text.contains(site)) continue;
    const TrampolineShape shape = trampoline_shape(site);
    if (!write_trampoline(site, input, offset, shape))
      return Error(Errc::unsupported, "plan: trampolines and text are more than 2 GiB apart");
    offset += shape.size;
    ++output.sites_applied;
  }
  return output;
}

Result<ApplyOutput> apply_plan(const ApplyInput& input) {
  const TextRange range{input.bias, input.text_address, input.text.size()};
  const ApplyOutput output =
      TRY(write_trampolines({input.plan, range, input.trampolines, input.trampolines_address, input.slots}));
  for (const PlanSite site : input.plan) {
    if (range.contains(site) && !text_holds(site, input))
      return Error(Errc::mismatch, "plan: the text is not the one it was made for");
  }
  // Nothing can fail from here on.
  std::uint64_t offset = kEntrySlotsSize;
  for (const PlanSite site : input.plan) {
    if (!range.contains(site)) continue;
    const std::uint64_t address = input.bias + site.window_start;
    write_window(input.text.subspan(address - input.text_address, site.window.size()), address,
                 input.trampolines_address + offset);
    offset += trampoline_shape(site).size;
  }
  return output;
}

}  // namespace cloister
