// SPDX-License-Identifier: Apache-2.0
// select and pselect6: sets of descriptors as bitmaps, which may be longer than fd_set.
#include <poll.h>
#include <algorithm>
#include <array>
#include "src/enclave/kernel/signals.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/wait_times.h"
#include "src/enclave/vfs/poll.h"

namespace cloister::syscalls {
namespace {
constexpr int kMaxDescriptors = 1 << 16;
constexpr std::uint32_t kInputs = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR;
constexpr std::uint32_t kOutputs = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR;
constexpr std::array<std::uint32_t, 3> kMeaning = {kInputs, kOutputs, POLLPRI};

using Bitmap = std::vector<std::uint64_t>;
bool has(const Bitmap& map, int descriptor) {
  return (map[static_cast<std::size_t>(descriptor) / 64] >> (descriptor % 64) & 1) != 0;
}
void add(Bitmap& map, int descriptor) { map[static_cast<std::size_t>(descriptor) / 64] |= 1ULL << (descriptor % 64); }

struct Sets {
  int count;
  std::array<ProgramAddress, 3> addresses;
  std::array<Bitmap, 3> asked;

  Result<void> load() {
    for (std::size_t i = 0; i < 3; ++i) {
      asked[i].resize((static_cast<std::size_t>(count) + 63) / 64);
      if (!addresses[i].is_null() && count > 0) TRY(addresses[i].read(asked[i].data(), asked[i].size() * 8));
    }
    return {};
  }
  Result<void> store(const std::array<Bitmap, 3>& ready) const {
    for (std::size_t i = 0; i < 3; ++i)
      if (!addresses[i].is_null() && count > 0) TRY(addresses[i].write(ready[i].data(), ready[i].size() * 8));
    return {};
  }
};

Result<std::vector<vfs::PollItem>> items_of(Task& task, const Sets& sets, std::vector<int>& descriptors) {
  std::vector<vfs::PollItem> items;
  for (int descriptor = 0; descriptor < sets.count; ++descriptor) {
    std::uint32_t asked = 0;
    for (std::size_t i = 0; i < 3; ++i)
      if (has(sets.asked[i], descriptor)) asked |= kMeaning[i];
    if (asked == 0) continue;
    items.push_back({TRY(task.process.descriptors.get(descriptor)), asked, 0});
    descriptors.push_back(descriptor);
  }
  return items;
}

// EINTR when interrupted.
SysResult select_files(Task& task, int count, const std::array<ProgramAddress, 3>& addresses, std::uint64_t deadline) {
  if (count < 0) return Error::from_errno(EINVAL);
  Sets sets{std::min(count, kMaxDescriptors), addresses, {}};
  TRY(sets.load());
  std::vector<int> descriptors;
  std::vector<vfs::PollItem> items = TRY(items_of(task, sets, descriptors));
  for (;;) {
    const std::size_t any = TRY(vfs::poll_files(items, deadline));
    std::array<Bitmap, 3> ready;
    std::int64_t bits = 0;
    for (Bitmap& map : ready) map.resize(sets.asked[0].size());
    for (std::size_t at = 0; at < items.size(); ++at)
      for (std::size_t i = 0; i < 3; ++i) {
        if (!has(sets.asked[i], descriptors[at]) || (items[at].ready & kMeaning[i]) == 0) continue;
        add(ready[i], descriptors[at]);
        ++bits;
      }
    if (bits > 0 || any == 0) {
      TRY(sets.store(ready));
      return bits;
    }
    // A hang-up that no set asks about: poll would tell of it for ever.
    for (vfs::PollItem& item : items)
      if (item.ready != 0) item = {};
  }
}

}  // namespace

SysResult sys_select(Task& task, int count, ProgramAddress in, ProgramAddress out, ProgramAddress exceptional,
                     ProgramAddress time_out) {
  const std::uint64_t deadline = TRY(deadline_of_timeval(time_out));
  auto result = select_files(task, count, {in, out, exceptional}, deadline);
  report_time_left_as_timeval(time_out, deadline);  // so a restart waits for the rest only
  return is_interrupted(result) ? SysResult(restart_no_hand()) : std::move(result);
}

// `mask` points to a pair: the set's address and its size.
SysResult sys_pselect6(Task& task, int count, ProgramAddress in, ProgramAddress out, ProgramAddress exceptional,
                       ProgramAddress time_out, ProgramAddress mask) {
  std::array<std::uint64_t, 2> set{};
  if (!mask.is_null()) set = TRY((mask.load<std::array<std::uint64_t, 2>>()));
  const std::uint64_t deadline = TRY(deadline_of_timespec(time_out));
  TRY(kernel::begin_temporary_mask(task, {set[0]}, set[1]));
  auto result = select_files(task, count, {in, out, exceptional}, deadline);
  const bool interrupted = is_interrupted(result);
  kernel::end_temporary_mask(task, interrupted ? kernel::Wait::interrupted : kernel::Wait::finished);
  report_time_left(time_out, deadline);
  return interrupted ? SysResult(restart_no_hand()) : std::move(result);
}
}  // namespace cloister::syscalls
