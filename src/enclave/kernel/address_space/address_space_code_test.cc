// SPDX-License-Identifier: Apache-2.0
// Executable memory: rewritten files read in by chunks, what is refused, and pages that change between data and code.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/address_space/core_for_test.h"
#include "src/manifest/launch_manifest.h"
#include "src/plan/apply.h"
#include "src/plan/testing.h"

extern "C" {
extern const char syscall_entry_live[], syscall_entry_dead[];
extern const char program_cpuid_entry[], program_rdtsc_entry[], program_rdtscp_entry[];
}

namespace cloister::testing {
namespace {
constexpr std::uint64_t kPage = 4096;
constexpr int kRx = PROT_READ | PROT_EXEC, kRw = PROT_READ | PROT_WRITE, kRwx = kRw | PROT_EXEC;
constexpr int kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS;

// Text at 0x5000 in the file and 0x7000 at link time, so that neither chunks nor addresses coincide with it.
constexpr std::uint64_t kTextOffset = 0x5000, kTextAddress = 0x7000, kTextSize = 0x16123;

template <typename T>
int error_of(const Result<T>& result) {
  return result.ok() ? 0 : result.error().errno_value();
}
std::uint64_t address_of(const char* label) { return reinterpret_cast<std::uint64_t>(label); }

// Functions of 8 bytes whose windows lie across chunk borders (0x8000, 0x10000 of the file), page borders and inside.
constexpr std::uint64_t kFunctions[] = {kTextOffset + 0x10, 0x8000 - 3, 0x9000 - 1,
                                        0xA000 - 6,         0xC000 - 4, 0x10000 - 1,
                                        0x13000 - 5,        0x14000,    kTextOffset + kTextSize - 8};
std::uint64_t link_address(std::uint64_t offset) { return offset - kTextOffset + kTextAddress; }

std::shared_ptr<MemoryFile> make_program() {
  std::vector<std::uint8_t> bytes(kTextOffset + kTextSize + 5000, 0xC3);
  auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
  *header = {};
  std::memcpy(header->e_ident, ELFMAG, SELFMAG);
  header->e_ident[EI_CLASS] = ELFCLASS64;
  header->e_phoff = sizeof(Elf64_Ehdr);
  header->e_phentsize = sizeof(Elf64_Phdr);
  header->e_phnum = 2;
  auto* segments = reinterpret_cast<Elf64_Phdr*>(bytes.data() + header->e_phoff);
  segments[0] = {PT_LOAD, PF_R, 0, 0, 0, 0x1000, 0x1000, kPage};
  segments[1] = {PT_LOAD, PF_R | PF_X, kTextOffset, kTextAddress, kTextAddress, kTextSize, kTextSize, kPage};
  Plan plan;
  for (const std::uint64_t at : kFunctions) {
    plan.sites.push_back(getpid_site(link_address(at)));
    std::copy(plan.sites.back().window.begin(), plan.sites.back().window.end(), bytes.begin() + static_cast<long>(at));
  }
  // rdtsc; nop; nop; nop; ret: a window that goes on behind the instruction.
  plan.sites.insert(plan.sites.begin() + 1,
                    make_site(SiteKind::rdtsc, link_address(0x6000), 0, {0x0F, 0x31, 0x90, 0x90, 0x90}));
  std::copy_n(plan.sites[1].window.begin(), 5, bytes.begin() + 0x6000);
  auto file = std::make_shared<MemoryFile>(std::move(bytes), "/test/program");
  file->encoded_plan = encode_plan(plan);
  return file;
}

class CodeTest : public ::testing::Test {
 protected:
  CodeTest() : arena_(8ULL << 30), space_(arena_.options()), dynamic_(dynamic_options()) {
    host_calls() = {};
    printed().clear();
  }
  AddressSpace::Options dynamic_options() {
    AddressSpace::Options options = dynamic_arena_.options();
    options.dynamic_code = kernel::DynamicCode::allowed;
    return options;
  }
  static Result<std::uint64_t> map(AddressSpace& space, std::uint64_t size, int protection, int flags = kAnonymous,
                                   std::shared_ptr<MemoryFile> file = nullptr, std::uint64_t offset = 0,
                                   std::uint64_t address = 0) {
    AddressSpace::MapRequest request;
    request.size = size;
    request.protection = protection;
    request.flags = flags;
    request.file = std::move(file);
    request.offset = offset;
    request.address = address;
    return space.map(request);
  }
  // As ld.so does: all of it readable first, then the text over it.
  std::uint64_t map_program(AddressSpace& space, const std::shared_ptr<MemoryFile>& file) {
    const std::uint64_t base = map(space, 0x20000, PROT_READ, MAP_PRIVATE, file).value();
    const std::uint64_t text = base + kTextAddress;
    EXPECT_EQ(map(space, kTextSize, kRx, MAP_PRIVATE | MAP_FIXED, file, kTextOffset, text).value(), text);
    return base;
  }
  static std::uint64_t call(AddressSpace& space, std::uint64_t address) {
    std::uint64_t result = 0;
    const FaultResult fault = with_faults(space, [&] { result = reinterpret_cast<std::uint64_t (*)()>(address)(); });
    return fault == FaultResult::resolved ? result : ~0ULL - static_cast<std::uint64_t>(fault);
  }
  static kernel::Mapping trampolines(AddressSpace& space) {
    for (const auto& mapping : space.snapshot())
      if (mapping.name == "[trampolines]") return mapping;
    return {};
  }
  static void write(AddressSpace& space, std::uint64_t address, const Bytes& code) {
    EXPECT_EQ(with_faults(space, [&] { std::memcpy(reinterpret_cast<void*>(address), code.data(), code.size()); }),
              FaultResult::resolved);
  }

  const Bytes kFive = {0xB8, 5, 0, 0, 0, 0xC3}, kSix = {0xB8, 6, 0, 0, 0, 0xC3};
  Arena arena_, dynamic_arena_{8ULL << 30};
  AddressSpace space_, dynamic_;
};

TEST_F(CodeTest, RewrittenFunctionsRun) {
  const auto file = make_program();
  const std::uint64_t base = map_program(space_, file);
  EXPECT_LE(file->bytes_read, kFileChunkSize);  // headers only
  const auto pid = static_cast<std::uint64_t>(getpid());
  for (int round = 0; round < 2; ++round)
    for (const std::uint64_t at : kFunctions) EXPECT_EQ(call(space_, base + link_address(at)), pid) << at;
  EXPECT_EQ(call(space_, base + link_address(0x6000)), 0x11223344u);
  EXPECT_EQ(printed(), "");
}

TEST_F(CodeTest, TextIsAsIfAppliedAtOnce) {
  const auto file = make_program();
  const std::uint64_t base = map_program(space_, file), text = base + kTextAddress;
  const kernel::Mapping area = trampolines(space_);
  ASSERT_NE(area.start, 0u);
  Bytes expected(file->bytes.begin() + kTextOffset, file->bytes.begin() + static_cast<long>(kTextOffset + kTextSize));
  Bytes code(area.end - area.start, 0xCC);
  const auto applied =
      apply_plan({PlanView::parse(file->encoded_plan).value(),
                  base,
                  expected,
                  text,
                  code,
                  area.start,
                  {address_of(syscall_entry_live), address_of(syscall_entry_dead), address_of(program_cpuid_entry),
                   address_of(program_rdtsc_entry), address_of(program_rdtscp_entry)}});
  ASSERT_TRUE(applied.ok());
  // Pages come in an order that cuts every window.
  for (const std::uint64_t page : {9, 3, 20, 4, 1, 12, 13, 6, 0, 22})
    EXPECT_EQ(space_.resolve_fault(text + page * kPage, core::Access::execute), FaultResult::resolved);
  bool same = true;
  EXPECT_EQ(
      with_faults(space_,
                  [&] { same = std::memcmp(reinterpret_cast<void*>(text), expected.data(), expected.size()) == 0; }),
      FaultResult::resolved);
  EXPECT_TRUE(same);
  EXPECT_EQ(std::memcmp(reinterpret_cast<void*>(area.start), code.data(), code.size()), 0);
  // Nothing of it can be written.
  EXPECT_EQ(with_faults(space_, [&] { *reinterpret_cast<volatile char*>(text) = 1; }), FaultResult::not_permitted);
  EXPECT_EQ(with_faults(space_, [&] { *reinterpret_cast<volatile char*>(area.start) = 1; }),
            FaultResult::not_permitted);
}

TEST_F(CodeTest, AddressesMapBack) {
  const auto file = make_program();
  const std::uint64_t base = map_program(space_, file);
  const std::uint64_t instruction = base + link_address(kFunctions[3]) + 5;
  const std::uint64_t entry = space_.entry_for_restart(instruction);
  EXPECT_NE(entry, instruction);
  EXPECT_EQ(space_.original_pc(entry), instruction);
  EXPECT_TRUE(space_.original_position(entry).at_instruction);
  EXPECT_EQ(space_.original_pc(instruction + 2), instruction + 2);
  EXPECT_EQ(space_.entry_for_restart(instruction + 2), instruction + 2);
  EXPECT_EQ(space_.entry_for_restart(0x1234), 0x1234u);
  const std::uint64_t rdtsc = space_.entry_for_restart(base + link_address(0x6000));
  EXPECT_EQ(space_.original_position(rdtsc + 5).stack_adjustment, 128u);
}

TEST_F(CodeTest, TrampolinesGoWithTheirText) {
  const auto file = make_program();
  const std::uint64_t first = map_program(space_, file), second = map_program(space_, file);
  EXPECT_EQ(call(space_, first + link_address(kFunctions[0])), static_cast<std::uint64_t>(getpid()));
  EXPECT_EQ(call(space_, second + link_address(kFunctions[1])), static_cast<std::uint64_t>(getpid()));
  EXPECT_TRUE(space_.unmap(first, 0x20000).ok());
  EXPECT_EQ(call(space_, second + link_address(kFunctions[2])), static_cast<std::uint64_t>(getpid()));
  EXPECT_TRUE(space_.unmap(second, 0x20000).ok());
  EXPECT_TRUE(space_.snapshot().empty());
  EXPECT_EQ(pages_committed(), 0u);
}

TEST_F(CodeTest, DroppedTextComesAgainRewritten) {
  const auto file = make_program();
  const std::uint64_t base = map_program(space_, file), at = base + link_address(kFunctions[1]);
  EXPECT_EQ(call(space_, at), static_cast<std::uint64_t>(getpid()));
  EXPECT_TRUE(space_.advise(base + kTextAddress, kTextSize, MADV_DONTNEED).ok());
  EXPECT_EQ(call(space_, at), static_cast<std::uint64_t>(getpid()));
  EXPECT_TRUE(space_.protect(base + kTextAddress, kTextSize, PROT_READ).ok());
  EXPECT_EQ(call(space_, at), ~0ULL - static_cast<std::uint64_t>(FaultResult::not_permitted));
  EXPECT_TRUE(space_.protect(base + kTextAddress, kTextSize, kRx).ok());
  EXPECT_EQ(call(space_, at), static_cast<std::uint64_t>(getpid()));
}

TEST_F(CodeTest, TextMappedReadOnlyBecomesCode) {
  const auto file = make_program();
  const std::uint64_t text = map(space_, kTextSize, PROT_READ, MAP_PRIVATE, file, kTextOffset).value();
  std::uint8_t byte = 0;
  EXPECT_EQ(with_faults(space_, [&] { byte = *reinterpret_cast<volatile std::uint8_t*>(text + 0x10); }),
            FaultResult::resolved);
  EXPECT_EQ(byte, 0xB8);  // as it is in the file
  EXPECT_EQ(call(space_, text + 0x10), ~0ULL - static_cast<std::uint64_t>(FaultResult::not_permitted));
  EXPECT_TRUE(space_.protect(text, kTextSize, kRx).ok());
  EXPECT_EQ(call(space_, text + 0x10), static_cast<std::uint64_t>(getpid()));
  EXPECT_EQ(*reinterpret_cast<volatile std::uint8_t*>(text + 0x10), 0xE9);
}

TEST_F(CodeTest, APlanOfAnotherFileStopsTheProgram) {
  const auto file = make_program();
  file->bytes[kFunctions[1] + 1] ^= 1;
  const std::uint64_t base = map_program(space_, file);
  EXPECT_EQ(call(space_, base + link_address(kFunctions[1])),
            ~0ULL - static_cast<std::uint64_t>(FaultResult::beyond_file));
  EXPECT_NE(printed(), "");
}

TEST_F(CodeTest, WithoutThePermissionNothingElseIsExecutable) {
  EXPECT_EQ(error_of(map(space_, kPage, kRx)), EACCES);
  EXPECT_NE(printed().find("--allow insecure_dynamic_code"), std::string::npos);
  printed().clear();
  EXPECT_EQ(error_of(map(space_, kPage, kRwx)), EACCES);
  EXPECT_EQ(printed(), "");  // said once
  const std::uint64_t p = map(space_, kPage, kRw).value();
  write(space_, p, kFive);
  EXPECT_EQ(error_of(space_.protect(p, kPage, kRx)), EACCES);
  EXPECT_EQ(error_of(space_.protect(p, kPage, kRwx)), EACCES);
  EXPECT_EQ(call(space_, p), ~0ULL - static_cast<std::uint64_t>(FaultResult::not_permitted));

  const auto file = make_program();
  EXPECT_EQ(error_of(map(space_, kPage, kRwx, MAP_PRIVATE, file)), EACCES);
  const std::uint64_t base = map_program(space_, file), text = base + kTextAddress;
  EXPECT_EQ(call(space_, text + 0x10), static_cast<std::uint64_t>(getpid()));
  EXPECT_TRUE(space_.protect(text, kPage, kRw).ok());  // as for text relocations
  write(space_, text + 0x10, kFive);
  EXPECT_EQ(error_of(space_.protect(text, kPage, kRx)), EACCES);
  EXPECT_EQ(error_of(space_.protect(text, kPage, kRwx)), EACCES);
  EXPECT_TRUE(space_.protect(text, kPage, PROT_READ).ok());
  EXPECT_EQ(error_of(space_.protect(text, kPage, kRx)), EACCES);
  EXPECT_EQ(call(space_, base + link_address(kFunctions[1])), static_cast<std::uint64_t>(getpid()));
  file->executable = false;
  EXPECT_EQ(error_of(map(space_, kTextSize, kRx, MAP_PRIVATE, file, kTextOffset)), EACCES);
}

TEST_F(CodeTest, DynamicCode) {
  const std::uint64_t p = map(dynamic_, kPage, kRw).value();
  write(dynamic_, p, kFive);
  EXPECT_TRUE(dynamic_.protect(p, kPage, kRx).ok());
  EXPECT_EQ(call(dynamic_, p), 5u);
  EXPECT_EQ(with_faults(dynamic_, [&] { *reinterpret_cast<volatile char*>(p) = 1; }), FaultResult::not_permitted);
  EXPECT_TRUE(dynamic_.protect(p, kPage, kRw).ok());
  write(dynamic_, p, kSix);
  EXPECT_EQ(call(dynamic_, p), ~0ULL - static_cast<std::uint64_t>(FaultResult::not_permitted));
  EXPECT_TRUE(dynamic_.protect(p, kPage, kRx).ok());
  EXPECT_EQ(call(dynamic_, p), 6u);
  // Executable from the start, and moved.
  const std::uint64_t q = map(dynamic_, 4 * kPage, kRx).value();
  std::uint8_t byte = 1;
  EXPECT_EQ(with_faults(dynamic_, [&] { byte = *reinterpret_cast<volatile std::uint8_t*>(q); }), FaultResult::resolved);
  EXPECT_EQ(byte, 0);
  const std::uint64_t moved = dynamic_.remap(p, kPage, 2 * kPage, MREMAP_MAYMOVE, 0).value();
  EXPECT_EQ(call(dynamic_, moved), 6u);
}

TEST_F(CodeTest, WritableAndExecutableByTurns) {
  const std::uint64_t p = map(dynamic_, 32 * kPage, kRwx).value();
  for (std::uint8_t i = 0; i < 20; ++i) {
    write(dynamic_, p + i * 100, {0xB8, i, 0, 0, 0, 0xC3});
    EXPECT_EQ(call(dynamic_, p + i * 100), i);
  }
  EXPECT_EQ(call(dynamic_, p), 0u);
  // The same for a file's text, with what was rewritten kept.
  const auto file = make_program();
  const std::uint64_t base = map_program(dynamic_, file), text = base + kTextAddress;
  EXPECT_EQ(call(dynamic_, text + 0x10), static_cast<std::uint64_t>(getpid()));
  EXPECT_TRUE(dynamic_.protect(text, 2 * kPage, kRwx).ok());
  EXPECT_EQ(call(dynamic_, text + 0x10), static_cast<std::uint64_t>(getpid()));
  write(dynamic_, text + 0x40, kFive);
  EXPECT_EQ(call(dynamic_, text + 0x10), static_cast<std::uint64_t>(getpid()));
  EXPECT_EQ(call(dynamic_, text + 0x40), 5u);
  EXPECT_TRUE(dynamic_.protect(text, 2 * kPage, kRx).ok());
  EXPECT_EQ(call(dynamic_, text + 0x40), 5u);
}

TEST_F(CodeTest, TrampolinesStayOutOfTheHeapsWay) {
  Arena low((1ULL << 31) - 0x10000, 0x10000);
  if (!low.is_valid()) GTEST_SKIP() << "low addresses are in use here";
  AddressSpace space(low.options());
  const auto file = make_program();
  const std::uint64_t text = 0x400000 + kTextAddress;
  EXPECT_EQ(map(space, kTextSize, kRx, MAP_PRIVATE | MAP_FIXED, file, kTextOffset, text).value(), text);
  EXPECT_LE(trampolines(space).end, text);
  EXPECT_EQ(call(space, text + 0x10), static_cast<std::uint64_t>(getpid()));
  EXPECT_TRUE(space.unmap(0x10000, 1 << 30).ok());
  EXPECT_EQ(map(space, text - 0x10000, PROT_NONE, kAnonymous | MAP_FIXED, nullptr, 0, 0x10000).value(), 0x10000u);
  EXPECT_EQ(map(space, kTextSize, kRx, MAP_PRIVATE | MAP_FIXED, file, kTextOffset, text).value(), text);
  EXPECT_GT(trampolines(space).start, 1u << 30);
  EXPECT_EQ(call(space, text + 0x10), static_cast<std::uint64_t>(getpid()));
}
}  // namespace
}  // namespace cloister::testing
