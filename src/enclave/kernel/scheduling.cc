// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/scheduling.h"
#include <algorithm>
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/start.h"

namespace cloister::kernel {
namespace {
// What the host was asked for the calling thread, which serves one task after the other.
thread_local CpuSet applied{};
thread_local bool is_applied = false;
}  // namespace

std::uint32_t cpu_count() {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(core::start_parameters.cpu_count, 1, kMaxCpus));
}

CpuSet online_cpus() {
  CpuSet set{};
  for (std::uint32_t cpu = 0; cpu < cpu_count(); ++cpu) set[cpu / 64] |= 1ULL << (cpu % 64);
  return set;
}

void apply_affinity(const CpuSet& set) {
  if (set == (is_applied ? applied : online_cpus())) return;
  core::copy_to_host(core::bounce_buffer(), set.data(), sizeof set);
  core::host_call(HostCall::sched_setaffinity, 0, sizeof set, core::bounce_buffer());
  applied = set;
  is_applied = true;
}
}  // namespace cloister::kernel
