// SPDX-License-Identifier: Apache-2.0
// The bytes of a measured file. The host delivers them, the manifest says what they must be: each chunk is copied in,
// its copy is hashed, and only that copy is ever used (rule I-8). Trusted, kernel storey.
#pragma once
#include <array>
#include <memory>
#include <span>
#include "src/enclave/vfs/host_object.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::vfs {
// What a file that is not as measured does: an error for the program, or the end of the enclave.
enum class Mismatch : bool { error, stop };

class MeasuredContent {
 public:
  // Opens the host's file. The error is EIO when the host has no such regular file.
  static Result<std::shared_ptr<MeasuredContent>> open(std::shared_ptr<const MeasuredFile> file, Mismatch mismatch);
  ~MeasuredContent();

  std::uint64_t size() const { return file_->size; }
  const MeasuredFile& file() const { return *file_; }
  // Verified bytes [offset, offset + size), which lie within the file.
  Result<void> read(std::uint64_t offset, void* to, std::size_t size);

 private:
  MeasuredContent(std::shared_ptr<const MeasuredFile> file, Mismatch mismatch,
                  std::shared_ptr<HostDescriptor> descriptor)
      : file_(std::move(file)), mismatch_(mismatch), descriptor_(std::move(descriptor)) {}
  Result<void> load_chunk(std::size_t index, std::uint8_t* to, std::size_t size);

  const std::shared_ptr<const MeasuredFile> file_;
  const Mismatch mismatch_;
  const std::shared_ptr<HostDescriptor> descriptor_;  // null when the manifest holds the bytes
};

// Says that the file is not as measured; ends the enclave if it must. Returns the error for the program otherwise.
Error measured_file_changed(const MeasuredFile& file, Mismatch mismatch);
// One line to the host's standard error, and the end with status 121.
[[noreturn]] void stop_enclave(const std::string& line);
}  // namespace cloister::vfs
