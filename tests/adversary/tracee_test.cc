// SPDX-License-Identifier: Apache-2.0
// The tracer ends whatever becomes of what it traces.
#include "tests/adversary/tracee.h"
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <stdexcept>

namespace cloister::adversary {
namespace {
const std::vector<std::string> kTwoThreads = {
    "/usr/bin/python3", "-c", "import threading; threading.Thread(target=threading.Event().wait).start()"};

TEST(Tracee, IsGivenUpWithSeveralThreads) {
  alarm(30);
  unsigned threads = 0;
  const auto give_up = [&] {
    Tracee tracee(kTwoThreads);
    tracee.run(
        [&](Tracee&, pid_t) {
          if (++threads == 2) throw std::runtime_error("given up");
        },
        [](Tracee&, pid_t, std::uint64_t) {}, 20);
  };
  EXPECT_THROW(give_up(), std::runtime_error);
  alarm(0);
}

TEST(Tracee, ThreadsThatAreKilledWhileTheyAreLookedAt) {
  alarm(30);
  unsigned threads = 0;
  Tracee tracee(kTwoThreads);
  const int status = tracee.run(
      [&](Tracee& t, pid_t thread) {
        if (++threads < 2) return;
        t.end();
        for (;;) t.state(thread);  // until the thread is gone
      },
      [](Tracee&, pid_t, std::uint64_t) {}, 20);
  EXPECT_EQ(threads, 2u);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  alarm(0);
}
}  // namespace
}  // namespace cloister::adversary
