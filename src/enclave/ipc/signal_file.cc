// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/ipc/signal_file.h"
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include "src/enclave/ipc/blocking.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"

namespace cloister::ipc {
namespace {
// Which of the fields of a siginfo_t mean something follows from the signal and the code.
signalfd_siginfo record_of(const siginfo_t& info) {
  signalfd_siginfo record{};
  record.ssi_signo = static_cast<std::uint32_t>(info.si_signo);
  record.ssi_errno = info.si_errno;
  record.ssi_code = info.si_code;
  const bool is_fault = info.si_code > 0 && (kernel::signal_bit(info.si_signo) & kernel::kFaultSignals) != 0;
  if (is_fault) {
    record.ssi_addr = reinterpret_cast<std::uint64_t>(info.si_addr);
    return record;
  }
  if (info.si_code == SI_TIMER) {
    record.ssi_tid = static_cast<std::uint32_t>(info.si_timerid);
    record.ssi_overrun = static_cast<std::uint32_t>(info.si_overrun);
  } else {
    record.ssi_pid = static_cast<std::uint32_t>(info.si_pid);
    record.ssi_uid = info.si_uid;
  }
  if (info.si_code < 0) {
    record.ssi_int = info.si_value.sival_int;
    record.ssi_ptr = reinterpret_cast<std::uint64_t>(info.si_value.sival_ptr);
  } else if (info.si_signo == SIGCHLD) {
    record.ssi_status = info.si_status;
  }
  return record;
}
}  // namespace

SignalFile::SignalFile(kernel::Process& process, kernel::SignalSet set, std::uint32_t flags)
    : process_(process), set_(set) {
  readable = writable = true;  // whatever is written is refused
  status_flags.store(flags, std::memory_order_relaxed);
  set_path(kPath);
}

Result<std::size_t> SignalFile::read(Task& task, const IoVector& to) {
  const std::size_t room = to.size() / sizeof(signalfd_siginfo);
  if (room == 0) return Error::from_errno(EINVAL);
  std::size_t done = 0;
  const auto take = [&]() -> Result<siginfo_t> {
    siginfo_t info;
    if (!kernel::take_signal(task, set_.load(std::memory_order_relaxed), &info)) return Error::from_errno(EAGAIN);
    return info;
  };
  for (; done < room; ++done) {
    const auto info = wait_until(process_.signal_arrived, done == 0 ? blocking_of(*this) : Blocking::forbidden, take);
    if (!info.ok()) {
      if (done == 0) return info.error();
      break;
    }
    const signalfd_siginfo record = record_of(info.value());
    TRY(to.fill(done * sizeof record, &record, sizeof record));
  }
  return done * sizeof(signalfd_siginfo);
}

std::uint32_t SignalFile::readiness() {
  Task* const task = kernel::current_task();
  if (task == nullptr) return 0;
  return (kernel::pending_signals(*task) & set_.load(std::memory_order_relaxed)) != 0 ? EPOLLIN : 0u;
}

kernel::WaitQueue* SignalFile::wait_queue() { return &process_.signal_arrived; }
}  // namespace cloister::ipc
