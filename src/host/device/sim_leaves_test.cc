// SPDX-License-Identifier: Apache-2.0
// The conditions of EACCEPT, EMODPE and EACCEPTCOPY, one case for each row of the table in docs/simulation.md: what
// raises #GP, what raises #PF and where, what is an error code, and what succeeds.
#include <gtest/gtest.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <cstring>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/host/device/sim_state.h"

namespace cloister::host {
extern "C" {
std::uint64_t sim_eaccept(const sgx::Secinfo* info, std::uint64_t address, std::uint64_t unused, SimTcs* tcs);
std::uint64_t sim_emodpe(const sgx::Secinfo* info, std::uint64_t address, std::uint64_t unused, SimTcs* tcs);
std::uint64_t sim_eacceptcopy(const sgx::Secinfo* info, std::uint64_t to, std::uint64_t from, SimTcs* tcs);
}

namespace {
using layout::kPageSize;
using sgx::PageType;
constexpr std::uint64_t kBase = 0x2000'0000'00;  // of a few pages inside ELRANGE
constexpr std::uint64_t kInfoPage = kBase, kTarget = kBase + kPageSize, kSource = kBase + 2 * kPageSize;
constexpr std::uint64_t kOutside = layout::kElrangeSize;
constexpr std::uint64_t kReadWrite = kEpcmValid | kEpcmRead | kEpcmWrite;

sigjmp_buf before_leaf;
void on_fault(int) { siglongjmp(before_leaf, 1); }

struct Outcome {
  std::uint64_t vector = 0, address = 0, error = 0;
  bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << "vector " << o.vector << " address " << std::hex << o.address << std::dec << " error " << o.error;
}
const Outcome kGp{static_cast<std::uint64_t>(sgx::Vector::gp), 0, 0}, kDone{};
const Outcome kMismatch{0, 0, static_cast<std::uint64_t>(sgx::ErrorCode::page_attributes_mismatch)};
Outcome page_fault_at(std::uint64_t address) { return {static_cast<std::uint64_t>(sgx::Vector::pf), address, 0}; }

class SimLeaves : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::uint64_t pages = layout::kElrangeSize / kPageSize;
    void* const table =
        mmap(nullptr, pages * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(table, MAP_FAILED);
    sim_epcm = static_cast<std::uint64_t*>(table);
    void* const wanted = reinterpret_cast<void*>(kBase);
    ASSERT_EQ(
        mmap(wanted, 3 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
        wanted);
    struct sigaction action {};
    action.sa_handler = on_fault;
    sigaction(SIGSEGV, &action, nullptr);
  }
  void SetUp() override {
    std::memset(info(), 0, sizeof *info());
    entry(kInfoPage) = kReadWrite;
    entry(kTarget) = kReadWrite | kEpcmPending;
    entry(kSource) = kReadWrite;
  }
  void TearDown() override {
    for (const std::uint64_t page : {kInfoPage, kTarget, kSource}) entry(page) = 0;
  }

  static std::uint64_t& entry(std::uint64_t page) { return sim_epcm[page / kPageSize]; }
  static sgx::Secinfo* info() { return reinterpret_cast<sgx::Secinfo*>(kInfoPage); }

  template <typename Leaf>
  Outcome run(Leaf leaf) {
    tcs_.leaf_vector = tcs_.leaf_address = 0;
    if (sigsetjmp(before_leaf, 1) != 0) return {tcs_.leaf_vector, tcs_.leaf_address, 0};
    return {0, 0, leaf(&tcs_)};
  }
  Outcome eaccept(std::uint64_t flags, std::uint64_t page = kTarget, const sgx::Secinfo* at = info()) {
    info()->flags = flags;
    return run([&](SimTcs* tcs) { return sim_eaccept(at, page, 0, tcs); });
  }
  Outcome emodpe(std::uint64_t flags, std::uint64_t page = kTarget, const sgx::Secinfo* at = info()) {
    info()->flags = flags;
    return run([&](SimTcs* tcs) { return sim_emodpe(at, page, 0, tcs); });
  }
  Outcome eacceptcopy(std::uint64_t flags, std::uint64_t to = kTarget, std::uint64_t from = kSource,
                      const sgx::Secinfo* at = info()) {
    info()->flags = flags;
    return run([&](SimTcs* tcs) { return sim_eacceptcopy(at, to, from, tcs); });
  }
  SimTcs tcs_{};
};
constexpr std::uint64_t kNew = sgx::kSecinfoRegRw | sgx::kSecinfoPending;

const sgx::Secinfo* secinfo_at(std::uint64_t address) { return reinterpret_cast<const sgx::Secinfo*>(address); }

// ---- what all three ask of SECINFO
TEST_F(SimLeaves, SecinfoAlignment) {
  EXPECT_EQ(eaccept(kNew, kTarget, secinfo_at(kInfoPage + 8)), kGp);
  EXPECT_EQ(emodpe(sgx::kSecinfoRegRw, kTarget, secinfo_at(kInfoPage + 32)), kGp);
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw, kTarget, kSource, secinfo_at(kInfoPage + 1)), kGp);
}
TEST_F(SimLeaves, SecinfoOutsideElrange) {
  EXPECT_EQ(eaccept(kNew, kTarget, secinfo_at(kOutside)), kGp);
  EXPECT_EQ(emodpe(sgx::kSecinfoRegRw, kTarget, secinfo_at(kOutside)), kGp);
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw, kTarget, kSource, secinfo_at(kOutside)), kGp);
}
TEST_F(SimLeaves, SecinfoPageNotUsable) {
  for (const std::uint64_t state : {std::uint64_t{0}, kReadWrite | kEpcmPending, kReadWrite | kEpcmModified,
                                    std::uint64_t{kEpcmValid}, kReadWrite | kEpcmTcs}) {
    entry(kInfoPage) = state;
    EXPECT_EQ(eaccept(kNew), page_fault_at(kInfoPage)) << state;
    EXPECT_EQ(emodpe(sgx::kSecinfoRegRw), page_fault_at(kInfoPage)) << state;
    EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw), page_fault_at(kInfoPage)) << state;
  }
}
TEST_F(SimLeaves, SecinfoReserved) {
  EXPECT_EQ(eaccept(kNew | 1 << 6), kGp);
  EXPECT_EQ(eaccept(kNew | 1ull << 16), kGp);
  info()->reserved[55] = 1;
  EXPECT_EQ(eaccept(kNew), kGp);
  EXPECT_EQ(emodpe(sgx::kSecinfoRegRw), kGp);
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw), kGp);
}
TEST_F(SimLeaves, PageAlignment) {
  EXPECT_EQ(eaccept(kNew, kTarget + 64), kGp);
  EXPECT_EQ(emodpe(sgx::kSecinfoRegRw, kTarget + 8), kGp);
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw, kTarget + 8), kGp);
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw, kTarget, kSource + 8), kGp);
}
TEST_F(SimLeaves, PageOutsideElrange) {
  EXPECT_EQ(eaccept(kNew, kOutside), kGp);
  EXPECT_EQ(emodpe(sgx::kSecinfoRegRw, kOutside), kGp);
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw, kOutside), kGp);
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw, kTarget, kOutside), kGp);
}
TEST_F(SimLeaves, PageNotThere) {
  entry(kTarget) = 0;
  EXPECT_EQ(eaccept(kNew), page_fault_at(kTarget));
  EXPECT_EQ(emodpe(sgx::kSecinfoRegRw), page_fault_at(kTarget));
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw), page_fault_at(kTarget));
}

// ---- EACCEPT
TEST_F(SimLeaves, EacceptOfMisconfiguredSecinfo) {
  EXPECT_EQ(eaccept(sgx::kSecinfoRegRw), kGp);                                       // no state
  EXPECT_EQ(eaccept(kNew | sgx::kSecinfoPr), kGp);                                   // two states
  EXPECT_EQ(eaccept(sgx::kSecinfoRegRw | sgx::kSecinfoModified), kGp);               // regular, modified
  EXPECT_EQ(eaccept(sgx::secinfo_flags(PageType::tcs, sgx::kSecinfoPending)), kGp);  // TCS, pending
  EXPECT_EQ(eaccept(sgx::secinfo_flags(PageType::trim, sgx::kSecinfoPr)), kGp);      // trim, restricted
  EXPECT_EQ(eaccept(sgx::secinfo_flags(PageType::va, sgx::kSecinfoPending)), kGp);   // no such page
  EXPECT_EQ(eaccept(sgx::secinfo_flags(PageType::secs, sgx::kSecinfoPending)), kGp);
}
TEST_F(SimLeaves, EacceptOfAnotherPage) {
  EXPECT_EQ(eaccept(sgx::kSecinfoRegR | sgx::kSecinfoPending), kMismatch);  // other rights
  EXPECT_EQ(eaccept(sgx::kSecinfoRegRw | sgx::kSecinfoPr), kMismatch);      // not restricted
  EXPECT_EQ(eaccept(sgx::secinfo_flags(PageType::tcs, sgx::kSecinfoModified)), kMismatch);
  EXPECT_EQ(eaccept(sgx::secinfo_flags(PageType::trim, sgx::kSecinfoModified)), kMismatch);
  entry(kTarget) = kReadWrite | kEpcmModified;  // modified, but no TCS
  EXPECT_EQ(eaccept(sgx::secinfo_flags(PageType::tcs, sgx::kSecinfoModified)), kMismatch);
}
TEST_F(SimLeaves, EacceptOnce) {
  EXPECT_EQ(eaccept(kNew), kDone);
  EXPECT_EQ(entry(kTarget), kReadWrite);
  EXPECT_EQ(eaccept(kNew), kMismatch);
}
TEST_F(SimLeaves, EacceptOfRestriction) {
  entry(kTarget) = kEpcmValid | kEpcmRead | kEpcmRestricted;
  EXPECT_EQ(eaccept(kNew), kMismatch);
  EXPECT_EQ(eaccept(sgx::kSecinfoRegRw | sgx::kSecinfoPr), kMismatch);
  EXPECT_EQ(eaccept(sgx::kSecinfoRegR | sgx::kSecinfoPr), kDone);
  EXPECT_EQ(entry(kTarget), kEpcmValid | kEpcmRead);
}
TEST_F(SimLeaves, EacceptOfTrimmedPage) {
  entry(kTarget) = kEpcmValid | kEpcmTrim | kEpcmModified;
  EXPECT_EQ(eaccept(kNew), kMismatch);
  EXPECT_EQ(eaccept(sgx::secinfo_flags(PageType::trim, sgx::kSecinfoModified)), kDone);
  EXPECT_EQ(entry(kTarget) & kEpcmModified, 0u);
}

// ---- EMODPE
TEST_F(SimLeaves, EmodpeWriteWithoutRead) {
  entry(kTarget) = kReadWrite;
  EXPECT_EQ(emodpe(sgx::secinfo_flags(PageType::reg, sgx::kSecinfoW)), kGp);
}
TEST_F(SimLeaves, EmodpeOfUnsettledPage) {
  EXPECT_EQ(emodpe(sgx::kSecinfoRegRx), page_fault_at(kTarget));
  for (const std::uint64_t state : {kReadWrite | kEpcmModified, kReadWrite | kEpcmTcs, kReadWrite | kEpcmTrim}) {
    entry(kTarget) = state;
    EXPECT_EQ(emodpe(sgx::kSecinfoRegRx), page_fault_at(kTarget)) << state;
  }
}
TEST_F(SimLeaves, EmodpeOnlyExtends) {
  entry(kTarget) = kReadWrite;
  EXPECT_EQ(emodpe(sgx::kSecinfoRegRx), kDone);
  EXPECT_EQ(entry(kTarget), kReadWrite | kEpcmExecute);
}

// ---- EACCEPTCOPY
TEST_F(SimLeaves, EacceptcopyOfMisconfiguredSecinfo) {
  EXPECT_EQ(eacceptcopy(sgx::secinfo_flags(PageType::tcs, sgx::kSecinfoR)), kGp);
  EXPECT_EQ(eacceptcopy(sgx::secinfo_flags(PageType::reg, sgx::kSecinfoW)), kGp);
  EXPECT_EQ(eacceptcopy(kNew), kGp);
}
TEST_F(SimLeaves, EacceptcopyFromUnusablePage) {
  for (const std::uint64_t state :
       {std::uint64_t{0}, kReadWrite | kEpcmPending, kReadWrite | kEpcmModified, std::uint64_t{kEpcmValid}}) {
    entry(kSource) = state;
    EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw), page_fault_at(kSource)) << state;
  }
}
TEST_F(SimLeaves, EacceptcopyToAPageInUse) {
  entry(kTarget) = kReadWrite;
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw), kMismatch);
  entry(kTarget) = kReadWrite | kEpcmPending | kEpcmModified;
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegRw), kMismatch);
}
TEST_F(SimLeaves, EacceptcopyCopiesAndSetsRights) {
  std::memset(reinterpret_cast<void*>(kSource), 0x5a, kPageSize);
  EXPECT_EQ(eacceptcopy(sgx::kSecinfoRegR), kDone);
  EXPECT_EQ(entry(kTarget), kEpcmValid | kEpcmRead);
  EXPECT_EQ(std::memcmp(reinterpret_cast<void*>(kTarget), reinterpret_cast<void*>(kSource), kPageSize), 0);
  mprotect(reinterpret_cast<void*>(kTarget), kPageSize, PROT_READ | PROT_WRITE);
}
}  // namespace
}  // namespace cloister::host
