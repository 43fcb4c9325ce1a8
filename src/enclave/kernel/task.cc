// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/task.h"
#include <algorithm>
#include "src/enclave/core/clock.h"
#include "src/enclave/kernel/scheduling.h"
#include "src/enclave/vfs/file_reclaim.h"

namespace cloister::kernel {

Task::Task(Process& owner, std::uint32_t id) : process(owner) {
  tid = id;
  tgid = owner.pid;
  descriptors = owner.descriptors.core_table();
  affinity = online_cpus();
  vfs::add_hazard_owner(*this);
  const std::lock_guard guard(owner.mutex);
  name = owner.name;
  owner.tasks.push_back(this);
}

Task::~Task() {
  vfs::remove_hazard_owner(*this);
  const std::lock_guard guard(process.mutex);
  std::erase(process.tasks, this);
}

void Task::attach(core::Thread* self) {
  slept_before = self->slept_ticks;
  start_time = core::monotonic_now();
  thread = self;
  self->task = this;
}
}  // namespace cloister::kernel
