// SPDX-License-Identifier: Apache-2.0
// What the system is, and odds and ends of the process: uname, sysinfo, personality, randomness, arch_prctl.
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <algorithm>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/kernel/version.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
constexpr std::uint64_t kSetGs = 0x1001, kSetFs = 0x1002, kGetFs = 0x1003, kGetGs = 0x1004, kGetCpuid = 0x1011,
                        kSetCpuid = 0x1012;
constexpr std::uint32_t kAskPersonality = 0xffff'ffff;

template <std::size_t N, std::size_t M>
void copy_text(char (&to)[N], const char (&from)[M]) {
  static_assert(M <= N);
  std::copy_n(from, M, to);
}
}  // namespace

SysResult sys_uname(Task&, ProgramAddress address) {
  utsname name{};
  copy_text(name.sysname, kernel::kSystemName);
  copy_text(name.nodename, kernel::kNodeName);
  copy_text(name.release, kernel::kRelease);
  copy_text(name.version, kernel::kVersion);
  copy_text(name.machine, kernel::kMachine);
  copy_text(name.domainname, kernel::kDomainName);
  TRY(address.store(name));
  return 0;
}

SysResult sys_sysinfo(Task& task, ProgramAddress address) {
  struct sysinfo info {};
  constexpr std::uint64_t kSecond = kernel::kNanosecondsPerSecond;
  info.uptime = static_cast<long>((core::boottime_now() + kSecond - 1) / kSecond);  // rounded up, as Linux
  const std::uint64_t total = task.process.memory->memory_size();
  const std::uint64_t used = core::committed_pages() * layout::kPageSize;
  info.totalram = total;
  info.freeram = total > used ? total - used : 0;
  {
    const std::lock_guard guard(task.process.mutex);
    info.procs = static_cast<unsigned short>(task.process.tasks.size());
  }
  info.mem_unit = 1;
  TRY(address.store(info));
  return 0;
}

SysResult sys_personality(Task& task, std::uint32_t value) {
  const std::lock_guard guard(task.process.mutex);
  const auto old = static_cast<std::int64_t>(task.process.personality);
  if (value != kAskPersonality) task.process.personality = value;
  return old;
}

SysResult sys_getrandom(Task&, ProgramAddress buffer, std::uint64_t size, std::uint32_t flags) {
  constexpr std::uint32_t kInsecure = 4;
  if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | kInsecure)) != 0) return Error::from_errno(EINVAL);
  if ((flags & (GRND_RANDOM | kInsecure)) == (GRND_RANDOM | kInsecure)) return Error::from_errno(EINVAL);
  size = std::min<std::uint64_t>(size, INT32_MAX);
  std::uint8_t bytes[512];
  for (std::uint64_t done = 0; done < size;) {
    const std::size_t part = std::min<std::uint64_t>(size - done, sizeof bytes);
    core::random_bytes(bytes, part);
    if (const auto written = (buffer + done).write(bytes, part); !written.ok()) {
      if (done == 0) return written.error();
      return static_cast<std::int64_t>(done);
    }
    done += part;
  }
  return static_cast<std::int64_t>(size);
}

SysResult sys_arch_prctl(Task& task, std::uint64_t code, std::uint64_t argument) {
  switch (code) {
    case kSetFs:
    case kSetGs:
      if (argument >= core::kUserEnd) return Error::from_errno(EPERM);
      // The GS register itself belongs to the runtime: a program's GS base is a number that it may ask for again.
      (code == kSetFs ? task.thread->program_fs : task.program_gs) = argument;
      return 0;
    case kGetFs: TRY(ProgramAddress{argument}.store(task.thread->program_fs)); return 0;
    case kGetGs: TRY(ProgramAddress{argument}.store(task.program_gs)); return 0;
    case kGetCpuid: return 1;
    case kSetCpuid: return argument != 0 ? SysResult(0) : Error::from_errno(ENODEV);
    default: return Error::from_errno(EINVAL);
  }
}

SysResult sys_rseq(Task&, ProgramAddress, std::uint32_t, int, std::uint32_t) { return Error::from_errno(ENOSYS); }
SysResult sys_sethostname(Task&, ProgramAddress, int) { return Error::from_errno(EPERM); }
SysResult sys_setdomainname(Task&, ProgramAddress, int) { return Error::from_errno(EPERM); }
}  // namespace cloister::syscalls
