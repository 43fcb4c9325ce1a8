// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/ipc/pipe.h"
#include <linux/limits.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <bit>
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"

namespace cloister::ipc {
namespace {
constexpr std::size_t kPage = 4096, kMaxCapacity = 1 << 20;
Error would_block() { return Error::from_errno(EAGAIN); }
}  // namespace

Pipe::Membership Pipe::add_locked(PipeUse use) {
  const Membership member{use, writers_ == 0 && use.reads && !use.writes ? writer_opens_ : 0};
  if (use.reads) ++readers_, ++reader_opens_;
  if (use.writes) ++writers_, ++writer_opens_;
  return member;
}

Pipe::Membership Pipe::add(PipeUse use) {
  const std::lock_guard guard(mutex_);
  return add_locked(use);
}

Result<Pipe::Membership> Pipe::join(PipeUse use, Blocking blocking) {
  const auto partner_opens = [&] { return use.reads ? writer_opens_ : reader_opens_; };
  Membership member;
  std::uint64_t opens_before;
  bool alone;
  {
    const std::lock_guard guard(mutex_);
    alone = !(use.reads && use.writes) && (use.reads ? writers_ : readers_) == 0;
    if (alone && use.writes && blocking == Blocking::forbidden) return Error::from_errno(ENXIO);
    opens_before = partner_opens();
    member = add_locked(use);
  }
  opened_.wake_all();
  if (!alone || blocking == Blocking::forbidden) return member;
  // One that has come and gone meanwhile counts, too.
  const auto partner = wait_until(opened_, Blocking::allowed, [&]() -> Result<bool> {
    const std::lock_guard guard(mutex_);
    return partner_opens() == opens_before ? Result<bool>(would_block()) : Result<bool>(true);
  });
  if (!partner.ok()) {
    leave(use);
    return partner.error();
  }
  member.writers_before = 0;
  return member;
}

void Pipe::leave(PipeUse use) {
  {
    const std::lock_guard guard(mutex_);
    if (use.reads) --readers_;
    if (use.writes) --writers_;
    if (readers_ == 0 && writers_ == 0) ring_ = ByteRing(kCapacity);  // what nobody has read is lost
  }
  if (use.reads) wake_writers();
  if (use.writes) wake_readers();
}

void Pipe::wake_readers() {
  readable_.wake_all();
  either_.wake_all();
}
void Pipe::wake_writers() {
  writable_.wake_all();
  either_.wake_all();
}

Error Pipe::nobody_reads(Task& task) const {
  kernel::raise_signal(task, SIGPIPE);
  return Error::from_errno(EPIPE);
}

Result<std::size_t> Pipe::readable_bytes_locked() const {
  if (is_lent_ || (ring_.size() == 0 && writers_ != 0)) return would_block();
  return ring_.size();
}

Result<std::size_t> Pipe::read(const IoVector& to, Blocking blocking) {
  if (to.size() == 0) return std::size_t{0};
  return wait_until(readable_, blocking, [&]() -> Result<std::size_t> {
    std::size_t taken, free_before;
    {
      const std::lock_guard guard(mutex_);
      free_before = ring_.free();
      if (TRY(readable_bytes_locked()) == 0) return std::size_t{0};
      taken = TRY(ring_.take(to));
    }
    if (free_before < PIPE_BUF) wake_writers();
    return taken;
  });
}

// Up to PIPE_BUF bytes go in together or not at all; more go in as there is room, and a blocking write waits until all
// are in.
Result<std::size_t> Pipe::write(Task& task, const IoVector& from, Blocking blocking) {
  const std::size_t total = from.size();
  if (total == 0) return std::size_t{0};
  std::size_t done = 0;
  const auto put_some = [&]() -> Result<std::size_t> {
    std::size_t put;
    {
      const std::lock_guard guard(mutex_);
      if (readers_ == 0) return nobody_reads(task);
      const std::size_t needed = total <= PIPE_BUF ? total : 1;
      if (ring_.free() < needed) return would_block();
      put = TRY(ring_.put(from, done, total));
    }
    wake_readers();
    return put;
  };
  while (done < total) {
    const auto put = wait_until(writable_, blocking, put_some);
    if (!put.ok()) return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(put.error());
    done += put.value();
  }
  return done;
}

Result<std::int64_t> Pipe::control(std::uint32_t request, ProgramAddress argument) {
  if (request != FIONREAD) return Error::from_errno(ENOTTY);
  std::size_t size;
  {
    const std::lock_guard guard(mutex_);
    size = ring_.size();
  }
  TRY(argument.store(static_cast<std::int32_t>(size)));
  return 0;
}

Result<std::int64_t> Pipe::set_capacity(std::uint64_t bytes) {
  if (bytes > 1ULL << 31) return Error::from_errno(EINVAL);
  const std::size_t capacity = std::bit_ceil(bytes < kPage ? kPage : static_cast<std::size_t>(bytes));
  if (capacity > kMaxCapacity) return Error::from_errno(EPERM);
  {
    const std::lock_guard guard(mutex_);
    if (capacity < ring_.in_use()) return Error::from_errno(EBUSY);
    ring_.resize(capacity);
  }
  wake_writers();
  return static_cast<std::int64_t>(capacity);
}

std::size_t Pipe::capacity() {
  const std::lock_guard guard(mutex_);
  return ring_.capacity();
}

// As Linux's pipe_poll. There is room to write when a whole page is free.
std::uint32_t Pipe::readiness(const Membership& member) {
  const std::lock_guard guard(mutex_);
  std::uint32_t ready = 0;
  if (member.use.reads && !is_lent_) {
    if (ring_.size() > 0) ready |= EPOLLIN | EPOLLRDNORM;
    if (writers_ == 0 && writer_opens_ != member.writers_before) ready |= EPOLLHUP;
  }
  if (member.use.writes) {
    if (ring_.free() >= kPage) ready |= EPOLLOUT | EPOLLWRNORM;
    if (readers_ == 0) ready |= EPOLLERR;
  }
  return ready;
}

std::pair<vfs::FileRef, vfs::FileRef> PipeEnd::create(std::uint32_t flags) {
  const auto pipe = std::make_shared<Pipe>();
  vfs::FileRef writer(new PipeEnd(pipe, {false, true}, flags));  // first: its reader has never been without
  return {vfs::FileRef(new PipeEnd(pipe, {true, false}, flags)), std::move(writer)};
}

PipeEnd::PipeEnd(std::shared_ptr<Pipe> pipe, PipeUse use, std::uint32_t flags) : PipeFile(pipe, pipe->add(use)) {
  readable = use.reads;
  writable = use.writes;
  status_flags.store(flags, std::memory_order_relaxed);
  set_path("pipe:[" + std::to_string(number()) + "]");
}

Result<struct stat> PipeEnd::status() {
  struct stat status = {};
  status.st_mode = S_IFIFO | 0600;
  status.st_nlink = 1;
  status.st_blksize = kPage;
  status.st_ino = number();
  return status;
}
}  // namespace cloister::ipc
