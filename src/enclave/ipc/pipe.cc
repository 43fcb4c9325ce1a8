// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/ipc/pipe.h"
#include <linux/limits.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <bit>
#include "src/enclave/ipc/blocking.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"

namespace cloister::ipc {
namespace {
constexpr std::size_t kPage = 4096, kMaxCapacity = 1 << 20;
Error would_block() { return Error::from_errno(EAGAIN); }
}  // namespace

std::pair<vfs::FileRef, vfs::FileRef> PipeEnd::create(std::uint32_t flags) {
  const auto state = std::make_shared<PipeState>();
  return {vfs::FileRef(new PipeEnd(state, End::read, flags)), vfs::FileRef(new PipeEnd(state, End::write, flags))};
}

PipeEnd::PipeEnd(std::shared_ptr<PipeState> state, End end, std::uint32_t flags) : state_(std::move(state)) {
  readable = end == End::read;
  writable = end == End::write;
  status_flags.store(flags, std::memory_order_relaxed);
  set_path("pipe:[" + std::to_string(reinterpret_cast<std::uintptr_t>(state_.get()) >> 4) + "]");
}

Result<std::size_t> PipeEnd::read(Task&, const IoVector& to) {
  if (to.size() == 0) return std::size_t{0};
  return wait_until(state_->readable, blocking_of(*this), [&]() -> Result<std::size_t> {
    std::size_t taken, free_before;
    {
      const std::lock_guard guard(state_->mutex);
      free_before = state_->ring.free();
      if (state_->ring.size() == 0)
        return state_->has_writer ? Result<std::size_t>(would_block()) : Result<std::size_t>(0);
      taken = TRY(state_->ring.take(to));
    }
    if (free_before < PIPE_BUF) state_->writable.wake_all();
    return taken;
  });
}

// Up to PIPE_BUF bytes go in together or not at all; more go in as there is room, and a blocking write waits until all
// are in.
Result<std::size_t> PipeEnd::write(Task& task, const IoVector& from) {
  const std::size_t total = from.size();
  if (total == 0) return std::size_t{0};
  std::size_t done = 0;
  const auto put_some = [&]() -> Result<std::size_t> {
    std::size_t put;
    {
      const std::lock_guard guard(state_->mutex);
      if (!state_->has_reader) {
        kernel::raise_signal(task, SIGPIPE);
        return Error::from_errno(EPIPE);
      }
      const std::size_t needed = total <= PIPE_BUF ? total : 1;
      if (state_->ring.free() < needed) return would_block();
      put = TRY(state_->ring.put(from, done, total));
    }
    state_->readable.wake_all();
    return put;
  };
  while (done < total) {
    const auto put = wait_until(state_->writable, blocking_of(*this), put_some);
    if (!put.ok()) return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(put.error());
    done += put.value();
  }
  return done;
}

Result<struct stat> PipeEnd::status() {
  struct stat status = {};
  status.st_mode = S_IFIFO | 0600;
  status.st_nlink = 1;
  status.st_blksize = kPage;
  status.st_ino = reinterpret_cast<std::uintptr_t>(state_.get()) >> 4;
  return status;
}

Result<std::int64_t> PipeEnd::control(Task&, std::uint32_t request, ProgramAddress argument) {
  if (request != FIONREAD) return Error::from_errno(ENOTTY);
  std::size_t size;
  {
    const std::lock_guard guard(state_->mutex);
    size = state_->ring.size();
  }
  TRY(argument.store(static_cast<std::int32_t>(size)));
  return 0;
}

Result<std::int64_t> PipeEnd::set_pipe_capacity(std::uint64_t bytes) {
  if (bytes > 1ULL << 31) return Error::from_errno(EINVAL);
  const std::size_t capacity = std::bit_ceil(bytes < kPage ? kPage : static_cast<std::size_t>(bytes));
  if (capacity > kMaxCapacity) return Error::from_errno(EPERM);
  {
    const std::lock_guard guard(state_->mutex);
    if (capacity < state_->ring.size()) return Error::from_errno(EBUSY);
    state_->ring.resize(capacity);
  }
  state_->writable.wake_all();
  return static_cast<std::int64_t>(capacity);
}

Result<std::int64_t> PipeEnd::pipe_capacity() {
  const std::lock_guard guard(state_->mutex);
  return static_cast<std::int64_t>(state_->ring.capacity());
}

// As Linux's pipe_poll. There is room to write when a whole page is free.
std::uint32_t PipeEnd::readiness() {
  const std::lock_guard guard(state_->mutex);
  std::uint32_t ready = 0;
  if (readable) {
    if (state_->ring.size() > 0) ready |= EPOLLIN | EPOLLRDNORM;
    if (!state_->has_writer) ready |= EPOLLHUP;
  } else {
    if (state_->ring.free() >= kPage) ready |= EPOLLOUT | EPOLLWRNORM;
    if (!state_->has_reader) ready |= EPOLLERR;
  }
  return ready;
}

void PipeEnd::last_close() {
  {
    const std::lock_guard guard(state_->mutex);
    (readable ? state_->has_reader : state_->has_writer) = false;
  }
  (readable ? state_->writable : state_->readable).wake_all();
}
}  // namespace cloister::ipc
