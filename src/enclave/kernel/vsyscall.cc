// SPDX-License-Identifier: Apache-2.0
// The legacy vsyscall page lies outside every enclave: a call of it faults at the instruction fetch.
#include "src/enclave/core/clock.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/program_faults.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
constexpr std::uint64_t kGettimeofday = 0xffff'ffff'ff60'0000, kTime = kGettimeofday + 0x400,
                        kGetcpu = kGettimeofday + 0x800;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::int64_t gettimeofday_to(std::uint64_t time_address, std::uint64_t zone_address) {
  const std::uint64_t now = core::realtime_now();
  const std::uint64_t time[2] = {now / kNanosecondsPerSecond, now % kNanosecondsPerSecond / 1000};
  if (time_address != 0 && !core::store_program(time_address, time)) return -EFAULT;
  if (zone_address != 0 && !core::zero_program(zone_address, 8)) return -EFAULT;
  return 0;
}

std::int64_t time_to(std::uint64_t address) {
  const std::uint64_t now = core::realtime_now() / kNanosecondsPerSecond;
  if (address != 0 && !core::store_program(address, now)) return -EFAULT;
  return static_cast<std::int64_t>(now);
}

std::int64_t getcpu_to(std::uint64_t cpu_address, std::uint64_t node_address) {
  const std::uint32_t zero = 0;
  if (cpu_address != 0 && !core::store_program(cpu_address, zero)) return -EFAULT;
  if (node_address != 0 && !core::store_program(node_address, zero)) return -EFAULT;
  return 0;
}
}  // namespace

bool emulate_vsyscall(Task& task, core::ProgramContext* context) {
  const std::uint64_t entry = context->rip;
  if (entry != kGettimeofday && entry != kTime && entry != kGetcpu) return false;
  std::uint64_t return_address;
  if (!core::load_program(context->rsp, &return_address)) return false;
  std::int64_t result;
  if (entry == kGettimeofday)
    result = gettimeofday_to(context->rdi, context->rsi);
  else if (entry == kTime)
    result = time_to(context->rdi);
  else
    result = getcpu_to(context->rdi, context->rsi);
  context->rax = static_cast<std::uint64_t>(result);
  context->rip = task.process.memory->entry_for_restart(return_address);
  context->rsp += 8;
  return true;
}
}  // namespace cloister::kernel
