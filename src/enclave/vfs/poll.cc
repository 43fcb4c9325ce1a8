// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/poll.h"
#include <poll.h>
#include <algorithm>
#include <cerrno>
#include <deque>
#include <optional>
#include "src/boundary/rules.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/vfs/poll_bell.h"

namespace cloister::vfs {
namespace {
constexpr std::uint32_t kPollAlways = POLLERR | POLLHUP, kPollData = POLLIN | POLLRDNORM;
constexpr std::size_t kMaxHostItems = kBounceSize / sizeof(pollfd) - 4;  // room for the bell and the time-out

std::uint64_t request_word(int descriptor, std::uint32_t asked) {
  return static_cast<std::uint32_t>(descriptor) | std::uint64_t{asked & 0xffff} << 32;
}

std::uint32_t take_ready(core::Untrusted<std::uint64_t> answer, std::uint32_t asked) {
  const std::uint64_t word = answer.unverified_because("its upper bits are judged here");
  const auto ready = static_cast<std::uint32_t>(word >> 48);
  if (CLOISTER_KEEPS(I_7) && (ready & ~((asked & 0xffff) | kPollAlways)) != 0)
    core::host_lied(HostCall::poll, "events that nobody asked for");
  return ready;
}

class Poller {
 public:
  Poller(std::vector<PollItem>& items, std::uint64_t deadline) : items_(items), deadline_(deadline) {
    for (PollItem& item : items_) {
      if (!item.file) continue;
      if (has_host_readiness(*item.file)) host_items_.push_back(&item);
      item.file->stop_receive_ahead();
      if (!has_host_readiness(*item.file) || item.file->wait_queue() != nullptr) inside_items_.push_back(&item);
    }
  }

  Result<std::size_t> run() {
    if (host_items_.size() > kMaxHostItems) return Error::from_errno(ENOMEM);
    if (may_wait() && !inside_items_.empty()) TRY(listen());
    for (;;) {
      std::uint64_t wake_at = look_inside();
      const bool only_look = !may_wait() || count_ready() > 0 || knows_more_than_host();
      if (!host_items_.empty()) {
        TRY(ask_host(only_look, wake_at));
        look_inside();
      } else if (!only_look) {
        const auto slept = sleeper_.sleep(wake_at);
        if (!slept.ok() && slept.error().errno_value() != ETIMEDOUT) return slept.error();
        look_inside();
      }
      const std::size_t count = count_ready();
      // With nothing ready, even a mere look tells of a signal.
      if (count == 0 && (__atomic_load_n(&core::current_thread()->work, __ATOMIC_ACQUIRE) & ~core::kPatientWork) != 0)
        return Error::from_errno(EINTR);
      if (count > 0 || !may_wait() || core::monotonic_now() >= deadline_) return count;
    }
  }

 private:
  // Has something been received ahead, which the host no longer tells of?
  bool knows_more_than_host() const {
    return std::any_of(host_items_.begin(), host_items_.end(), [](const PollItem* item) {
      return core::has_prefetched(*item->file) && (item->asked & kPollData) != 0;
    });
  }
  bool may_wait() const { return deadline_ != 0; }
  std::size_t count_ready() const {
    return static_cast<std::size_t>(
        std::count_if(items_.begin(), items_.end(), [](const PollItem& item) { return item.ready != 0; }));
  }

  // Enqueued before the first look, so that nothing is missed. Whoever also waits for the host is woken through it.
  Result<void> listen() {
    if (!host_items_.empty()) bell_.emplace(TRY(PollBell::borrow()));
    for (PollItem* item : inside_items_) {
      kernel::WaitQueue* const queue = item->file->wait_queue();
      if (queue == nullptr) continue;
      if (bell_)
        bell_waiters_.emplace_back(*queue, *bell_);
      else
        waiters_.emplace_back(*queue, sleeper_);
    }
    return {};
  }

  // Readiness of in-enclave files; until when nothing changes by itself.
  std::uint64_t look_inside() {
    std::uint64_t wake_at = deadline_;
    for (PollItem* item : inside_items_) {
      wake_at = std::min(wake_at, item->file->advance_time());
      item->ready = item->file->readiness() & (item->asked | kPollAlways);
    }
    return wake_at;
  }

  // Host may: come back early or with nothing (we look at our own clock), with events that nobody asked for (stop).
  Result<void> ask_host(bool only_look, std::uint64_t wake_at) {
    const core::HostAddress host = core::bounce_buffer();
    std::uint64_t count = host_items_.size();
    for (std::size_t i = 0; i < count; ++i)
      core::store_host_word(host + 8 * i, request_word(host_items_[i]->file->host_descriptor, host_items_[i]->asked));
    if (bell_) core::store_host_word(host + 8 * count++, request_word(bell_->host_descriptor(), POLLIN));
    core::HostAddress time_out;
    if (only_look || wake_at != kernel::kNoDeadline) {
      const std::uint64_t now = core::monotonic_now();
      const std::uint64_t left = only_look || now >= wake_at ? 0 : wake_at - now;
      time_out = host + 8 * count;
      core::store_host_word(time_out, left / kernel::kNanosecondsPerSecond);
      core::store_host_word(time_out + 8, left % kernel::kNanosecondsPerSecond);
    }
    const long result = core::interruptible_host_call(HostCall::ppoll, host, count, time_out, 0, 8);
    if (result == -EINTR && only_look) return {};  // what is ready counts more than the signal
    if (result < 0) return Error::from_errno(static_cast<int>(-result));
    const bool rung = bell_ && take_ready(core::load_host_word(host + 8 * (count - 1)), POLLIN) != 0;
    for (std::size_t i = 0; i < host_items_.size(); ++i) {
      const std::uint32_t ready = take_ready(core::load_host_word(host + 8 * i), host_items_[i]->asked);
      if (host_items_[i]->file->wait_queue() != nullptr) continue;  // they are asked themselves
      const bool has_prefetched = core::has_prefetched(*host_items_[i]->file);
      host_items_[i]->ready = ready | (has_prefetched ? host_items_[i]->asked & kPollData : 0);
    }
    if (rung) bell_->quiet();
    return {};
  }

  std::vector<PollItem>& items_;
  const std::uint64_t deadline_;
  std::vector<PollItem*> host_items_, inside_items_;
  kernel::Sleeper sleeper_;
  std::deque<kernel::QueueWaiter> waiters_;
  std::optional<PollBell> bell_;
  std::deque<BellWaiter> bell_waiters_;
};
}  // namespace

Result<std::size_t> poll_files(std::vector<PollItem>& items, std::uint64_t deadline) {
  return Poller(items, deadline).run();
}

std::uint32_t poll_host_now(int host_descriptor, std::uint32_t asked) {
  const core::HostAddress host = core::bounce_buffer();
  core::store_host_word(host, request_word(host_descriptor, asked));
  if (core::host_call(HostCall::poll, host, 1, 0) != 1) return 0;
  return take_ready(core::load_host_word(host), asked);
}
}  // namespace cloister::vfs
