// SPDX-License-Identifier: Apache-2.0
// A host that leaves every register in the worst state before each entry, tried on the unmodified image and command.
// One run serves all cases; each case names its rule, so that leaving out one defence turns one case red.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include "abi/enclave_layout.h"
#include "tests/adversary/state_observer.h"

namespace cloister::adversary {
namespace {

struct Observation {
  std::string output;
  int status = 0;
  Findings findings;
  EntryCounts counts;
};

Observation observe(const char* forced_symbol, std::uint8_t forced_value) {
  Tracee tracee({CLOISTER_COMMAND_PATH, "run", "--memory", "plain", "--", CLOISTER_STATE_PROGRAM});
  const Symbols image(CLOISTER_RUNTIME_PATH, layout::kImageBase), command(CLOISTER_COMMAND_PATH, tracee.load_base());
  StateObserver observer(image, command);
  if (forced_symbol != nullptr) observer.force_byte(image.at(forced_symbol), forced_value);
  Observation run;
  run.status =
      tracee.run([&](Tracee& t, pid_t thread) { observer.on_thread(t, thread); },
                 [&](Tracee& t, pid_t thread, std::uint64_t at) { observer.on_breakpoint(t, thread, at); }, 20);
  run.output = tracee.output();
  run.findings = observer.findings();
  run.counts = observer.counts();
  return run;
}

std::string describe(const Observation& run, const std::string& rule) {
  std::string text;
  if (const auto found = run.findings.find(rule); found != run.findings.end())
    for (const auto& [what, times] : found->second) text += what + " (" + std::to_string(times) + " times); ";
  return text;
}

class EntryState : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!run_) run_ = new Observation(observe(nullptr, 0));
  }
  static Observation* run_;
};
Observation* EntryState::run_ = nullptr;

TEST_F(EntryState, ProgramKeepsItsState) {
  EXPECT_TRUE(WIFEXITED(run_->status)) << "signal " << WTERMSIG(run_->status);
  EXPECT_EQ(WEXITSTATUS(run_->status), 0) << run_->output;
  EXPECT_NE(run_->output.find("kept"), std::string::npos) << run_->output;
}
TEST_F(EntryState, EveryKindOfEntryWasTried) {
  const EntryCounts& counts = run_->counts;
  SCOPED_TRACE("first " + std::to_string(counts.first) + ", host call " + std::to_string(counts.host_call) +
               ", exception " + std::to_string(counts.exception) + ", resume " + std::to_string(counts.resume) +
               ", exit " + std::to_string(counts.exit));
  EXPECT_GE(run_->counts.first, 1u);
  EXPECT_GT(run_->counts.host_call, 50u);
  EXPECT_GT(run_->counts.exception, 20u);
  EXPECT_GT(run_->counts.resume, 20u);
  EXPECT_GE(run_->counts.exit, run_->counts.host_call + run_->counts.exception);
}
TEST_F(EntryState, E_1_DirectionFlag) { EXPECT_EQ(describe(*run_, "E-1"), ""); }
TEST_F(EntryState, E_2_OtherFlags) { EXPECT_EQ(describe(*run_, "E-2"), ""); }
TEST_F(EntryState, E_3_X87AndVectors) { EXPECT_EQ(describe(*run_, "E-3"), ""); }
TEST_F(EntryState, E_4_Mxcsr) { EXPECT_EQ(describe(*run_, "E-4"), ""); }
TEST_F(EntryState, E_5_StackPointer) { EXPECT_EQ(describe(*run_, "E-5"), ""); }
TEST_F(EntryState, E_11_NothingOfOursIsLeftAtAnExit) { EXPECT_EQ(describe(*run_, "E-11"), ""); }

// What a processor with more state than AVX-512 (AMX) does: everything by XSAVE and XRSTOR.
TEST(EntryStateByXrstor, HoldsToo) {
  const Observation run = observe("core_scrub_level", 0);
  EXPECT_EQ(run.status, 0);  // the program says by its exit status what it lost
  EXPECT_NE(run.output.find("kept"), std::string::npos) << run.output;
  for (const char* rule : {"E-1", "E-2", "E-3", "E-4", "E-5", "E-11"}) EXPECT_EQ(describe(run, rule), "") << rule;
}
}  // namespace
}  // namespace cloister::adversary
