// SPDX-License-Identifier: Apache-2.0
#include "src/plan/apply.h"
#include <gtest/gtest.h>
#include <unistd.h>
#include "src/plan/little_endian.h"
#include "src/plan/testing.h"

// The simplest entry points: carry out the instruction and go back as the contract says.
extern "C" {
void plan_test_syscall_entry();
void plan_test_syscall_dead_entry();
void plan_test_rdtsc_entry();
std::uint64_t plan_test_resume, plan_test_calls, plan_test_dead_calls;
}
asm(R"(
.text
plan_test_syscall_entry:
  incq plan_test_calls(%rip)
1: movq %rcx, plan_test_resume(%rip)
  syscall
  movq plan_test_resume(%rip), %rcx
  jmp *%rcx
plan_test_syscall_dead_entry:
  incq plan_test_dead_calls(%rip)
  jmp 1b
plan_test_rdtsc_entry:
  movl $0x1234, %eax
  movl $0x5678, %edx
  ret
)");

namespace cloister {
namespace {
using testing::Bytes;

constexpr std::uint64_t kLinkAddress = 0x10000;

EntryPoints test_entry_points() {
  const auto address = [](void (*f)()) { return reinterpret_cast<std::uint64_t>(f); };
  return {address(plan_test_syscall_entry), address(plan_test_syscall_dead_entry), 3, address(plan_test_rdtsc_entry),
          5};
}

// A text of some sites with `gap` bytes of RET between them, laid out from kLinkAddress on.
struct Program {
  Plan plan;
  Bytes encoded, text;
  explicit Program(std::vector<PlannedSite> sites) {
    plan.sites = std::move(sites);
    encoded = encode_plan(plan);
    text.assign(256, 0xC3);
    for (const PlannedSite& site : plan.sites)
      std::copy(site.window.begin(), site.window.end(),
                text.begin() + static_cast<long>(site.window_start - kLinkAddress));
  }
  PlanView view() const { return PlanView::parse(encoded).value(); }
  ApplyInput input(std::uint64_t text_address, std::span<std::uint8_t> trampolines, std::uint64_t address) {
    return {view(), text_address - kLinkAddress, text, text_address, trampolines, address, test_entry_points()};
  }
};

std::uint64_t target_of(std::span<const std::uint8_t> bytes, std::size_t field, std::uint64_t next_address) {
  return next_address + static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(load_u32(&bytes[field]))});
}

TEST(Apply, WritesTheDocumentedCode) {
  Program program({testing::getpid_site(kLinkAddress), testing::rdtsc_site(kLinkAddress + 0x40)});
  Bytes trampolines(4096, 0xAA);
  const std::uint64_t text_address = 0x7000'0000, area = 0x7001'0000;
  const auto output = apply_plan(program.input(text_address, trampolines, area));
  ASSERT_TRUE(output.ok()) << output.error().what();
  EXPECT_EQ(output.value().sites_applied, 2u);
  const std::uint64_t first = area + kEntrySlotsSize, second = first + 32;
  EXPECT_EQ(output.value().trampoline_bytes, kEntrySlotsSize + 32 + 48);
  EXPECT_EQ(load_u64(&trampolines[0]), test_entry_points().syscall_vectors_live);
  EXPECT_EQ(load_u64(&trampolines[24]), test_entry_points().rdtsc);

  // The windows: a jump, then breakpoints.
  EXPECT_EQ(program.text[0], 0xE9);
  EXPECT_EQ(target_of(program.text, 1, text_address + 5), first);
  EXPECT_EQ(Bytes(program.text.begin() + 5, program.text.begin() + 8), (Bytes{0xCC, 0xCC, 0xC3}));
  EXPECT_EQ(target_of(program.text, 0x41, text_address + 0x45), second);

  // mov $39,%eax; lea resume(%rip),%rcx; jmp *slot(%rip)
  const std::span<const std::uint8_t> one(&trampolines[kEntrySlotsSize], 32);
  EXPECT_EQ(Bytes(one.begin(), one.begin() + 8), (Bytes{0xB8, 39, 0, 0, 0, 0x48, 0x8D, 0x0D}));
  EXPECT_EQ(target_of(one, 8, first + 12), text_address + 7);
  EXPECT_EQ(Bytes(one.begin() + 12, one.begin() + 14), (Bytes{0xFF, 0x25}));
  EXPECT_EQ(target_of(one, 14, first + 18), area);
  EXPECT_EQ(one[18], 0xCC);

  // jne window_start; lea target(%rip),%rsi; gate; jmp window_end
  const std::span<const std::uint8_t> two(&trampolines[kEntrySlotsSize + 32], 48);
  EXPECT_EQ(Bytes(two.begin(), two.begin() + 2), (Bytes{0x0F, 0x85}));
  EXPECT_EQ(target_of(two, 2, second + 6), text_address + 0x40);
  EXPECT_EQ(target_of(two, 9, second + 13), text_address + 0x49 + 0x100);
  EXPECT_EQ(Bytes(two.begin() + 13, two.begin() + 20), (Bytes{0x48, 0x8D, 0x64, 0x24, 0x80, 0xFF, 0x15}));
  EXPECT_EQ(target_of(two, 20, second + 24), area + 24);
  EXPECT_EQ(two[32], 0xE9);
  EXPECT_EQ(target_of(two, 33, second + 37), text_address + 0x4B);
}

TEST(Apply, LeavesOtherTextAlone) {
  Program program({testing::getpid_site(kLinkAddress), testing::getpid_site(kLinkAddress + 0x80)});
  Bytes trampolines(4096);
  // The text in hand ends in the middle of the second window.
  ApplyInput input = program.input(0x5000, trampolines, 0x9000);
  input.text = input.text.first(0x83);
  EXPECT_EQ(trampoline_size(input.plan, {input.bias, input.text_address, 0x83}), kEntrySlotsSize + 32);
  EXPECT_EQ(apply_plan(input).value().sites_applied, 1u);
  EXPECT_EQ(program.text[0x80], 0xB8);
  // And one that begins behind the first.
  input = program.input(0x5000, trampolines, 0x9000);
  input.text = input.text.subspan(1);
  input.text_address += 1;
  EXPECT_EQ(apply_plan(input).value().sites_applied, 1u);
  EXPECT_EQ(program.text[0x80], 0xE9);
  // No site at all: nothing is needed and nothing written.
  input.text = input.text.first(0x10);
  input.trampolines = {};
  EXPECT_EQ(apply_plan(input).value().trampoline_bytes, 0u);
}

TEST(Apply, RefusesWithoutTouchingTheText) {
  Program program({testing::getpid_site(kLinkAddress), testing::getpid_site(kLinkAddress + 0x80)});
  Bytes trampolines(4096);
  program.text[0x81] ^= 1;
  const Bytes before = program.text;
  EXPECT_EQ(apply_plan(program.input(0x5000, trampolines, 0x9000)).error().code(), Errc::mismatch);
  EXPECT_EQ(program.text, before);
  program.text[0x81] ^= 1;
  const Bytes good = program.text;
  EXPECT_EQ(apply_plan(program.input(0x5000, trampolines, 0x1'0000'0000)).error().code(), Errc::unsupported);
  EXPECT_EQ(apply_plan(program.input(0x5000, trampolines, 0x9004)).error().code(), Errc::invalid);
  const auto small = std::span(trampolines).first(kEntrySlotsSize + 63);
  EXPECT_EQ(apply_plan(program.input(0x5000, small, 0x9000)).error().code(), Errc::invalid);
  EXPECT_EQ(program.text, good);
}

TEST(Apply, RewrittenCodeRuns) {
  // A forward window, a backward one, and a RET behind each (the text is filled with it); forward: jae +3 is to RETs.
  Program program({testing::forward_site(kLinkAddress), testing::getpid_site(kLinkAddress + 0x40)});
  program.plan.sites[1].vectors_dead = true;
  program.encoded = encode_plan(program.plan);
  testing::CodeMemory memory(8192);
  ASSERT_FALSE(memory.bytes().empty());
  std::copy(program.text.begin(), program.text.end(), memory.bytes().begin());
  ApplyInput input = program.input(memory.address(), memory.bytes().subspan(4096), memory.address() + 4096);
  input.text = memory.bytes().first(256);
  ASSERT_EQ(apply_plan(input).value().sites_applied, 2u);

  const auto call = [&memory](std::uint64_t offset, long number) {
    long result = number;
    asm volatile("call *%1" : "+a"(result) : "r"(memory.address() + offset) : "rcx", "r11", "memory", "cc");
    return result;
  };
  plan_test_calls = plan_test_dead_calls = 0;
  EXPECT_EQ(call(0, 39), getpid());
  EXPECT_EQ(plan_test_calls, 1u);
  EXPECT_EQ(call(0, 9999), -38);
  EXPECT_EQ(call(0x40, 0), getpid());
  EXPECT_EQ(plan_test_calls, 2u);
  EXPECT_EQ(plan_test_dead_calls, 1u);
}

TEST(Apply, RdtscKeepsFlagsRedZoneAndRcx) {
  Program program({testing::make_site(SiteKind::rdtsc, kLinkAddress, 3, {0x48, 0x89, 0xF6, 0x0F, 0x31})});
  testing::CodeMemory memory(8192);
  ASSERT_FALSE(memory.bytes().empty());
  std::copy(program.text.begin(), program.text.end(), memory.bytes().begin());
  ApplyInput input = program.input(memory.address(), memory.bytes().subspan(4096), memory.address() + 4096);
  input.text = memory.bytes().first(256);
  ASSERT_EQ(apply_plan(input).value().sites_applied, 1u);
  // The code jumps back by the RET behind the window: push the address by hand, keep a red zone below it.
  std::uint64_t low, high, rcx = 77, red_zone, carry;
  asm volatile(
      "lea -256(%%rsp), %%rsp\n lea 1f(%%rip), %%r8\n push %%r8\n"
      "movq $42, -8(%%rsp)\n movq $43, -128(%%rsp)\n stc\n jmp *%5\n"
      "1: setc %%r9b\n movzbl %%r9b, %%r9d\n mov -16(%%rsp), %%r8\n mov -136(%%rsp), %%r10\n lea (%%r8,%%r10), %%r8\n"
      "lea 256(%%rsp), %%rsp\n mov %%r8, %3\n mov %%r9, %4"
      : "=a"(low), "=d"(high), "+c"(rcx), "=&r"(red_zone), "=&r"(carry)
      : "r"(memory.address())
      : "r8", "r9", "r10", "memory", "cc");
  EXPECT_EQ(low, 0x1234u);
  EXPECT_EQ(high, 0x5678u);
  EXPECT_EQ(rcx, 77u);
  EXPECT_EQ(red_zone, 85u);
  EXPECT_EQ(carry, 1u);
}

}  // namespace
}  // namespace cloister
