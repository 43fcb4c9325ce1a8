// SPDX-License-Identifier: Apache-2.0
// This test walks its own stack by the files' tables, through the C library and back, and finds what the compiler's
// unwinder finds; and damaged tables give nothing.
#include "src/enclave/loader/frame_table.h"
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>
#include <unwind.h>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

namespace cloister::loader {
namespace {
using Bytes = std::vector<std::uint8_t>;

const Bytes& contents(const std::string& path) {
  static std::map<std::string, Bytes> files;
  Bytes& bytes = files[path];
  if (bytes.empty()) {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  return bytes;
}
std::optional<FrameRules> rules_in(const Bytes& bytes, std::uint64_t position) {
  const ReadAt read = [&](std::uint64_t offset, void* to, std::size_t size) -> Result<void> {
    if (offset > bytes.size() || size > bytes.size() - offset) return Error::from_errno(EINVAL);
    std::memcpy(to, bytes.data() + offset, size);
    return {};
  };
  return find_frame_rules(read, bytes.size(), position);
}

struct Place {
  std::string path;
  std::uint64_t position = 0;
};
// Of an address in this process: the file and the position in it.
std::optional<Place> place_of(std::uint64_t address) {
  struct Search {
    std::uint64_t address;
    std::optional<Place> found;
  } search{address, {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          const std::uint64_t start = info->dlpi_addr + segment.p_vaddr;
          if (segment.p_type != PT_LOAD || wanted.address < start || wanted.address - start >= segment.p_filesz)
            continue;
          const std::string name = info->dlpi_name;
          wanted.found = Place{name.empty() ? "/proc/self/exe" : name, wanted.address - start + segment.p_offset};
          return 1;
        }
        return 0;
      },
      &search);
  return search.found;
}

using Registers = std::array<std::uint64_t, kFrameRegisters>;
std::uint64_t word_at(std::uint64_t address) { return *reinterpret_cast<const std::uint64_t*>(address); }

// To the caller; false at the end or where nothing is known.
bool step(Registers& registers, bool is_return_address) {
  const std::uint64_t pc = registers[kFrameReturn];
  const auto place = place_of(is_return_address ? pc - 1 : pc);
  if (!place) return false;
  const auto rules = rules_in(contents(place->path), place->position);
  if (!rules) return false;
  const std::uint64_t cfa = registers[rules->cfa_register] + static_cast<std::uint64_t>(rules->cfa_offset);
  Registers caller = registers;
  for (std::size_t i = 0; i < kFrameRegisters; ++i) {
    const RegisterRule& rule = rules->registers[i];
    if (rule.kind == RegisterRule::Kind::saved) caller[i] = word_at(cfa + static_cast<std::uint64_t>(rule.offset));
    if (i == kFrameReturn && rule.kind != RegisterRule::Kind::saved) return false;
  }
  caller[kFrameRsp] = cfa;
  registers = caller;
  return true;
}

std::vector<std::uint64_t> found, expected;
__attribute__((noinline)) void look() {
  Registers registers{};
  asm volatile(
      "lea 0f(%%rip), %%rax\n mov %%rax, 128(%0)\n 0: mov %%rbx, 24(%0)\n mov %%rbp, 48(%0)\n mov %%rsp, 56(%0)\n"
      "mov %%r12, 96(%0)\n mov %%r13, 104(%0)\n mov %%r14, 112(%0)\n mov %%r15, 120(%0)"
      :
      : "r"(registers.data())
      : "rax", "memory");
  found.clear();
  for (bool first = true; found.size() < 60 && step(registers, !first); first = false)
    found.push_back(registers[kFrameReturn]);
  expected.clear();
  _Unwind_Backtrace(
      [](_Unwind_Context* context, void*) {
        expected.push_back(_Unwind_GetIP(context));
        return _URC_NO_REASON;
      },
      nullptr);
}
__attribute__((noinline)) int compare(const void* a, const void* b) {
  volatile char room[72];  // a frame of some size
  room[0] = 1;
  if (found.empty()) look();
  return *static_cast<const int*>(a) - *static_cast<const int*>(b) + room[0] - 1;
}
__attribute__((noinline)) int recurse(int depth) {
  volatile int values[5] = {3, 1, 2, 5, 4};
  if (depth > 0) return recurse(depth - 1) + values[depth % 5];
  std::qsort(const_cast<int*>(values), 5, sizeof(int), compare);
  return values[0];
}

TEST(FrameTable, WalksThroughOwnAndForeignFrames) {
  EXPECT_GT(recurse(6), 0);
  ASSERT_GT(expected.size(), 10U);
  ASSERT_GE(found.size() + 2, expected.size());
  // The first of the expected ones lies in look(), where ours begin with its caller.
  for (std::size_t i = 1; i < expected.size() && expected[i] != 0; ++i) EXPECT_EQ(found[i - 1], expected[i]) << i;
}

TEST(FrameTable, FilesWithoutAnIndexGiveTheSameRules) {
  for (const auto code :
       {reinterpret_cast<std::uint64_t>(&recurse) + 9, reinterpret_cast<std::uint64_t>(&std::qsort)}) {
    const auto place = place_of(code);
    ASSERT_TRUE(place.has_value());
    Bytes bytes = contents(place->path);
    const auto by_index = rules_in(bytes, place->position);
    auto* const segments = reinterpret_cast<Elf64_Phdr*>(&bytes[reinterpret_cast<Elf64_Ehdr*>(bytes.data())->e_phoff]);
    for (int i = 0; i < reinterpret_cast<Elf64_Ehdr*>(bytes.data())->e_phnum; ++i)
      if (segments[i].p_type == PT_GNU_EH_FRAME) segments[i].p_type = PT_NULL;
    const auto in_turn = rules_in(bytes, place->position);
    ASSERT_TRUE(by_index.has_value() && in_turn.has_value());
    EXPECT_EQ(by_index->cfa_register, in_turn->cfa_register);
    EXPECT_EQ(by_index->cfa_offset, in_turn->cfa_offset);
    for (std::size_t i = 0; i < kFrameRegisters; ++i) {
      EXPECT_EQ(by_index->registers[i].kind, in_turn->registers[i].kind);
      EXPECT_EQ(by_index->registers[i].offset, in_turn->registers[i].offset);
    }
    EXPECT_FALSE(rules_in(bytes, 0).has_value());  // no code
  }
}

TEST(FrameTable, DamagedTablesGiveNothingOrOtherRules) {
  const auto place = place_of(reinterpret_cast<std::uint64_t>(&recurse));
  ASSERT_TRUE(place.has_value());
  Bytes bytes = contents(place->path);
  ASSERT_TRUE(rules_in(bytes, place->position).has_value());
  EXPECT_FALSE(rules_in(Bytes(bytes.begin(), bytes.begin() + 100), place->position).has_value());
  EXPECT_FALSE(rules_in({}, 0).has_value());
  std::mt19937 random(1);
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(bytes.data());
  const auto* segments = reinterpret_cast<const Elf64_Phdr*>(bytes.data() + header->e_phoff);
  std::uint64_t index = 0;
  for (int i = 0; i < header->e_phnum; ++i)
    if (segments[i].p_type == PT_GNU_EH_FRAME) index = segments[i].p_offset;
  ASSERT_NE(index, 0U);
  unsigned none = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::uint64_t at = round % 3 == 0 ? random() % 1024 : index + random() % 65536;
    if (at >= bytes.size()) continue;
    const std::uint8_t before = bytes[at];
    bytes[at] = static_cast<std::uint8_t>(random());
    none += !rules_in(bytes, place->position).has_value();
    bytes[at] = before;
  }
  EXPECT_GT(none, 0U);
}

FrameProgram program_of(const Bytes& initial, const Bytes& instructions) { return {1, -8, initial, instructions}; }

TEST(FrameProgram, RulesChangeAlongTheFunction) {
  // CFA = rsp + 8, RA at -8; push rbp at 1: +16, rbp at -16; at 4: CFA = rbp; remembered, restored at 20.
  const Bytes initial = {0x0c, 7, 8, 0x90, 1};
  const Bytes instructions = {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0x4c, 0x0c, 7, 8, 0xc6, 0x44, 0x0b};
  const auto at = [&](std::uint64_t place) { return *run_frame_program(program_of(initial, instructions), place); };
  EXPECT_EQ(at(0).cfa_offset, 8);
  EXPECT_EQ(at(1).cfa_offset, 16);
  EXPECT_EQ(at(1).registers[kFrameRbp].offset, -16);
  EXPECT_EQ(at(4).cfa_register, kFrameRbp);
  EXPECT_EQ(at(16).cfa_register, kFrameRsp);
  EXPECT_EQ(at(16).registers[kFrameRbp].kind, RegisterRule::Kind::same);
  EXPECT_EQ(at(20).cfa_register, kFrameRbp);
  EXPECT_EQ(at(20).registers[kFrameReturn].offset, -8);
}

TEST(FrameProgram, WhatIsCutOffOrUnknownGivesNothing) {
  EXPECT_FALSE(run_frame_program(program_of({0x0c, 7}, {}), 0).has_value());
  EXPECT_FALSE(run_frame_program(program_of({0x0f, 1, 0x77}, {}), 0).has_value());  // an expression for the CFA
  EXPECT_FALSE(run_frame_program(program_of({}, {0x0b}), 0).has_value());           // nothing remembered
  EXPECT_FALSE(run_frame_program(program_of({0x3f, 0}, {}), 0).has_value());
  const Bytes endless(100, 0x0a);
  EXPECT_FALSE(run_frame_program(program_of({}, endless), 0).has_value());
}
}  // namespace
}  // namespace cloister::loader
