// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/process_end.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>
#include "src/enclave/core/check.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/kernel/task_end.h"

namespace cloister::kernel {
namespace {
// A task in a call that nothing interrupts must not hold up the end.
constexpr std::uint64_t kPatience = 50'000'000;
// One that has sends waiting gets longer to run and let them go.
constexpr std::uint64_t kPatienceWithSends = 1'000'000'000;

constexpr std::size_t kMaxHooks = 8;
std::array<void (*)(Process&), kMaxHooks> hooks{};
std::size_t hook_count = 0;

std::vector<core::Thread*> others(Process& process, const core::Thread* self) {
  std::vector<core::Thread*> threads;
  const std::lock_guard guard(process.mutex);
  for (const Task* task : process.tasks)
    if (task->thread != nullptr && task->thread != self) threads.push_back(task->thread);
  return threads;
}

void stop_others(Process& process) {
  core::Thread* const self = core::current_thread();
  const std::uint64_t begin = core::monotonic_now();
  Sleeper sleeper;
  QueueWaiter waiter(process.task_ended, sleeper);
  for (core::Thread* thread : others(process, self)) core::interrupt_thread(thread, core::kWorkExit);
  for (;;) {
    const auto left = others(process, self);
    const bool has_sends = std::ranges::any_of(
        left, [](const core::Thread* thread) { return __atomic_load_n(&thread->queued_sends, __ATOMIC_RELAXED) != 0; });
    const std::uint64_t deadline = begin + (has_sends ? kPatienceWithSends : kPatience);
    if (left.empty() || core::monotonic_now() >= deadline) return;
    __atomic_store_n(&self->work, 0, __ATOMIC_RELAXED);  // no signal matters any more
    (void)sleeper.sleep(deadline).ok();
  }
}

// Only the first to come here ends the process; the others are tasks of a process that is ending.
void begin_end(Process& process, int status) {
  if (process.exiting.exchange(true)) leave_task(*current_task());
  process.exit_status = status;
  core::flush_sends(core::current_thread());
  stop_others(process);
  if (process.memory != nullptr) process.memory->write_back_all();
  for (std::size_t i = 0; i < hook_count; ++i) hooks[i](process);
  for (const int descriptor : process.descriptors.open_descriptors())
    if (const auto file = process.descriptors.get(descriptor); file.ok()) file.value()->process_ends();
}
void say_out_of_memory() {
  char line[160];
  const int refusal = core::page_refusal();
  const char* const reason = strerrordesc_np(refusal);
  const int size =
      refusal == 0 || reason == nullptr
          ? std::snprintf(line, sizeof line, "cloister: out of enclave memory (see --heap); the program is killed\n")
          : std::snprintf(line, sizeof line,
                          "cloister: the host gives the enclave no memory (%s); the program is killed\n", reason);
  core::print_to_host(core::PrintStream::error, line, static_cast<std::size_t>(size));
}
}  // namespace

void call_at_end(void (*hook)(Process&)) {
  ENCLAVE_CHECK(hook_count < kMaxHooks);
  hooks[hook_count++] = hook;
}

void end_process(Process& process, int status) {
  begin_end(process, (status & 0xff) << 8);
  core::host_call(HostCall::exit_group, static_cast<std::uint64_t>(status & 0xff));
  __builtin_unreachable();
}

void end_process_by_signal(Process& process, int signal) {
  begin_end(process, signal);
  core::host_call(HostCall::terminate, static_cast<std::uint64_t>(signal));
  __builtin_unreachable();
}

void end_process_without_memory(Process& process) {
  say_out_of_memory();
  end_process_by_signal(process, SIGKILL);
}

void die_without_memory() {
  say_out_of_memory();
  core::host_call(HostCall::terminate, SIGKILL);
  __builtin_unreachable();
}
}  // namespace cloister::kernel
