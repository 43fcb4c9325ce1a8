// SPDX-License-Identifier: Apache-2.0
// The rewrite plan of one ELF file: where its `syscall`, `cpuid`, `rdtsc` and `rdtscp` instructions are and how each
// is to be diverted. Both sides; no allocation, no exceptions, no decoder.
//
// The owner's side computes a plan (src/analysis) and pins it by the file's SHA-256; the enclave applies it (apply.h).
// A plan can only *move* code: the moved bytes are taken from the text itself, which must equal the bytes in the plan,
// and the only changes that a plan can ask for are those of PC-relative fields. So a wrong plan cannot add code, and a
// reader that has validated it never leaves the text or the trampolines.
//
// Encoding, version 1, little-endian, no padding, exactly this long:
//   header   32 bytes: magic "CLSTPLAN", u32 version, u32 site_count, u32 fixup_count, u32 window_bytes (sum of all
//                      windows), u32 raw_hit_count, u32 trapped_count (the last two only inform)
//   sites    16 bytes each, ascending, windows do not overlap:
//            u64 window_start (link-time virtual address), u8 window_size, u8 instruction_offset, u8 kind, u8 flags
//            (bit 0: vectors_dead), u8 fixup_count, u8[3] zero
//   fix-ups  4 bytes each, in the order of the sites, ascending within one:
//            u8 field_offset, u8 instruction_end (both from window_start), u8 field (FixupField), u8 zero
//   windows  the original bytes of every window, in the order of the sites
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include "src/base/result.h"

namespace cloister {

enum class SiteKind : std::uint8_t { syscall = 1, cpuid = 2, rdtsc = 3, rdtscp = 4 };  // 5 is kept for xgetbv

// The instruction's own bytes; empty for a number that is no kind.
std::span<const std::uint8_t> instruction_bytes(SiteKind kind);

// How the PC-relative field of a moved instruction looks in the original.
enum class FixupField : std::uint8_t {
  rel32 = 1,  // 32 bits; stays as it is but for its value (branches, and RIP-relative operands)
  rel8 = 2,   // a short jump (EB or 70..7F), which grows to its 32-bit form when it is moved
};

struct PlanFixup {
  std::uint8_t field_offset;
  std::uint8_t instruction_end;
  FixupField field;
  // By how many bytes the instruction becomes longer.
  std::uint32_t growth(std::span<const std::uint8_t> window) const {
    if (field == FixupField::rel32) return 0;
    return window[field_offset - 1u] == 0xEB ? 3 : 4;
  }
};

inline constexpr std::size_t kPlanHeaderSize = 32, kPlanSiteSize = 16, kPlanFixupSize = 4;
inline constexpr std::uint8_t kPlanMagic[8] = {'C', 'L', 'S', 'T', 'P', 'L', 'A', 'N'};
inline constexpr std::uint32_t kPlanVersion = 1;
inline constexpr std::uint8_t kPlanVectorsDead = 1;
inline constexpr std::uint32_t kMinWindowSize = 5;   // a jump with a 32-bit displacement
inline constexpr std::uint32_t kMaxWindowSize = 64;  // far more than any real one
inline constexpr std::uint32_t kMaxPlanSites = 1u << 20;

// One site of a validated plan; it refers to the plan's bytes.
struct PlanSite {
  std::uint64_t window_start;       // A
  std::uint8_t instruction_offset;  // S - A
  SiteKind kind;
  bool vectors_dead;
  std::span<const std::uint8_t> window;  // original bytes of [A, B)
  std::span<const std::uint8_t> encoded_fixups;

  std::uint64_t window_end() const { return window_start + window.size(); }        // B
  std::uint64_t instruction() const { return window_start + instruction_offset; }  // S
  std::uint32_t resume_offset() const;                                             // of the next instruction
  // The bytes after the instruction are untouched, so that the program can resume there.
  bool ends_with_instruction() const { return resume_offset() == window.size(); }
  std::size_t fixup_count() const { return encoded_fixups.size() / kPlanFixupSize; }
  PlanFixup fixup(std::size_t index) const {
    const std::uint8_t* bytes = encoded_fixups.data() + index * kPlanFixupSize;
    return {bytes[0], bytes[1], static_cast<FixupField>(bytes[2])};
  }
};

class PlanView {
 public:
  // Validates everything; afterwards the sites can be walked without further checks. `bytes` must be memory that the
  // host cannot change, and must outlive the view. Errc::invalid names the first thing that is wrong.
  static Result<PlanView> parse(std::span<const std::uint8_t> bytes);

  std::uint32_t site_count() const { return site_count_; }
  std::uint32_t raw_hit_count() const { return raw_hit_count_; }
  std::uint32_t trapped_count() const { return trapped_count_; }

  class Iterator {
   public:
    PlanSite operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return site_ == other.site_; }

   private:
    friend class PlanView;
    Iterator(const std::uint8_t* site, const std::uint8_t* fixups, const std::uint8_t* window)
        : site_(site), fixups_(fixups), window_(window) {}
    const std::uint8_t* site_;
    const std::uint8_t* fixups_;
    const std::uint8_t* window_;
  };
  Iterator begin() const { return {sites_, fixups_, windows_}; }
  Iterator end() const { return {fixups_, nullptr, nullptr}; }  // the site table ends where the fix-ups begin

 private:
  PlanView() = default;
  const std::uint8_t* sites_ = nullptr;
  const std::uint8_t* fixups_ = nullptr;
  const std::uint8_t* windows_ = nullptr;
  std::uint32_t site_count_ = 0, raw_hit_count_ = 0, trapped_count_ = 0;
};

}  // namespace cloister
