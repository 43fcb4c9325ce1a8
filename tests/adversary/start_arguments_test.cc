// SPDX-License-Identifier: Apache-2.0
// What the host hands over at the first entry: addresses inside, halfway inside, unaligned, at the end of the address
// space, sizes that wrap around. The enclave must stop before it uses any of it. Rules S-1 to S-3, and E-12 by bytes.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <cstring>
#include <functional>
#include "abi/enclave_layout.h"
#include "src/boundary/host_block.h"
#include "tests/adversary/symbols.h"
#include "tests/adversary/tracee.h"

namespace cloister::adversary {
namespace {
constexpr std::uint64_t kUserEnd = 0x7fff'ffff'f000;
using Change = std::function<void(Tracee&, pid_t, user_regs_struct&)>;

// The first memory is asked for before the time is looked at; a runtime that comes up makes many more calls.
constexpr unsigned kFew = 10, kPlenty = 50;

struct Outcome {
  bool refused = false;     // it left without a request, and the host part said so
  bool spins = false;       // it neither left nor ended
  bool faults = false;      // it cannot even look at its fault, and the host part said so
  unsigned host_calls = 0;  // after the change
};

Outcome start_with(const Change& change) {
  const Symbols image(CLOISTER_RUNTIME_PATH, layout::kImageBase);
  const std::uint64_t entry = image.at("enclave_entry"), transfer = image.at("host_call_transfer");
  Tracee tracee({CLOISTER_COMMAND_PATH, "run", "--memory", "plain", "--", CLOISTER_STATE_PROGRAM});
  Outcome outcome;
  bool changed = false;
  const int status = tracee.run(
      [&](Tracee& t, pid_t thread) {
        t.set_breakpoint(thread, 0, entry);
        t.set_breakpoint(thread, 1, transfer);
      },
      [&](Tracee& t, pid_t thread, std::uint64_t address) {
        if (address == transfer) {
          if (++outcome.host_calls == kPlenty) t.end();
          return;
        }
        if (changed) return;
        changed = true;
        ProcessorState state = t.state(thread);
        change(t, thread, state.general);
        state.general.eflags |= kResume;
        t.set_state(thread, state);
        t.limit(std::chrono::milliseconds(300));
      },
      10);
  outcome.refused = WIFEXITED(status) && WEXITSTATUS(status) == 120 &&
                    tracee.output().find("host lied in entry") != std::string::npos;
  outcome.faults = WIFEXITED(status) && WEXITSTATUS(status) == 121 &&
                   tracee.output().find("faults at 0x10000000") != std::string::npos;
  outcome.spins = outcome.host_calls < kPlenty && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  return outcome;
}

void expect_stop(const char* what, const Change& change) {
  const Outcome outcome = start_with(change);
  EXPECT_LT(outcome.host_calls, kFew) << what;
  EXPECT_TRUE(outcome.refused) << what;
}

void set_parameter(Tracee& t, pid_t thread, const user_regs_struct& r, std::size_t offset, std::uint64_t value) {
  t.set_word(thread, r.rsi + offset, value);
}

TEST(StartArguments, HonestStartGoesOn) {
  EXPECT_EQ(start_with([](Tracee&, pid_t, user_regs_struct&) {}).host_calls, kPlenty);
}
TEST(StartArguments, S_1_SizesThatWrapAround) {
  expect_stop("start area", [](Tracee&, pid_t, user_regs_struct& r) { r.rdx = -r.rsi + (4ull << 40); });
  expect_stop("strings' size", [](Tracee& t, pid_t thread, user_regs_struct& r) {
    set_parameter(t, thread, r, offsetof(StartParameters, strings_size), ~0ull - 8);
  });
  expect_stop("strings' offset", [](Tracee& t, pid_t thread, user_regs_struct& r) {
    set_parameter(t, thread, r, offsetof(StartParameters, strings_offset), ~0ull - 7);
  });
}
TEST(StartArguments, S_2_RangesThatReachWhereTheyMayNot) {
  expect_stop("block", [](Tracee&, pid_t, user_regs_struct& r) { r.rdi = kUserEnd - 4096; });
  expect_stop("block of the kernel", [](Tracee&, pid_t, user_regs_struct& r) { r.rdi = 0xffff'8000'0000'0000; });
  expect_stop("start area", [](Tracee&, pid_t, user_regs_struct& r) { r.rsi = kUserEnd - 4096, r.rdx = 8192; });
}
TEST(StartArguments, S_3_AddressesInside) {
  for (const std::uint64_t inside :
       {std::uint64_t{0}, layout::kProgramLow, layout::kImageBase, layout::kElrangeSize - 4096}) {
    expect_stop("block", [&](Tracee&, pid_t, user_regs_struct& r) { r.rdi = inside; });
    expect_stop("start area", [&](Tracee&, pid_t, user_regs_struct& r) { r.rsi = inside; });
    const Outcome no_way_out = start_with([&](Tracee&, pid_t, user_regs_struct& r) { r.rcx = inside; });
    EXPECT_EQ(no_way_out.host_calls, 0u);
    EXPECT_TRUE(no_way_out.spins);
    expect_stop("time", [&](Tracee& t, pid_t thread, user_regs_struct& r) {
      set_parameter(t, thread, r, offsetof(StartParameters, time_page), inside);
    });
  }
}
TEST(StartArguments, MemoryThatIsNotThereEndsIt) {
  EXPECT_TRUE(start_with([](Tracee&, pid_t, user_regs_struct& r) { r.rdi = 0x100'0000'0000; }).faults);
}
TEST(StartArguments, S_13_UnalignedAddresses) {
  expect_stop("block", [](Tracee&, pid_t, user_regs_struct& r) { r.rdi += 8; });
  expect_stop("start area", [](Tracee&, pid_t, user_regs_struct& r) { r.rsi += 4; });
  expect_stop("time", [](Tracee& t, pid_t thread, user_regs_struct& r) {
    set_parameter(t, thread, r, offsetof(StartParameters, time_page), r.rsi + 4);
  });
}

// Speculation leaves no trace that a test could see; the instructions are counted instead.
TEST(EntryStubs, E_12_HaveTheirBarriers) {
  const Symbols image(CLOISTER_RUNTIME_PATH, layout::kImageBase);
  const std::uint64_t entry = image.at("enclave_entry");
  unsigned barriers = 0;
  Tracee tracee({CLOISTER_COMMAND_PATH, "run", "--memory", "plain", "--", CLOISTER_STATE_PROGRAM});
  tracee.run([&](Tracee& t, pid_t thread) { t.set_breakpoint(thread, 0, entry); },
             [&](Tracee& t, pid_t, std::uint64_t) {
               const auto code = t.memory(entry, 2304);
               for (std::size_t i = 0; i + 3 <= code.size(); ++i)
                 barriers += std::memcmp(code.data() + i, "\x0f\xae\xe8", 3) == 0;
               t.end();
             },
             10);
  EXPECT_EQ(barriers, 5u);  // return of a host call, first entry before and after its state, exception entry likewise
}
}  // namespace
}  // namespace cloister::adversary
