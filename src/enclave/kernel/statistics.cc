// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/statistics.h"
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include "src/enclave/core/dispatch.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/kept_pages.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/kernel/cpu_pool.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/syscalls/dispatch.h"

namespace cloister::kernel {
namespace {
bool requested = false;

struct Sum {
  std::uint64_t host_calls = 0, carried = 0, exits = 0, traps = 0, faults = 0, bytes_in = 0, bytes_out = 0,
                kernel_entries = 0;
  void add(const core::Thread& thread) {
    host_calls += thread.host_call_count;
    carried += thread.carried_call_count;
    exits += thread.aex_count;
    traps += thread.trap_count;
    faults += thread.fault_count;
    bytes_in += thread.bytes_in;
    bytes_out += thread.bytes_out;
    kernel_entries += thread.kernel_entry_count;
  }
};

std::string most_frequent_calls() {
  std::array<std::pair<std::uint64_t, std::uint64_t>, core::kSystemCallCount> calls;
  for (std::uint64_t i = 0; i < calls.size(); ++i) calls[i] = {core::call_counts.calls[i], i};
  std::sort(calls.begin(), calls.end(), std::greater<>());
  std::string text;
  for (std::size_t i = 0; i < 12 && calls[i].first > 0; ++i) {
    const char* const name = syscalls::call_name(calls[i].second);
    text += "  " + std::to_string(calls[i].first) + " " +
            (name != nullptr ? name : std::to_string(calls[i].second).c_str());
  }
  return text;
}
}  // namespace

void request_statistics() { requested = true; }

void print_statistics(Process& process) {
  if (!requested) return;
  requested = false;
  Sum sum;
  {
    const std::lock_guard guard(process.mutex);
    for (const Task* task : process.tasks)
      if (task->thread != nullptr) sum.add(*task->thread);
  }
  for (const core::Thread* thread : idle_threads()) sum.add(*thread);  // their tasks have ended
  std::uint64_t calls = 0;
  for (std::uint64_t count : core::call_counts.calls) calls += count;
  char text[512];
  const int size = std::snprintf(text, sizeof text,
                                 "cloister: statistics\n"
                                 "  system calls      %12lu   of which kernel storey %lu\n"
                                 "  host calls        %12lu   of which in the exits of others %lu\n"
                                 "  asynchronous exits%12lu   page faults %lu, traps %lu\n"
                                 "  bytes in, out     %12lu   %lu\n"
                                 "  pages committed   %12lu   kept for reuse %lu\n"
                                 "  most frequent    ",
                                 calls, sum.kernel_entries, sum.host_calls, sum.carried, sum.exits, sum.faults,
                                 sum.traps, sum.bytes_in, sum.bytes_out, core::committed_pages(), core::kept_pages());
  const std::string line = std::string(text, static_cast<std::size_t>(size)) + most_frequent_calls() + "\n";
  core::print_to_host(core::PrintStream::error, line.data(), line.size());
}
}  // namespace cloister::kernel
