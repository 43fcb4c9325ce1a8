// SPDX-License-Identifier: Apache-2.0
// Pipes that never leave the enclave: those of pipe(2), and what named pipes share with them. Trusted, kernel storey.
#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>
#include "src/enclave/ipc/blocking.h"
#include "src/enclave/ipc/byte_ring.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::ipc {
using kernel::IoVector;
using kernel::ProgramAddress;
using kernel::Task;

// Which ways an open file uses a pipe. Only named pipes can be open for both.
struct PipeUse {
  bool reads = false, writes = false;
};

// What the open files of one pipe share.
class Pipe {
 public:
  // A file that joined; readiness() asks which writers it knows of.
  struct Membership {
    PipeUse use;
    std::uint64_t writers_before = 0;  // until another one has come, that there is none is no hang-up
  };

  Membership add(PipeUse use);
  // As opening a named pipe: waits for the other side. ENXIO for a writer that will not wait.
  Result<Membership> join(PipeUse use, Blocking blocking);
  void leave(PipeUse use);

  Result<std::size_t> read(const IoVector& to, Blocking blocking);
  Result<std::size_t> write(Task& task, const IoVector& from, Blocking blocking);
  // For splice (pipe_splice.cc). Bytes that go out for somebody who may not want all of them: the rest of what was lent
  // comes back, and its room is kept until then. Nobody else reads meanwhile, so that all stays in order. None: the
  // end.
  Result<std::vector<std::uint8_t>> lend(std::size_t size, Blocking blocking);
  void take_back(std::span<const std::uint8_t> rest, std::size_t lent);
  // Room for bytes that are on their way, up to `size` of them and at least one; then what has come, at most that many.
  Result<std::size_t> reserve(Task& task, std::size_t size, Blocking blocking);
  void fill(std::span<const std::uint8_t> bytes, std::size_t reserved);
  // What read() would give, which stays.
  Result<std::vector<std::uint8_t>> peek(std::size_t size, Blocking blocking);

  Result<std::int64_t> control(std::uint32_t request, ProgramAddress argument);
  Result<std::int64_t> set_capacity(std::uint64_t bytes);
  std::size_t capacity();
  std::uint32_t readiness(const Membership& member);
  kernel::WaitQueue* wait_queue(PipeUse use) { return !use.writes ? &readable_ : !use.reads ? &writable_ : &either_; }

 private:
  static constexpr std::size_t kCapacity = 64 << 10;  // at first
  Membership add_locked(PipeUse use);
  void wake_readers();
  void wake_writers();
  Error nobody_reads(Task& task) const;  // EPIPE, and the signal
  // EAGAIN: empty, and there are writers, or something is lent; 0: empty.
  Result<std::size_t> readable_bytes_locked() const;

  std::mutex mutex_;  // guards what follows; held while program memory is copied, as Linux's pipe mutex
  ByteRing ring_{kCapacity};
  bool is_lent_ = false;
  unsigned readers_ = 0, writers_ = 0;
  std::uint64_t reader_opens_ = 0, writer_opens_ = 0;  // ever
  kernel::WaitQueue readable_, writable_, either_, opened_;
};

// The operations of an open file over a pipe; Base is what else it is.
template <typename Base>
class PipeFile : public Base {
 public:
  Result<std::size_t> read(Task&, const IoVector& to) override { return pipe_->read(to, blocking_of(*this)); }
  Result<std::size_t> write(Task& task, const IoVector& from) override {
    return pipe_->write(task, from, blocking_of(*this));
  }
  Result<std::int64_t> control(Task&, std::uint32_t request, ProgramAddress argument) override {
    return pipe_->control(request, argument);
  }
  Pipe* as_pipe() override { return pipe_.get(); }
  Result<std::int64_t> set_pipe_capacity(std::uint64_t bytes) override { return pipe_->set_capacity(bytes); }
  Result<std::int64_t> pipe_capacity() override { return static_cast<std::int64_t>(pipe_->capacity()); }
  Result<void> allocate(int, std::uint64_t, std::uint64_t) override { return Error::from_errno(ESPIPE); }
  Result<void> synchronise(bool) override { return Error::from_errno(EINVAL); }
  std::uint32_t readiness() override { return pipe_->readiness(member_); }
  kernel::WaitQueue* wait_queue() override { return pipe_->wait_queue(member_.use); }
  void last_close() override { pipe_->leave(member_.use); }

 protected:
  template <typename... Arguments>
  PipeFile(std::shared_ptr<Pipe> pipe, Pipe::Membership member, Arguments&&... arguments)
      : Base(std::forward<Arguments>(arguments)...), pipe_(std::move(pipe)), member_(member) {}
  const Pipe& pipe() const { return *pipe_; }

 private:
  const std::shared_ptr<Pipe> pipe_;
  const Pipe::Membership member_;
};

// An end of pipe(2).
class PipeEnd final : public PipeFile<vfs::OpenFile> {
 public:
  // Read end, write end.
  static std::pair<vfs::FileRef, vfs::FileRef> create(std::uint32_t flags);
  Result<struct stat> status() override;

 private:
  PipeEnd(std::shared_ptr<Pipe> pipe, PipeUse use, std::uint32_t flags);
  std::uint64_t number() const { return reinterpret_cast<std::uintptr_t>(&pipe()) >> 4; }
};
}  // namespace cloister::ipc
