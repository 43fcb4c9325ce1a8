// SPDX-License-Identifier: Apache-2.0
// A regular file, mapped for reading. Outside the enclave.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include "src/base/result.h"

namespace cloister {
class FileView {
 public:
  // A Linux errno, or EINVAL for what is no regular file.
  static Result<FileView> open(const std::string& path);
  FileView(FileView&& other) noexcept : bytes_(std::exchange(other.bytes_, {})), mode_(other.mode_) {}
  FileView& operator=(FileView&&) = delete;
  ~FileView();
  std::span<const std::uint8_t> bytes() const { return bytes_; }
  std::uint32_t mode() const { return mode_; }  // permission bits

 private:
  FileView(std::span<const std::uint8_t> bytes, std::uint32_t mode) : bytes_(bytes), mode_(mode) {}
  std::span<const std::uint8_t> bytes_;
  std::uint32_t mode_;
};
}  // namespace cloister
