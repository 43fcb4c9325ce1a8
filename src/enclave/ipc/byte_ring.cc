// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/ipc/byte_ring.h"
#include <algorithm>

namespace cloister::ipc {

Result<std::size_t> ByteRing::put(const kernel::IoVector& from, std::size_t offset, std::size_t limit) {
  const std::size_t total = std::min({from.size() - offset, limit, free()});
  if (bytes_ == nullptr) bytes_.reset(new std::uint8_t[capacity_]);
  for (std::size_t done = 0; done < total;) {
    const std::size_t end = (start_ + size_ + done) % capacity_;
    const std::size_t part = std::min(total - done, capacity_ - end);
    TRY(from.fetch(offset + done, bytes_.get() + end, part));
    done += part;
  }
  size_ += total;
  return total;
}

Result<std::size_t> ByteRing::copy(const kernel::IoVector& to) const {
  const std::size_t total = std::min(to.size(), size_);
  for (std::size_t done = 0; done < total;) {
    const std::size_t begin = (start_ + done) % capacity_;
    const std::size_t part = std::min(total - done, capacity_ - begin);
    TRY(to.fill(done, bytes_.get() + begin, part));
    done += part;
  }
  return total;
}

Result<std::size_t> ByteRing::take(const kernel::IoVector& to) {
  const std::size_t total = TRY(copy(to));
  size_ -= total;
  start_ = size_ == 0 ? 0 : (start_ + total) % capacity_;
  return total;
}

void ByteRing::put_back(std::span<const std::uint8_t> bytes) {
  for (std::size_t i = bytes.size(); i > 0; --i) {
    start_ = (start_ + capacity_ - 1) % capacity_;
    bytes_[start_] = bytes[i - 1];
  }
  size_ += bytes.size();
}

void ByteRing::resize(std::size_t capacity) {
  if (bytes_ != nullptr) {
    std::unique_ptr<std::uint8_t[]> moved(new std::uint8_t[capacity]);
    const std::size_t first = std::min(size_, capacity_ - start_);
    std::copy_n(bytes_.get() + start_, first, moved.get());
    std::copy_n(bytes_.get(), size_ - first, moved.get() + first);
    bytes_ = std::move(moved);
    start_ = 0;
  }
  capacity_ = capacity;
}
}  // namespace cloister::ipc
