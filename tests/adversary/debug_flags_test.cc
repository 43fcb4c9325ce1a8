// SPDX-License-Identifier: Apache-2.0
// A host that asks for a trace of what it must not see: the flags that `--trace` sets are set from outside at the first
// entry. A debug enclave follows; a production enclave is as silent as if nobody had asked.
#include <gtest/gtest.h>
#include "abi/enclave_layout.h"
#include "src/boundary/host_call_table.h"
#include "src/enclave/core/thread.h"
#include "tests/adversary/symbols.h"
#include "tests/adversary/tracee.h"

namespace cloister::adversary {
namespace {
// Requests to append to the trace, of a program that makes some system calls.
unsigned traced_parts(const std::vector<std::string>& run_options) {
  const Symbols image(CLOISTER_RUNTIME_PATH, layout::kImageBase);
  const std::uint64_t entry = image.at("enclave_entry"), transfer = image.at("host_call_transfer");
  std::vector<std::string> command = {CLOISTER_COMMAND_PATH, "run", "--memory", "plain"};
  command.insert(command.end(), run_options.begin(), run_options.end());
  command.insert(command.end(), {"--", CLOISTER_QUIET_PROGRAM});
  Tracee tracee(command);
  bool asked = false;
  unsigned parts = 0;
  tracee.run(
      [&](Tracee& t, pid_t thread) {
        t.set_breakpoint(thread, 0, entry);
        t.set_breakpoint(thread, 1, transfer);
      },
      [&](Tracee& t, pid_t thread, std::uint64_t address) {
        ProcessorState state = t.state(thread);
        if (address == entry) {
          if (asked) return;
          asked = true;
          const std::uint64_t flags = state.general.rsi + offsetof(StartParameters, host_flags);
          t.set_word(thread, flags, t.word(thread, flags) | kHostTrace);
          state.general.eflags |= kResume;
          t.set_state(thread, state);
          return;
        }
        const std::uint64_t block = t.word(thread, state.general.gs_base + offsetof(core::Thread, host_block));
        const std::uint64_t stream = t.word(thread, block + offsetof(HostBlock, args) + 8);
        parts += t.word(thread, block) == static_cast<std::uint64_t>(HostService::print) && stream == 1;
      },
      30);
  EXPECT_TRUE(asked);
  return parts;
}

TEST(DebugFlags, DebugEnclaveTraces) { EXPECT_GT(traced_parts({"--debug"}), 0u); }
TEST(DebugFlags, ProductionEnclaveDoesNotWhoeverAsks) { EXPECT_EQ(traced_parts({}), 0u); }
}  // namespace
}  // namespace cloister::adversary
