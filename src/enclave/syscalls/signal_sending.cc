// SPDX-License-Identifier: Apache-2.0
// kill and its relatives. There is one process here: other ids do not exist.
#include "src/enclave/kernel/signals.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
bool is_signal_or_probe(int signal) { return signal == 0 || kernel::is_valid_signal(signal); }

// A thread's id names its process, too.
bool names_process(kernel::Process& process, std::int32_t id) {
  if (id <= 0) return false;
  const std::lock_guard guard(process.mutex);
  const auto number = static_cast<std::uint32_t>(id);
  return number == process.pid || process.find_task(number) != nullptr;
}

SysResult send_to_thread(Task& task, std::int32_t tid, const siginfo_t& info) {
  if (!is_signal_or_probe(info.si_signo)) return Error::from_errno(EINVAL);
  kernel::Process& process = task.process;
  if (info.si_signo == 0) {
    const std::lock_guard guard(process.mutex);
    if (process.find_task(static_cast<std::uint32_t>(tid)) == nullptr) return Error::from_errno(ESRCH);
    return 0;
  }
  if (kernel::is_queue_full(process, static_cast<std::uint32_t>(tid), info.si_signo)) return Error::from_errno(EAGAIN);
  if (!kernel::send_to_task(process, static_cast<std::uint32_t>(tid), info)) return Error::from_errno(ESRCH);
  return 0;
}

// Only the kernel and kill themselves may send codes that claim to come from them, except to oneself.
Result<siginfo_t> load_queued_info(Task& task, std::int32_t target, int signal, ProgramAddress address) {
  auto info = TRY(address.load<siginfo_t>());
  info.si_signo = signal;
  const bool claims_kernel = info.si_code >= 0 || info.si_code == SI_TKILL;
  if (claims_kernel && target != static_cast<std::int32_t>(task.process.pid)) return Error::from_errno(EPERM);
  return info;
}
}  // namespace

SysResult sys_kill(Task& task, std::int32_t pid, int signal) {
  if (!is_signal_or_probe(signal)) return Error::from_errno(EINVAL);
  kernel::Process& process = task.process;
  const bool is_own_group = pid == 0 || (pid < -1 && -pid == static_cast<std::int32_t>(process.process_group));
  if (!is_own_group && !names_process(process, pid)) return Error::from_errno(ESRCH);
  if (signal != 0) kernel::send_to_process(process, kernel::signal_from(task, signal, SI_USER));
  return 0;
}

SysResult sys_tkill(Task& task, std::int32_t tid, int signal) {
  if (tid <= 0) return Error::from_errno(EINVAL);
  return send_to_thread(task, tid, kernel::signal_from(task, signal, SI_TKILL));
}

SysResult sys_tgkill(Task& task, std::int32_t tgid, std::int32_t tid, int signal) {
  if (tgid <= 0 || tid <= 0) return Error::from_errno(EINVAL);
  if (tgid != static_cast<std::int32_t>(task.process.pid)) return Error::from_errno(ESRCH);
  return send_to_thread(task, tid, kernel::signal_from(task, signal, SI_TKILL));
}

SysResult sys_rt_sigqueueinfo(Task& task, std::int32_t pid, int signal, ProgramAddress info_address) {
  const auto info = TRY(load_queued_info(task, pid, signal, info_address));
  if (!is_signal_or_probe(signal)) return Error::from_errno(EINVAL);
  if (!names_process(task.process, pid)) return Error::from_errno(ESRCH);
  if (kernel::is_queue_full(task.process, 0, signal)) return Error::from_errno(EAGAIN);
  if (signal != 0) kernel::send_to_process(task.process, info);
  return 0;
}

SysResult sys_rt_tgsigqueueinfo(Task& task, std::int32_t tgid, std::int32_t tid, int signal,
                                ProgramAddress info_address) {
  if (tgid <= 0 || tid <= 0) return Error::from_errno(EINVAL);
  const auto info = TRY(load_queued_info(task, tgid, signal, info_address));
  if (tgid != static_cast<std::int32_t>(task.process.pid)) return Error::from_errno(ESRCH);
  return send_to_thread(task, tid, info);
}
}  // namespace cloister::syscalls
