// SPDX-License-Identifier: Apache-2.0
// poll and ppoll. poll of one file of the host is served by core/poll_call.cc.
#include <poll.h>
#include "src/enclave/kernel/signals.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/task_handlers.h"
#include "src/enclave/syscalls/wait_times.h"
#include "src/enclave/vfs/poll.h"

namespace cloister::syscalls {
namespace {
Result<std::vector<pollfd>> load_requests(Task& task, ProgramAddress address, std::uint32_t count) {
  {
    const std::lock_guard guard(task.process.mutex);
    if (count > task.process.limits[RLIMIT_NOFILE].rlim_cur) return Error::from_errno(EINVAL);
  }
  std::vector<pollfd> requests(count);
  if (count > 0) TRY(address.read(requests.data(), count * sizeof(pollfd)));
  return requests;
}

std::vector<vfs::PollItem> items_of(Task& task, const std::vector<pollfd>& requests) {
  std::vector<vfs::PollItem> items(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].fd < 0) continue;
    auto file = task.process.descriptors.get(requests[i].fd);
    items[i].asked = static_cast<std::uint16_t>(requests[i].events);
    if (file.ok())
      items[i].file = std::move(file).take();
    else
      items[i].ready = POLLNVAL;
  }
  return items;
}

// EINTR when interrupted.
SysResult poll_descriptors(Task& task, ProgramAddress address, std::uint32_t count, std::uint64_t deadline) {
  const std::vector<pollfd> requests = TRY(load_requests(task, address, count));
  std::vector<vfs::PollItem> items = items_of(task, requests);
  const std::size_t ready = TRY(vfs::poll_files(items, deadline));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ProgramAddress result = address + i * sizeof(pollfd) + offsetof(pollfd, revents);
    TRY(result.store(static_cast<std::uint16_t>(items[i].ready)));
  }
  return static_cast<std::int64_t>(ready);
}

SysResult resume_poll(Task& task, const kernel::RestartBlock& block) {
  auto result =
      poll_descriptors(task, {block.arguments[0]}, static_cast<std::uint32_t>(block.arguments[1]), block.deadline);
  return is_interrupted(result) ? SysResult(restart_later(task, block)) : std::move(result);
}
}  // namespace

SysResult sys_poll(Task& task, ProgramAddress descriptors, std::uint32_t count, int time_out) {
  return resume_poll(task, {resume_poll, deadline_of_milliseconds(task, time_out), {descriptors.value, count, 0, 0}});
}

SysResult sys_ppoll(Task& task, ProgramAddress descriptors, std::uint32_t count, ProgramAddress time_out,
                    ProgramAddress mask, std::uint64_t mask_size) {
  const std::uint64_t deadline = TRY(deadline_of_timespec(time_out));
  TRY(kernel::begin_temporary_mask(task, mask, mask_size));
  auto result = poll_descriptors(task, descriptors, count, deadline);
  const bool interrupted = is_interrupted(result);
  kernel::end_temporary_mask(task, interrupted ? kernel::Wait::interrupted : kernel::Wait::finished);
  report_time_left(time_out, deadline);
  return interrupted ? SysResult(restart_no_hand()) : std::move(result);
}
}  // namespace cloister::syscalls
