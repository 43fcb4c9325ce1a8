// SPDX-License-Identifier: Apache-2.0
// Bytes in order, up to a capacity. The memory comes with the first byte. Not synchronised. Trusted, kernel storey.
#pragma once
#include <cstdint>
#include <memory>
#include "src/base/result.h"
#include "src/enclave/kernel/program_memory.h"

namespace cloister::ipc {

class ByteRing {
 public:
  explicit ByteRing(std::size_t capacity) : capacity_(capacity) {}
  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  std::size_t free() const { return capacity_ - size_; }

  // As much as fits of `from` beyond `offset`, or as is there into `to`. EFAULT leaves what was moved before it out.
  Result<std::size_t> put(const kernel::IoVector& from, std::size_t offset, std::size_t limit);
  Result<std::size_t> take(const kernel::IoVector& to);
  // `capacity` is at least size().
  void resize(std::size_t capacity);

 private:
  std::size_t capacity_;
  std::size_t start_ = 0, size_ = 0;
  std::unique_ptr<std::uint8_t[]> bytes_;
};
}  // namespace cloister::ipc
