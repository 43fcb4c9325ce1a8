// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/runtime_image.h"
#include <gtest/gtest.h>
#include <cstddef>
#include <cstring>
#include "src/files/file_bytes.h"
#include "src/analysis/symbols.h"
#include "src/analysis/testing/native_run.h"

namespace cloister {
namespace {

RuntimeImageOptions options() {
  RuntimeImageOptions result;
  result.keep = {"runtime_syscall_entry", "runtime_cpuid_entry", "runtime_rdtsc_entry", "runtime_rdtscp_entry"};
  return result;
}

class RuntimeImageTest : public ::testing::Test {
 protected:
  void SetUp() override { program_ = read_file(RUNTIME_IMAGE_PROGRAM).take(); }
  RuntimeImage make(const RuntimeImageOptions& with) {
    auto image = make_runtime_image(program_, with);
    EXPECT_TRUE(image.ok()) << (image.ok() ? "" : image.error().what());
    return std::move(image).take();
  }
  bool complains(const RuntimeImageOptions& with, std::string_view about) {
    for (const std::string& problem : make(with).problems) {
      if (problem.find(about) != std::string::npos) return true;
    }
    return false;
  }
  std::vector<std::uint8_t> program_;
};

TEST_F(RuntimeImageTest, RedirectsEverySite) {
  const RuntimeImage image = make(options());
  EXPECT_EQ(image.problems, std::vector<std::string>{});
  EXPECT_GT(image.redirected[static_cast<int>(SiteKind::syscall)], 150u);
  EXPECT_GT(image.redirected[static_cast<int>(SiteKind::cpuid)], 20u);
  EXPECT_EQ(image.bytes.size(), program_.size());
  std::size_t kept = 0;
  for (const RemainingHit& hit : image.remaining) {
    kept += hit.reason == "kept";
    EXPECT_NE(hit.reason, "unreached") << std::hex << hit.address << " " << hit.function;
  }
  EXPECT_EQ(kept, 4u);
  EXPECT_LE(image.trampoline_bytes, image.trampoline_room);
  EXPECT_GT(image.relocations_applied, 100u);
}

TEST_F(RuntimeImageTest, IsReproducible) { EXPECT_EQ(make(options()).bytes, make(options()).bytes); }

// Every system call of it, from the first in the C library's start to exit_group, comes from the entry point: the
// filter kills it otherwise.
TEST_F(RuntimeImageTest, RunsWithAllSystemCallsFromTheEntryPoint) {
  if (!testing::cpu_has_fsgsbase()) GTEST_SKIP() << "the test's entry points need FSGSBASE";
  const RuntimeImage image = make(options());
  ASSERT_TRUE(image.problems.empty());
  const ElfImage elf = ElfImage::parse(image.bytes).take();
  const auto back = SymbolIndex(elf).address_of("runtime_syscall_entry_return");
  ASSERT_TRUE(back.has_value());
  testing::NativeProgram program{};
  program.elf = image.bytes;
  program.base = options().base;
  program.syscall_return = options().base + *back;
  for (int round = 0; round < 20; ++round) {
    const auto run = run_native(program, {"runtime", "hello"});
    ASSERT_EQ(run.wait_status, 0);
    ASSERT_EQ(run.output, "sum 28036, status 1, time 1, arguments 2 hello\n");
  }
  // The filter does bite: the program as it was linked dies at its first system call.
  program.elf = program_;
  EXPECT_NE(run_native(program, {"runtime"}).wait_status, 0);
}

TEST_F(RuntimeImageTest, NamesWhatIsWrong) {
  RuntimeImageOptions wrong = options();
  wrong.keep.pop_back();
  EXPECT_TRUE(complains(wrong, "runtime_rdtscp_entry"));
  wrong = options();
  wrong.keep.push_back("no_such_function");
  EXPECT_TRUE(complains(wrong, "no_such_function"));
  wrong = options();
  wrong.forbidden = {"getaddrinfo_not_there", "malloc"};
  EXPECT_TRUE(complains(wrong, "forbidden symbol malloc is linked in"));
  EXPECT_FALSE(complains(wrong, "getaddrinfo_not_there"));
  wrong = options();
  wrong.max_size = 100000;
  EXPECT_TRUE(complains(wrong, "exceeds 100000"));
  wrong = options();
  wrong.base = 0x1001;
  EXPECT_FALSE(make_runtime_image(program_, wrong).ok());
}

TEST_F(RuntimeImageTest, SmallTrampolineSectionIsRefused) {
  // Shrink the section in its header; the trampolines need more than a kilobyte.
  const ElfImage elf = ElfImage::parse(program_).take();
  const ElfSection* section = elf.section(kTrampolineSection);
  ASSERT_NE(section, nullptr);
  Elf64_Ehdr header;
  std::memcpy(&header, program_.data(), sizeof header);
  const auto number = static_cast<std::size_t>(section - elf.sections().data());
  const std::uint64_t size = 1024;
  std::memcpy(&program_[header.e_shoff + number * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size)], &size, 8);
  EXPECT_TRUE(complains(options(), "is too small: 1024 bytes"));
}

TEST_F(RuntimeImageTest, WritableCodeIsRefused) {
  Elf64_Ehdr header;
  std::memcpy(&header, program_.data(), sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    std::uint8_t* at = &program_[header.e_phoff + i * sizeof(Elf64_Phdr)];
    Elf64_Phdr segment;
    std::memcpy(&segment, at, sizeof segment);
    if (segment.p_type == PT_LOAD) segment.p_flags |= PF_W;
    std::memcpy(at, &segment, sizeof segment);
  }
  EXPECT_TRUE(complains(options(), "is writable and executable"));
}

TEST(RuntimeImage, RefusesOtherPrograms) {
  const auto shared = read_file("/lib64/ld-linux-x86-64.so.2").take();
  EXPECT_FALSE(make_runtime_image(shared, {}).ok() && make_runtime_image(shared, {}).value().problems.empty());
}

}  // namespace
}  // namespace cloister
