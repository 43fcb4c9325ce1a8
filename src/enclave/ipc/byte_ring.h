// SPDX-License-Identifier: Apache-2.0
// Bytes in order, up to a capacity. The memory comes with the first byte. Not synchronised. Trusted, kernel storey.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include "src/base/result.h"
#include "src/enclave/kernel/program_memory.h"

namespace cloister::ipc {

class ByteRing {
 public:
  explicit ByteRing(std::size_t capacity) : capacity_(capacity) {}
  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  std::size_t free() const { return capacity_ - size_ - reserved_; }
  std::size_t in_use() const { return size_ + reserved_; }

  // As much as fits of `from` beyond `offset`, or as is there into `to`. EFAULT leaves what was moved before it out.
  Result<std::size_t> put(const kernel::IoVector& from, std::size_t offset, std::size_t limit);
  Result<std::size_t> take(const kernel::IoVector& to);
  // The same, and everything stays.
  Result<std::size_t> copy(const kernel::IoVector& to) const;
  // `capacity` is at least in_use().
  void resize(std::size_t capacity);

  // Room that nothing else gets until it is released: for what is on its way, or may come back.
  void reserve(std::size_t bytes) { reserved_ += bytes; }
  void release(std::size_t bytes) { reserved_ -= bytes; }
  // Before all that is there. There is room for it.
  void put_back(std::span<const std::uint8_t> bytes);

 private:
  std::size_t capacity_;
  std::size_t start_ = 0, size_ = 0, reserved_ = 0;
  std::unique_ptr<std::uint8_t[]> bytes_;
};
}  // namespace cloister::ipc
