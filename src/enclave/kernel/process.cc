// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/process.h"
#include <algorithm>
#include "src/enclave/core/clock.h"
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/kernel/timers.h"

namespace cloister::kernel {
namespace {
constexpr std::uint32_t kLastTaskId = (1 << 22) - 1;  // Linux's PID_MAX_LIMIT: fits futex words

std::atomic<Process*> first_process{nullptr};

std::array<rlimit, RLIM_NLIMITS> default_limits() {
  std::array<rlimit, RLIM_NLIMITS> limits;
  limits.fill({RLIM_INFINITY, RLIM_INFINITY});
  limits[RLIMIT_STACK] = {8 << 20, RLIM_INFINITY};
  limits[RLIMIT_CORE] = {0, RLIM_INFINITY};
  limits[RLIMIT_NOFILE] = {1024, 1 << 16};
  limits[RLIMIT_MEMLOCK] = {8 << 20, 8 << 20};
  limits[RLIMIT_SIGPENDING] = {32768, 32768};
  limits[RLIMIT_NPROC] = {32768, 32768};
  limits[RLIMIT_MSGQUEUE] = {819200, 819200};
  limits[RLIMIT_NICE] = limits[RLIMIT_RTPRIO] = {0, 0};
  return limits;
}
}  // namespace

Process::Process(std::uint32_t id, std::shared_ptr<const LaunchManifest> instance)
    : pid(id),
      process_group(id),
      session(id),
      manifest(std::move(instance)),
      credentials(initial_credentials(0, 0)),
      limits(default_limits()),
      start_time(core::monotonic_now()),
      timers(std::make_unique<ProcessTimers>(*this)),
      last_task_id_(id) {
  descriptors.set_limit(static_cast<std::uint32_t>(limits[RLIMIT_NOFILE].rlim_cur));
  Process* expected = nullptr;
  first_process.compare_exchange_strong(expected, this);
}

Process::~Process() {
  Process* expected = this;
  first_process.compare_exchange_strong(expected, nullptr);
}

Task* Process::find_task(std::uint32_t tid) {
  const auto found = std::find_if(tasks.begin(), tasks.end(), [tid](const Task* task) { return task->tid == tid; });
  return found == tasks.end() ? nullptr : *found;
}

std::uint32_t Process::new_task_id() {
  do last_task_id_ = last_task_id_ < kLastTaskId ? last_task_id_ + 1 : 300;
  while (last_task_id_ == pid || find_task(last_task_id_) != nullptr);
  return last_task_id_;
}

Process* initial_process() { return first_process.load(std::memory_order_acquire); }
}  // namespace cloister::kernel
