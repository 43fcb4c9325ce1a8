// SPDX-License-Identifier: Apache-2.0
// The page manager with a host of its own: what stays, what goes, what the counters and the limit make of it.
#include "src/enclave/core/kept_pages.h"
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include "abi/enclave_layout.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/pages.h"

// EACCEPT succeeds and is counted; the other leaves succeed.
asm(R"(
  .pushsection .text
  .globl enclu_eaccept, enclu_emodpe, enclu_eacceptcopy
enclu_eaccept:
  incq accepted(%rip)
  xor %eax, %eax
  ret
enclu_emodpe:
enclu_eacceptcopy:
  xor %eax, %eax
  ret
  .popsection
)");
extern "C" {
std::uint64_t accepted = 0;
}

namespace cloister::core {
namespace {
std::uint64_t augments, protects, removes;  // calls of the host
bool host_is_full = false;

void* at(std::uint64_t address) { return reinterpret_cast<void*>(address); }
}  // namespace

long host_call(HostCall call, HostArgument a0, HostArgument a1, HostArgument a2, HostArgument, HostArgument,
               HostArgument) {
  const std::uint64_t address = a0.word(), size = a1.word();
  switch (call) {
    case HostCall::augment:
      if (host_is_full && kept_pages() != 0) return -ENOMEM;
      ++augments;
      return mmap(at(address), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
                     MAP_FAILED
                 ? -ENOMEM
                 : 0;
    case HostCall::protect: {
      ++protects;
      const int protection = (a2.word() & kPageRead ? PROT_READ : 0) | (a2.word() & kPageWrite ? PROT_WRITE : 0) |
                             (a2.word() & kPageExecute ? PROT_EXEC : 0);
      return mprotect(at(address), size, protection) == 0 ? 0 : -ENOMEM;
    }
    case HostCall::remove: ++removes; return munmap(at(address), size) == 0 ? 0 : -EINVAL;
    default: throw std::runtime_error("a host call of no use here");
  }
}
void host_lied(HostCall, const char* what) { throw std::runtime_error(what); }
void enclave_fail(const char* text, const char*, unsigned) { throw std::runtime_error(text); }

namespace {
constexpr std::uint64_t kPage = layout::kPageSize, kA = 0x10'0000'0000, kB = 0x20'0000'0000;
constexpr std::uint64_t kReadWrite = kPageRead | kPageWrite;

bool is_readable(std::uint64_t address) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const bool readable = write(ends[1], at(address), 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return readable;
}
bool is_zero(std::uint64_t address, std::uint64_t size) {
  for (std::uint64_t i = 0; i < size; ++i)
    if (static_cast<char*>(at(address))[i] != 0) return false;
  return true;
}
void commit_filled(std::uint64_t address, std::uint64_t pages) {
  ASSERT_EQ(commit_pages(address, pages * kPage, kReadWrite), 0);
  std::memset(at(address), 0x5a, pages * kPage);
}

class KeptPages : public testing::Test {
 protected:
  void SetUp() override {
    set_page_limit(~0ULL >> 1);
    set_kept_limit(1000);
    host_is_full = false;
    commit_filled(kA, 1), commit_filled(kB, 1);  // the table's pages
    clear();
  }
  void TearDown() override { clear(); }
  static void clear() {
    ASSERT_EQ(drop_any_kept_pages(~0ULL), 0);
    ASSERT_EQ(remove_pages(kA, 64 * kPage), 0);
    ASSERT_EQ(remove_pages(kB, 64 * kPage), 0);
    ASSERT_EQ(committed_pages(), 0U);
    ASSERT_EQ(kept_pages(), 0U);
    augments = protects = removes = accepted = 0;
  }
};

TEST_F(KeptPages, AreAbsentAndInaccessible) {
  commit_filled(kA, 16);
  accepted = 0;
  ASSERT_EQ(release_pages(kA, 16 * kPage), 0);
  EXPECT_EQ(accepted, 16U);  // of the restriction
  EXPECT_EQ(removes, 0U);
  EXPECT_EQ(kept_pages(), 16U);
  EXPECT_EQ(committed_pages(), 0U);
  EXPECT_EQ(count_committed(kA, kA + 16 * kPage), 0U);
  EXPECT_GE(next_committed(kA, kA + 16 * kPage), kA + 16 * kPage);
  EXPECT_FALSE(is_readable(kA) || is_readable(kA + 15 * kPage));
}

TEST_F(KeptPages, S_16_ComeBackZeroed) {
  commit_filled(kA, 16);
  ASSERT_EQ(release_pages(kA, 16 * kPage), 0);
  augments = 0;
  ASSERT_EQ(reuse_pages(kA + 4 * kPage, 8 * kPage), 0);
  EXPECT_EQ(augments, 0U);
  EXPECT_EQ(kept_pages(), 8U);
  EXPECT_EQ(committed_pages(), 8U);
  EXPECT_TRUE(is_zero(kA + 4 * kPage, 8 * kPage));
  EXPECT_FALSE(is_readable(kA + 3 * kPage) || is_readable(kA + 12 * kPage));
  EXPECT_EQ(page_state(kA + 4 * kPage), kPageCommitted | kReadWrite);
}

TEST_F(KeptPages, AreReplacedWhereOthersMightLook) {
  commit_filled(kA, 16);
  ASSERT_EQ(release_pages(kA, 16 * kPage), 0);
  ASSERT_EQ(commit_pages(kA, 16 * kPage, kPageRead), 0);
  EXPECT_EQ(removes, 1U);
  EXPECT_EQ(kept_pages(), 0U);
  EXPECT_TRUE(is_zero(kA, 16 * kPage));
}

TEST_F(KeptPages, NoMoreThanTheirLimit) {
  set_kept_limit(6);
  commit_filled(kA, 16);
  ASSERT_EQ(release_pages(kA, 16 * kPage), 0);
  EXPECT_EQ(kept_pages(), 6U);
  EXPECT_EQ(committed_pages(), 0U);
  EXPECT_EQ(page_state(kA + 6 * kPage), kPageAbsent);
}

TEST_F(KeptPages, CountAsFree) {
  set_page_limit(20);
  commit_filled(kA, 16);
  EXPECT_EQ(commit_pages(kB, 5 * kPage, kReadWrite), -ENOMEM);
  ASSERT_EQ(release_pages(kA, 16 * kPage), 0);
  EXPECT_EQ(commit_pages(kB, 20 * kPage, kReadWrite), 0);
  EXPECT_EQ(kept_pages(), 0U);
  EXPECT_EQ(commit_pages(kA, kPage, kReadWrite), -ENOMEM);
}

TEST_F(KeptPages, GoBeforeNewOnesComeTheLowestFirst) {
  commit_filled(kA, 8);
  commit_filled(kB, 8);
  ASSERT_EQ(release_pages(kB, 8 * kPage), 0);
  ASSERT_EQ(release_pages(kA, 8 * kPage), 0);
  ASSERT_EQ(commit_pages(kB + 32 * kPage, 10 * kPage, kReadWrite), 0);
  EXPECT_EQ(kept_pages(), 6U);
  EXPECT_EQ(page_state(kA + 7 * kPage), kPageAbsent);
  EXPECT_EQ(page_state(kB + 1 * kPage), kPageAbsent);
  EXPECT_EQ(page_state(kB + 2 * kPage), kPageKept);
}

TEST_F(KeptPages, CodeIsNotKept) {
  alignas(4096) static const char contents[4096] = {};
  ASSERT_EQ(publish_code(kA, contents, kPage), 0);
  commit_filled(kA + kPage, 2);
  ASSERT_EQ(release_pages(kA, 3 * kPage), 0);
  EXPECT_EQ(kept_pages(), 2U);
  EXPECT_EQ(page_state(kA), kPageAbsent);
}

TEST_F(KeptPages, GiveWayToAHostThatHasNoRoom) {
  commit_filled(kA, 16);
  ASSERT_EQ(release_pages(kA, 16 * kPage), 0);
  host_is_full = true;
  EXPECT_EQ(commit_pages(kB, 2 * kPage, kReadWrite), 0);
  EXPECT_EQ(kept_pages(), 0U);
}

TEST_F(KeptPages, ContentsOfFilesReplaceThem) {
  commit_filled(kA, 4);
  ASSERT_EQ(release_pages(kA, 4 * kPage), 0);
  alignas(4096) static const char contents[4096] = {};
  EXPECT_EQ(publish_data(kA + kPage, contents, kPage, kPageRead), 0);
  EXPECT_EQ(removes, 2U);  // one for room, one for the place
}
}  // namespace
}  // namespace cloister::core
