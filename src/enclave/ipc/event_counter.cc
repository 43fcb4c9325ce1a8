// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/ipc/event_counter.h"
#include <sys/epoll.h>
#include "src/enclave/ipc/blocking.h"

namespace cloister::ipc {
namespace {
constexpr std::uint64_t kMaxCount = ~0ULL - 1;
}

EventCounter::EventCounter(std::uint64_t count, Take take, std::uint32_t flags) : take_(take), count_(count) {
  readable = writable = true;
  status_flags.store(flags, std::memory_order_relaxed);
  set_path("anon_inode:[eventfd]");
}

Result<std::size_t> EventCounter::read(Task&, const IoVector& to) {
  if (to.size() < sizeof count_) return Error::from_errno(EINVAL);
  const std::uint64_t taken = TRY(wait_until(queue_, blocking_of(*this), [&]() -> Result<std::uint64_t> {
    const std::lock_guard guard(mutex_);
    if (count_ == 0) return Error::from_errno(EAGAIN);
    const std::uint64_t part = take_ == Take::one ? 1 : count_;
    count_ -= part;
    return part;
  }));
  queue_.wake_all();
  TRY(to.fill(0, &taken, sizeof taken));
  return sizeof taken;
}

Result<std::size_t> EventCounter::write(Task&, const IoVector& from) {
  if (from.size() < sizeof count_) return Error::from_errno(EINVAL);
  std::uint64_t added;
  TRY(from.fetch(0, &added, sizeof added));
  if (added == ~0ULL) return Error::from_errno(EINVAL);
  TRY(wait_until(queue_, blocking_of(*this), [&]() -> Result<void> {
    const std::lock_guard guard(mutex_);
    if (added > kMaxCount - count_) return Error::from_errno(EAGAIN);
    count_ += added;
    return {};
  }));
  queue_.wake_all();
  return sizeof added;
}

std::uint32_t EventCounter::readiness() {
  const std::lock_guard guard(mutex_);
  return (count_ > 0 ? EPOLLIN : 0u) | (count_ < kMaxCount ? EPOLLOUT : 0u);
}
}  // namespace cloister::ipc
