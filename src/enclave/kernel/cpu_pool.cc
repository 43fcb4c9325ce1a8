// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/cpu_pool.h"
#include <pthread.h>
#include <condition_variable>
#include <mutex>
#include <vector>
#include "src/enclave/core/check.h"
#include "src/enclave/core/doorbell.h"
#include "src/enclave/core/futex.h"
#include "src/enclave/core/program_state.h"
#include "src/enclave/kernel/runtime_thread.h"
#include "src/enclave/kernel/scheduling.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {

class VirtualCpu {
 public:
  core::Thread* thread = nullptr;
  std::atomic<Task*> next{nullptr};
  core::ProgramContext context{};  // where `next` starts
  std::uint64_t fs_base = 0;
  bool has_loop = false;  // its stack has a frame of run_program to return to
};

namespace {
std::mutex pool_mutex;
std::vector<VirtualCpu*> idle_cpus;  // the last one is the warmest
std::condition_variable cpu_ready;

thread_local VirtualCpu* own_cpu = nullptr;

// The thread may be the one that a signal of the host happens to meet.
void do_idle_work(core::Thread* thread) {
  const std::uint64_t work = __atomic_exchange_n(&thread->work, 0, __ATOMIC_ACQ_REL);
  if ((work & core::kWorkHostSignal) != 0) forward_host_signals(thread, *initial_process());
}

Task* wait_for_task(VirtualCpu& cpu) {
  core::Thread* const thread = cpu.thread;
  for (;;) {
    const std::uint64_t bell = core::read_doorbell(thread);
    if (Task* task = cpu.next.exchange(nullptr, std::memory_order_acq_rel); task != nullptr) return task;
    if (__atomic_load_n(&thread->work, __ATOMIC_RELAXED) != 0)
      do_idle_work(thread);
    else
      core::sleep_on_doorbell(thread, bell, core::kNoDeadline, core::Sleep::interruptible);
  }
}

[[noreturn]] void run_tasks(VirtualCpu& cpu) {
  cpu.has_loop = true;
  for (;;) {
    Task* const task = wait_for_task(cpu);
    core::Thread* const thread = cpu.thread;
    task->attach(thread);
    thread->program_fs = cpu.fs_base;
    apply_affinity(task->affinity);
    // Marks for the new task may have been taken for the idle thread's.
    std::uint64_t work = core::kWorkSignal;
    if (task->process.exiting.load()) work |= core::kWorkExit;
    __atomic_fetch_or(&thread->work, work, __ATOMIC_RELAXED);
    core::run_program(&cpu.context);
  }
}

void* cpu_main(void* argument) {
  auto* const cpu = static_cast<VirtualCpu*>(argument);
  own_cpu = cpu;
  {
    const std::lock_guard guard(pool_mutex);
    cpu->thread = core::current_thread();
    cpu_ready.notify_all();
  }
  run_tasks(*cpu);
}
}  // namespace

Result<VirtualCpu*> take_cpu() {
  {
    const std::lock_guard guard(pool_mutex);
    if (!idle_cpus.empty()) {
      VirtualCpu* const cpu = idle_cpus.back();
      idle_cpus.pop_back();
      return cpu;
    }
  }
  auto* const cpu = new VirtualCpu;
  if (const auto started = start_runtime_thread(cpu_main, cpu); !started.ok()) {
    delete cpu;
    return started.error();
  }
  std::unique_lock lock(pool_mutex);
  cpu_ready.wait(lock, [cpu] { return cpu->thread != nullptr; });
  return cpu;
}

core::Thread* thread_of(VirtualCpu& cpu) { return cpu.thread; }

void start_task(VirtualCpu& cpu, Task& task, const core::ProgramContext& context, std::uint64_t fs_base) {
  cpu.context = context;
  cpu.fs_base = fs_base;
  cpu.next.store(&task, std::memory_order_release);
  core::ring_doorbell(cpu.thread);
}

void give_back_cpu(VirtualCpu& cpu) {
  const std::lock_guard guard(pool_mutex);
  idle_cpus.push_back(&cpu);
}

std::vector<core::Thread*> idle_threads() {
  const std::lock_guard guard(pool_mutex);
  std::vector<core::Thread*> threads;
  for (const VirtualCpu* cpu : idle_cpus) threads.push_back(cpu->thread);
  return threads;
}

void announce_idle(core::Thread* thread) {
  if (own_cpu == nullptr) {  // the thread that started the runtime
    own_cpu = new VirtualCpu;
    own_cpu->thread = thread;
  }
  give_back_cpu(*own_cpu);
}

void become_idle() {
  if (own_cpu->has_loop) core::leave_program();
  run_tasks(*own_cpu);
}
}  // namespace cloister::kernel
