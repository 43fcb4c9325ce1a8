// SPDX-License-Identifier: Apache-2.0
// What splice, tee and vmsplice need of a pipe: data that leaves it or comes to it while its lock is free, since the
// other side may wait.
#include <linux/limits.h>
#include <algorithm>
#include "src/enclave/ipc/pipe.h"

namespace cloister::ipc {

Result<std::vector<std::uint8_t>> Pipe::lend(std::size_t size, Blocking blocking) {
  return wait_until(readable_, blocking, [&]() -> Result<std::vector<std::uint8_t>> {
    const std::lock_guard guard(mutex_);
    std::vector<std::uint8_t> bytes(std::min(size, TRY(readable_bytes_locked())));
    TRY(ring_.take(IoVector::trusted(bytes.data(), bytes.size())));
    ring_.reserve(bytes.size());
    is_lent_ = !bytes.empty();
    return bytes;
  });
}

void Pipe::take_back(std::span<const std::uint8_t> rest, std::size_t lent) {
  bool has_room;
  {
    const std::lock_guard guard(mutex_);
    ring_.release(lent);
    ring_.put_back(rest);
    is_lent_ = false;
    has_room = ring_.free() >= PIPE_BUF;
  }
  wake_readers();
  if (has_room && rest.size() < lent) wake_writers();
}

Result<std::size_t> Pipe::reserve(Task& task, std::size_t size, Blocking blocking) {
  return wait_until(writable_, blocking, [&]() -> Result<std::size_t> {
    const std::lock_guard guard(mutex_);
    if (readers_ == 0) return nobody_reads(task);
    if (ring_.free() == 0) return Error::from_errno(EAGAIN);
    const std::size_t room = std::min(size, ring_.free());
    ring_.reserve(room);
    return room;
  });
}

void Pipe::fill(std::span<const std::uint8_t> bytes, std::size_t reserved) {
  {
    const std::lock_guard guard(mutex_);
    ring_.release(reserved);
    if (!bytes.empty())
      (void)ring_.put(IoVector::trusted(const_cast<std::uint8_t*>(bytes.data()), bytes.size()), 0, bytes.size()).ok();
  }
  if (!bytes.empty()) wake_readers();
  if (bytes.size() < reserved) wake_writers();
}

Result<std::vector<std::uint8_t>> Pipe::peek(std::size_t size, Blocking blocking) {
  return wait_until(readable_, blocking, [&]() -> Result<std::vector<std::uint8_t>> {
    const std::lock_guard guard(mutex_);
    std::vector<std::uint8_t> bytes(std::min(size, TRY(readable_bytes_locked())));
    TRY(ring_.copy(IoVector::trusted(bytes.data(), bytes.size())));
    return bytes;
  });
}
}  // namespace cloister::ipc
