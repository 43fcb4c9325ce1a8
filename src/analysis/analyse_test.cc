// SPDX-License-Identifier: Apache-2.0
// The analysis against real files of this machine, and against damaged ones.
#include "src/analysis/analyse.h"
#include <elf.h>
#include <gnu/libc-version.h>
#include <gtest/gtest.h>
#include <chrono>
#include <cstdio>
#include <cstring>
#include "src/files/file_bytes.h"
#include "src/plan/address_map.h"
#include "src/plan/apply.h"
#include "src/plan/little_endian.h"

namespace cloister {
namespace {

constexpr char kLibc[] = "/lib/x86_64-linux-gnu/libc.so.6";
constexpr char kLoader[] = "/lib64/ld-linux-x86-64.so.2";
constexpr char kMusl[] = "/lib/ld-musl-x86_64.so.1";
constexpr char kBusybox[] = "/bin/busybox";
constexpr char kLibcrypto[] = "/lib/x86_64-linux-gnu/libcrypto.so.3";

struct Counts {
  unsigned syscalls = 0, others = 0, vectors_dead = 0, unreached = 0, no_window = 0;
};

Counts count(const Analysis& analysis) {
  Counts counts;
  for (const PlannedSite& site : analysis.plan.sites) {
    ++(site.kind == SiteKind::syscall ? counts.syscalls : counts.others);
    counts.vectors_dead += site.vectors_dead;
  }
  for (const Finding& finding : analysis.findings) {
    counts.unreached += finding.verdict == Verdict::unreached;
    counts.no_window += finding.verdict == Verdict::no_window;
  }
  return counts;
}

// nullopt, said loudly, when the file is not there.
std::optional<Analysis> analyse_file(const char* path) {
  auto file = read_file(path);
  if (!file.ok()) {
    std::printf("NOT TESTED: %s is missing\n", path);
    return std::nullopt;
  }
  auto analysis = analyse_in_detail(file.value());
  EXPECT_TRUE(analysis.ok()) << path << ": " << (analysis.ok() ? "" : analysis.error().what());
  if (!analysis.ok()) return std::nullopt;
  return std::move(analysis).take();
}

TEST(Analyse, GlibcIsCoveredCompletely) {
  const auto analysis = analyse_file(kLibc);
  if (!analysis) GTEST_SKIP() << kLibc;
  const Counts counts = count(*analysis);
  EXPECT_EQ(counts.unreached + counts.no_window, 0u);
  EXPECT_EQ(counts.others, 2u);
  EXPECT_GT(counts.vectors_dead, 300u);
  if (std::string(gnu_get_libc_version()) == "2.36") {
    EXPECT_NEAR(counts.syscalls, 526, 4);  // point releases move little
  }
}

TEST(Analyse, LoaderIsCoveredCompletely) {
  const auto analysis = analyse_file(kLoader);
  if (!analysis) GTEST_SKIP() << kLoader;
  const Counts counts = count(*analysis);
  EXPECT_EQ(counts.unreached + counts.no_window, 0u);
  EXPECT_GT(counts.syscalls, 40u);
  EXPECT_GT(counts.others, 30u);
}

TEST(Analyse, StaticBusyboxIsCoveredCompletely) {
  const auto analysis = analyse_file(kBusybox);
  if (!analysis) GTEST_SKIP() << kBusybox;
  const Counts counts = count(*analysis);
  EXPECT_EQ(counts.no_window, 0u);
  EXPECT_GT(counts.syscalls, 270u);
  EXPECT_LT(counts.unreached, 12u);  // bytes in code that only data refers to
}

TEST(Analyse, MuslIsNearlyCovered) {
  const auto analysis = analyse_file(kMusl);
  if (!analysis) GTEST_SKIP() << kMusl;
  const Counts counts = count(*analysis);
  EXPECT_GT(counts.syscalls, 490u);
  EXPECT_LT(counts.unreached + counts.no_window, 5u);
}

// The tables of the NIST curves stand in its text and hold 0F 05.
TEST(Analyse, DataInTheTextIsNotTouched) {
  const auto analysis = analyse_file(kLibcrypto);
  if (!analysis) GTEST_SKIP() << kLibcrypto;
  EXPECT_EQ(count(*analysis).syscalls, 0u);
  EXPECT_GT(count(*analysis).unreached, 0u);
}

TEST(Analyse, IsFast) {
  auto file = read_file(kLibc);
  if (!file.ok()) GTEST_SKIP() << kLibc;
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(analyse(file.value()).ok());
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count());
  }
  std::printf("libc.so.6: %.1f ms\n", best);
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(best, 100);  // 15 on a quiet machine; the limit leaves room for a busy one
#endif
}

// Checks what applying makes of one site by decoding it: same instructions, same targets, and the address map agrees.
class TrampolineCheck {
 public:
  TrampolineCheck(RewrittenText text, std::span<const std::uint8_t> trampolines, std::span<const std::uint8_t> original)
      : text_(text), trampolines_(trampolines), original_(original) {}

  void check(const PlanSite& site, std::uint64_t trampoline) {
    std::uint64_t at = trampoline;
    follow_moved(site, 0, site.instruction_offset, at);
    std::uint64_t resume = 0;
    if (site.kind == SiteKind::syscall) {
      const Instruction lea = take(at);
      EXPECT_TRUE(lea.loads_address);
      resume = lea.target;
      expect_slot(take(at), site);
    } else {
      EXPECT_EQ(take(at).length, 5);
      expect_slot(take(at), site);
      EXPECT_EQ(take(at).length, 8);
      resume = at;
    }
    if (site.kind == SiteKind::syscall && site.ends_with_instruction()) {
      EXPECT_EQ(resume, run_time(site.window_end()));
      return;
    }
    EXPECT_EQ(resume, at);
    follow_moved(site, site.resume_offset(), static_cast<std::uint32_t>(site.window.size()), at);
    const Instruction back = take(at);
    EXPECT_EQ(back.flow, FlowKind::jump);
    EXPECT_EQ(back.target, run_time(site.window_end()));
  }

 private:
  std::uint64_t run_time(std::uint64_t link_time) const { return text_.text.bias + link_time; }

  Instruction take(std::uint64_t& at) {
    const auto bytes = trampolines_.subspan(at - text_.trampolines_address);
    const auto instruction = decode(bytes, at);
    EXPECT_TRUE(instruction.has_value());
    at += instruction ? instruction->length : 1;
    return instruction.value_or(Instruction{});
  }

  void expect_slot(const Instruction& instruction, const PlanSite& site) {
    EXPECT_EQ(instruction.target, text_.trampolines_address + 8 * static_cast<std::uint64_t>(entry_slot(site)));
  }

  void follow_moved(const PlanSite& site, std::uint32_t begin, std::uint32_t end, std::uint64_t& at) {
    while (begin < end) {
      const std::uint64_t original_address = run_time(site.window_start + begin);
      const auto original = decode(original_.subspan(original_address - text_.text.address), original_address);
      ASSERT_TRUE(original.has_value());
      const auto position = original_position(text_, at);
      ASSERT_TRUE(position.has_value());
      EXPECT_EQ(position->pc, original_address);
      EXPECT_EQ(trampoline_position(text_, original_address), at);
      const Instruction moved = take(at);
      EXPECT_EQ(moved.flow, original->flow);
      EXPECT_EQ(moved.pc_relative, original->pc_relative);
      if (moved.pc_relative) {
        EXPECT_EQ(moved.target, original->target);
      } else {
        EXPECT_EQ(moved.length, original->length);
      }
      begin += original->length;
    }
    EXPECT_EQ(begin, end);
  }

  const RewrittenText text_;
  const std::span<const std::uint8_t> trampolines_, original_;
};

void check_all_trampolines(const char* path) {
  auto file = read_file(path);
  if (!file.ok()) GTEST_SKIP() << path;
  const ElfImage image = ElfImage::parse(file.value()).take();
  const auto encoded = encode_plan(analyse(file.value()).take());
  const PlanView plan = PlanView::parse(encoded).take();
  const std::uint64_t bias = image.position_independent() ? 0x7123'4567'8000 : 0;
  std::size_t checked = 0;
  for (const ElfSegment& segment : image.segments()) {
    if (!segment.executable()) continue;
    const auto original = image.bytes_at(segment.address, segment.file_size);
    std::vector<std::uint8_t> text(original.begin(), original.end());
    const TextRange range{bias, bias + segment.address, text.size()};
    std::vector<std::uint8_t> trampolines(trampoline_size(plan, range));
    const std::uint64_t area = bias + segment.address + 0x4000'0000;
    const auto output = apply_plan({plan, bias, text, range.address, trampolines, area, {1, 2, 3, 4, 5}});
    ASSERT_TRUE(output.ok()) << output.error().what();
    TrampolineCheck check({plan, range, area, trampolines.size()}, trampolines, original);
    for (const PlanSite site : plan) {
      if (!range.contains(site)) continue;
      const std::uint64_t at = bias + site.window_start;
      const auto jump = decode(std::span(text).subspan(at - range.address), at);
      ASSERT_TRUE(jump.has_value());
      EXPECT_EQ(jump->flow, FlowKind::jump);
      EXPECT_EQ(trampoline_position({plan, range, area, trampolines.size()}, at), jump->target);
      check.check(site, jump->target);
      ++checked;
    }
  }
  EXPECT_EQ(checked, plan.site_count());
}

TEST(Trampolines, OfGlibc) { check_all_trampolines(kLibc); }
TEST(Trampolines, OfTheLoader) { check_all_trampolines(kLoader); }
TEST(Trampolines, OfMusl) { check_all_trampolines(kMusl); }
TEST(Trampolines, OfBusybox) { check_all_trampolines(kBusybox); }

std::string refusal(std::span<const std::uint8_t> bytes) {
  const auto analysis = analyse(bytes);
  return analysis.ok() ? "accepted" : analysis.error().what();
}

TEST(Damaged, IsRefusedWithTheReason) {
  EXPECT_EQ(refusal({}), "not an ELF file");
  const std::string text = "#!/bin/sh\necho hello, this is no program\n";
  EXPECT_EQ(refusal({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}), "not an ELF file");
  const auto good = read_file(kLoader).take();
  auto bytes = good;
  bytes[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(refusal(bytes), "32-bit ELF file; only x86-64 is served");
  bytes = good;
  bytes[18] = EM_AARCH64;
  EXPECT_EQ(refusal(bytes), "ELF file for another processor than x86-64");
  bytes = good;
  bytes[16] = ET_REL;
  EXPECT_EQ(refusal(bytes), "ELF file is neither an executable nor a shared library");
  EXPECT_EQ(refusal(std::span(good).first(good.size() / 2)), "ELF segment lies outside the file or the address space");
  bytes = good;
  store_u64(&bytes[32], ~std::uint64_t{0});
  EXPECT_EQ(refusal(bytes), "ELF program headers are missing or cut off");
}

TEST(Damaged, TruncationsAndFlippedBytesNeverCrash) {
  const auto good = read_file(kLoader).take();
  for (std::size_t size = 0; size < good.size(); size += 997) refusal(std::span(good).first(size));
  std::uint32_t random = 1;
  const auto next = [&random] { return random = random * 1664525 + 1013904223; };
  for (int round = 0; round < 150; ++round) {
    auto bytes = good;
    for (int flips = 0; flips < 200; ++flips)
      bytes[(next() >> 8) % bytes.size()] ^= static_cast<std::uint8_t>(next() >> 24);
    // Headers more often than the rest: they steer the most.
    if (round % 2 == 0) bytes[16 + (next() >> 8) % 1000] = static_cast<std::uint8_t>(next() >> 24);
    std::copy(good.begin(), good.begin() + 16, bytes.begin());
    const auto plan = analyse(bytes);
    EXPECT_TRUE(!plan.ok() || PlanView::parse(encode_plan(plan.value())).ok());
  }
}

// Without section headers unwind information is found by its program header, symbols by the dynamic table.
TEST(Damaged, StrippedSectionHeadersCostNothing) {
  auto bytes = read_file(kLibc);
  if (!bytes.ok()) GTEST_SKIP() << kLibc;
  const Counts with = count(analyse_in_detail(bytes.value()).take());
  store_u64(&bytes.value()[40], 0);
  bytes.value()[60] = bytes.value()[61] = 0;
  const Counts without = count(analyse_in_detail(bytes.value()).take());
  EXPECT_EQ(with.syscalls, without.syscalls);
  EXPECT_EQ(without.no_window, 0u);
}

// Two executable segments with what each holds; the program begins at the first one's first byte.
std::vector<std::uint8_t> file_of_segments(const std::vector<std::uint8_t>& first,
                                           const std::vector<std::uint8_t>& second) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC, header.e_machine = EM_X86_64, header.e_version = EV_CURRENT;
  header.e_entry = 0x401000;
  header.e_phoff = sizeof header, header.e_phentsize = sizeof(Elf64_Phdr), header.e_phnum = 2;
  header.e_ehsize = sizeof header;
  std::vector<std::uint8_t> file(0x3000);
  const auto add = [&](std::size_t number, const std::vector<std::uint8_t>& bytes) {
    const std::uint64_t offset = 0x1000 * (number + 1);
    Elf64_Phdr segment{};
    segment.p_type = PT_LOAD, segment.p_flags = PF_R | PF_X, segment.p_align = 0x1000;
    segment.p_offset = offset, segment.p_vaddr = 0x400000 + offset + 0x1000 * number;
    segment.p_filesz = segment.p_memsz = bytes.size();
    std::memcpy(file.data() + sizeof header + number * sizeof segment, &segment, sizeof segment);
    std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(offset));
  };
  std::memcpy(file.data(), &header, sizeof header);
  add(0, first);
  add(1, second);
  return file;
}

TEST(Analyse, NothingRunsOnFromOneSegmentIntoTheNext) {
  const std::vector<std::uint8_t> move = {0x4c, 0x89, 0xea}, call = {0x0f, 0x05, 0x48, 0x89, 0xc3, 0xc3};
  std::vector<std::uint8_t> joined = move;
  joined.insert(joined.end(), call.begin(), call.end());
  const auto together = analyse(file_of_segments(joined, {0xc3}));
  ASSERT_TRUE(together.ok());
  EXPECT_EQ(together.value().sites.size(), 1u);
  const auto apart = analyse(file_of_segments(move, call));
  ASSERT_TRUE(apart.ok());
  EXPECT_TRUE(apart.value().sites.empty());
  EXPECT_EQ(apart.value().trapped_count, 1u);
}
}  // namespace
}  // namespace cloister
