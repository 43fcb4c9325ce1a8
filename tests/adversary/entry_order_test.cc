// SPDX-License-Identifier: Apache-2.0
// Entries that no state of the enclave allows, and entries after it has stopped: none may reach C++. Rules E-6, E-7,
// E-13.
#include <gtest/gtest.h>
#include <asm/unistd_64.h>
#include <sys/wait.h>
#include <functional>
#include "abi/enclave_layout.h"
#include "abi/sgx/enclave.h"
#include "src/enclave/core/thread.h"
#include "tests/adversary/symbols.h"
#include "tests/adversary/tracee.h"

namespace cloister::adversary {
namespace {
enum Slot : unsigned { kEntrySlot, kExitSlot, kFirstSlot, kReturnSlot };
constexpr unsigned kHonestEntries = 10, kEntriesAfterwards = 5;

// Lets the enclave make some host calls, then changes one entry, and watches what the entries after it reach.
class EntryProbe {
 public:
  using Change = std::function<void(Tracee&, pid_t, ProcessorState&)>;
  explicit EntryProbe(Change change) : change_(std::move(change)) {
    Tracee tracee({CLOISTER_COMMAND_PATH, "run", "--memory", "plain", "--", CLOISTER_STATE_PROGRAM});
    exit_ = Symbols(CLOISTER_COMMAND_PATH, tracee.load_base()).at("sim_eexit");
    tracee.run([&](Tracee& t, pid_t thread) { on_thread(t, thread); },
               [&](Tracee& t, pid_t thread, std::uint64_t at) { on_breakpoint(t, thread, at); }, 30);
  }
  unsigned entries() const { return entries_ - kHonestEntries; }
  unsigned reached() const { return reached_; }  // how many of the changed entry and those after it came to C++

 private:
  void on_thread(Tracee& tracee, pid_t thread) {
    tracee.set_breakpoint(thread, kEntrySlot, image_.at("enclave_entry"));
    tracee.set_breakpoint(thread, kExitSlot, exit_);
    tracee.set_breakpoint(thread, kFirstSlot, image_.at("core_first_entry"));
  }

  void on_breakpoint(Tracee& tracee, pid_t thread, std::uint64_t address) {
    ProcessorState state = tracee.state(thread);
    if (address == image_.at("enclave_entry")) {
      if (++entries_ == kHonestEntries) {
        // Where the pending host call would go on.
        const std::uint64_t saved = tracee.word(thread, state.general.gs_base + T_EXIT_RSP);
        tracee.set_breakpoint(thread, kReturnSlot, tracee.word(thread, saved + 24));
        change_(tracee, thread, state);
        state.general.eflags |= kResume;
        tracee.set_state(thread, state);
      }
      if (entries_ > kHonestEntries + kEntriesAfterwards) tracee.end();
    } else if (address == exit_) {
      stop_services(tracee, thread, state);
    } else if (entries_ >= kHonestEntries) {
      ++reached_;
    }
  }

  // A host that does not do what a stopping enclave asks for, and enters again.
  void stop_services(Tracee& tracee, pid_t thread, ProcessorState state) {
    if (entries_ < kHonestEntries) return;
    state.general.rdx = 0;  // nor does it hear that it is refused
    state.general.eflags |= kResume;
    tracee.set_state(thread, state);
    const std::uint64_t block = tracee.word(thread, state.general.gs_base + offsetof(core::Thread, host_block));
    tracee.set_word(thread, block, __NR_sched_yield);
  }

  Change change_;
  Symbols image_{CLOISTER_RUNTIME_PATH, layout::kImageBase};
  std::uint64_t exit_ = 0;
  unsigned entries_ = 0, reached_ = 0;
};

void set_thread_state(Tracee& tracee, pid_t thread, const ProcessorState& state, std::uint64_t value) {
  tracee.set_word(thread, state.general.gs_base + T_STATE, value);
}

TEST(EntryOrder, E_6_NoEntryWhileNoneIsAllowed) {
  for (const std::uint64_t value : {std::uint64_t{STATE_UNUSED}, std::uint64_t{STATE_INSIDE}, std::uint64_t{17}}) {
    const EntryProbe probe([&](Tracee& t, pid_t thread, ProcessorState& s) { set_thread_state(t, thread, s, value); });
    EXPECT_GE(probe.entries(), kEntriesAfterwards) << value;
    EXPECT_EQ(probe.reached(), 0u) << value;
  }
}

TEST(EntryOrder, E_7_NoEntryAboveTheSecondFrame) {
  for (const std::uint64_t cssa : {2ull, 3ull, ~0ull}) {
    const EntryProbe probe([&](Tracee&, pid_t, ProcessorState& s) { s.general.rax = cssa; });
    EXPECT_GE(probe.entries(), kEntriesAfterwards) << cssa;
    EXPECT_EQ(probe.reached(), 0u) << cssa;
  }
}

// Changes a stack pointer of frame 0 when stage 1 looks at it, on the first exit that `wanted` takes; what the process
// said and how it ended.
struct Ending {
  bool changed = false;
  int status = 0;
  std::string output;
};
Ending with_changed_frame(std::size_t field, std::uint64_t value, const char* begin, const char* end) {
  const Symbols image(CLOISTER_RUNTIME_PATH, layout::kImageBase);
  Tracee tracee({CLOISTER_COMMAND_PATH, "run", "--memory", "plain", "--", "/bin/cat", "/proc/version"});
  Ending ending;
  ending.status =
      tracee.run([&](Tracee& t, pid_t thread) { t.set_breakpoint(thread, kFirstSlot, image.at("exception_stage1")); },
                 [&](Tracee& t, pid_t thread, std::uint64_t) {
                   ProcessorState state = t.state(thread);
                   const std::uint64_t frame = t.word(thread, state.general.gs_base + offsetof(core::Thread, ssa)) +
                                               layout::kSsaFramePages * layout::kPageSize - sizeof(sgx::Gprsgx);
                   const std::uint64_t rip = t.word(thread, frame + offsetof(sgx::Gprsgx, rip));
                   if (!ending.changed && (begin == nullptr || (rip >= image.at(begin) && rip < image.at(end)))) {
                     ending.changed = true;
                     t.set_word(thread, frame + field, value);
                   }
                   state.general.eflags |= kResume;
                   t.set_state(thread, state);
                 },
                 30);
  ending.output = tracee.output();
  return ending;
}

TEST(EntryOrder, E_7_StackPointersOfTheInterruptedFrame) {
  constexpr std::uint64_t kInside = layout::kRuntimeMapLow, kOutside = 0x7fff'0000'0000;
  const Ending host = with_changed_frame(offsetof(sgx::Gprsgx, ursp), kInside, nullptr, nullptr);
  ASSERT_TRUE(host.changed);
  EXPECT_EQ(WEXITSTATUS(host.status), 120) << host.output;
  EXPECT_NE(host.output.find("host lied in entry"), std::string::npos) << host.output;
  for (const std::uint64_t rsp : {kOutside, layout::kElrangeSize, std::uint64_t{layout::kProgramLow}}) {
    const Ending own =
        with_changed_frame(offsetof(sgx::Gprsgx, rsp), rsp, "program_access_begin", "program_access_end");
    ASSERT_TRUE(own.changed);
    EXPECT_EQ(WEXITSTATUS(own.status), 121) << rsp << ": " << own.output;
    EXPECT_NE(own.output.find("internal check failed"), std::string::npos) << own.output;
  }
}

// The lie is seen by C++, which asks for the end; a host that does not end the process gets nothing from entering
// again.
TEST(EntryOrder, E_13_NothingRunsAfterALie) {
  const EntryProbe probe([](Tracee& t, pid_t thread, ProcessorState& s) {
    const std::uint64_t block = t.word(thread, s.general.gs_base + offsetof(core::Thread, host_block));
    t.set_word(thread, block + offsetof(HostBlock, result), static_cast<std::uint64_t>(-4095));
  });
  EXPECT_GE(probe.entries(), kEntriesAfterwards);
  EXPECT_EQ(probe.reached(), 1u);
}

// A thread that comes back while another one asks for the end: the reason is that one's to give.
TEST(EntryOrder, E_13_WhoComesAfterAStopWaits) {
  const Symbols image(CLOISTER_RUNTIME_PATH, layout::kImageBase);
  const std::uint64_t stopped = image.at("core_stopped"), word = stopped & ~std::uint64_t{7};
  Tracee tracee({CLOISTER_COMMAND_PATH, "run", "--memory", "plain", "--", CLOISTER_STATE_PROGRAM});
  unsigned entries = 0;
  const int status =
      tracee.run([&](Tracee& t, pid_t thread) { t.set_breakpoint(thread, kEntrySlot, image.at("enclave_entry")); },
                 [&](Tracee& t, pid_t thread, std::uint64_t) {
                   if (++entries == kHonestEntries) {
                     t.set_word(thread, word, t.word(thread, word) | std::uint64_t{1} << (stopped - word) * 8);
                     t.limit(std::chrono::seconds(1));
                   }
                   ProcessorState state = t.state(thread);
                   state.general.eflags |= kResume;
                   t.set_state(thread, state);
                 },
                 30);
  EXPECT_EQ(entries, kHonestEntries);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << tracee.output();
  EXPECT_EQ(tracee.output().find("host lied"), std::string::npos) << tracee.output();
}
}  // namespace
}  // namespace cloister::adversary
