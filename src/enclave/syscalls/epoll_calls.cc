// SPDX-License-Identifier: Apache-2.0
// epoll_create, epoll_ctl, epoll_wait. While only files of the host are watched, epoll_wait is served by
// core/epoll_wait.cc.
#include <sys/epoll.h>
#include <mutex>
#include "src/enclave/kernel/signals.h"
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/socket_files.h"
#include "src/enclave/syscalls/task_handlers.h"
#include "src/enclave/syscalls/wait_times.h"
#include "src/enclave/vfs/epoll.h"

namespace cloister::syscalls {
namespace {
using vfs::EpollEvent;
static_assert(sizeof(EpollEvent) == sizeof(epoll_event));

// Of the whole enclave, as Linux's epnested_mutex: two threads must not close a loop together.
std::mutex nesting_mutex;

Result<void> add_member(vfs::Epoll& epoll, const vfs::FileRef& file, int descriptor, const EpollEvent& event) {
  vfs::Epoll* const nested = vfs::as_epoll(*file);
  if (nested == nullptr) return epoll.set()->add(file, descriptor, event);
  if ((event.events & EPOLLEXCLUSIVE) != 0) return Error::from_errno(EINVAL);
  const std::lock_guard guard(nesting_mutex);
  if (nested->set()->leads_to(*epoll.set(), 0)) return Error::from_errno(ELOOP);
  return epoll.set()->add(file, descriptor, event);
}

// The file of an epoll object, kept alive while it is used. EBADF, EFAULT, EINVAL.
Result<vfs::FileRef> find_epoll(Task& task, int descriptor, ProgramAddress events, int count) {
  if (count <= 0 || count > 0x7fff'ffff / static_cast<int>(sizeof(EpollEvent))) return Error::from_errno(EINVAL);
  if (!core::is_program_range(events.value, static_cast<std::uint64_t>(count) * sizeof(EpollEvent)))
    return Error::from_errno(EFAULT);
  vfs::FileRef file = TRY(find_file(task, descriptor));
  if (vfs::as_epoll(*file) == nullptr) return Error::from_errno(EINVAL);
  return file;
}

SysResult wait_for_events(Task& task, int descriptor, ProgramAddress address, int count, std::uint64_t deadline) {
  const vfs::FileRef file = TRY(find_epoll(task, descriptor, address, count));
  const auto events = TRY(vfs::as_epoll(*file)->set()->wait(static_cast<std::size_t>(count), deadline));
  if (!events.empty()) TRY(address.write(events.data(), events.size() * sizeof(EpollEvent)));
  return static_cast<std::int64_t>(events.size());
}

SysResult resume_wait(Task& task, const kernel::RestartBlock& block) {
  auto result = wait_for_events(task, static_cast<int>(block.arguments[0]), {block.arguments[1]},
                                static_cast<int>(block.arguments[2]), block.deadline);
  return is_interrupted(result) ? SysResult(restart_later(task, block)) : std::move(result);
}

SysResult wait_with_mask(Task& task, int descriptor, ProgramAddress events, int count, std::uint64_t deadline,
                         ProgramAddress mask, std::uint64_t mask_size) {
  TRY(kernel::begin_temporary_mask(task, mask, mask_size));
  auto result = wait_for_events(task, descriptor, events, count, deadline);
  const bool interrupted = is_interrupted(result);
  kernel::end_temporary_mask(task, interrupted ? kernel::Wait::interrupted : kernel::Wait::finished);
  return interrupted ? SysResult(restart_no_hand()) : std::move(result);
}
}  // namespace

SysResult sys_epoll_create1(Task& task, int flags) {
  if ((flags & ~EPOLL_CLOEXEC) != 0) return Error::from_errno(EINVAL);
  return install_file(task, TRY(vfs::Epoll::create()), flags);
}
SysResult sys_epoll_create(Task& task, int size) {
  if (size <= 0) return Error::from_errno(EINVAL);
  return sys_epoll_create1(task, 0);
}

SysResult sys_epoll_ctl(Task& task, int epoll, int operation, int descriptor, ProgramAddress event_address) {
  EpollEvent event{};
  if (operation != EPOLL_CTL_DEL) event = TRY(event_address.load<EpollEvent>());
  const vfs::FileRef file = TRY(find_file(task, epoll));
  const vfs::FileRef target = TRY(find_file(task, descriptor));
  if (!vfs::has_readiness(*target)) return Error::from_errno(EPERM);
  vfs::Epoll* const object = vfs::as_epoll(*file);
  if (object == nullptr || file.get() == target.get()) return Error::from_errno(EINVAL);
  event.events &= ~static_cast<std::uint32_t>(EPOLLWAKEUP);
  switch (operation) {
    case EPOLL_CTL_ADD: TRY(add_member(*object, target, descriptor, event)); return 0;
    case EPOLL_CTL_MOD: TRY(object->set()->modify(*target, descriptor, event)); return 0;
    case EPOLL_CTL_DEL: TRY(object->set()->remove(*target, descriptor)); return 0;
    default: return Error::from_errno(EINVAL);
  }
}

// Never restarted after a handler, whatever SA_RESTART says.
SysResult sys_epoll_wait(Task& task, int epoll, ProgramAddress events, int count, int time_out) {
  const std::uint64_t deadline = deadline_of_milliseconds(task, time_out);
  const kernel::RestartBlock block{
      resume_wait, deadline, {static_cast<std::uint32_t>(epoll), events.value, static_cast<std::uint32_t>(count), 0}};
  return resume_wait(task, block);
}

SysResult sys_epoll_pwait(Task& task, int epoll, ProgramAddress events, int count, int time_out, ProgramAddress mask,
                          std::uint64_t mask_size) {
  if (mask.is_null()) return sys_epoll_wait(task, epoll, events, count, time_out);
  return wait_with_mask(task, epoll, events, count, deadline_of_milliseconds(task, time_out), mask, mask_size);
}

SysResult sys_epoll_pwait2(Task& task, int epoll, ProgramAddress events, int count, ProgramAddress time_out,
                           ProgramAddress mask, std::uint64_t mask_size) {
  return wait_with_mask(task, epoll, events, count, TRY(deadline_of_timespec(time_out)), mask, mask_size);
}
}  // namespace cloister::syscalls
