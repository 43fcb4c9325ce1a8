// SPDX-License-Identifier: Apache-2.0
// The bytes of a measured file. The host delivers them, the manifest says what they must be: each chunk is copied in,
// its copy is hashed, and only that copy is ever used, then or later (rule I-8). Trusted, kernel storey.
#pragma once
#include <memory>
#include <mutex>
#include <vector>
#include "src/enclave/vfs/chunk_cache.h"
#include "src/enclave/vfs/host_object.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::vfs {
// What a file that is not as measured does: an error for the program, or the end of the enclave.
enum class Mismatch : bool { error, stop };

// Which chunks of a file were fetched from the host before, by whoever had it open then.
class LoadHistory {
 public:
  bool has(std::size_t index) const;
  void add(std::size_t index);

 private:
  mutable std::mutex mutex_;
  std::vector<bool> loaded_;
};

class MeasuredContent {
 public:
  // Opens the host's file, unless its beginning is here. The error is EIO when the host has no such regular file.
  static Result<std::shared_ptr<MeasuredContent>> open(MeasuredFileRef file, Mismatch mismatch,
                                                       std::shared_ptr<LoadHistory> history);

  std::uint64_t size() const { return file_->size; }
  const MeasuredFile& file() const { return *file_; }
  // Opens the host's file now, so that no read has to, such as one for a page fault.
  Result<void> prepare();
  // Verified bytes [offset, offset + size), which lie within the file.
  Result<void> read(std::uint64_t offset, void* to, std::size_t size);
  // The same, as far as they lie in one chunk, where they are.
  Result<BorrowedBytes> borrow(std::uint64_t offset, std::size_t size);

 private:
  MeasuredContent(MeasuredFileRef file, Mismatch mismatch, std::shared_ptr<LoadHistory> history)
      : file_(std::move(file)), mismatch_(mismatch), history_(std::move(history)) {}
  std::size_t chunk_size(std::size_t index) const;
  Result<std::shared_ptr<HostDescriptor>> open_on_host();
  Result<Chunk> find_or_load(std::size_t index, ChunkUse first_use);
  Result<void> load(std::size_t index, std::uint8_t* to);

  const MeasuredFileRef file_;
  const Mismatch mismatch_;
  const std::shared_ptr<LoadHistory> history_;
  std::mutex mutex_;                            // guards what follows; never held over a host call
  std::shared_ptr<HostDescriptor> descriptor_;  // null while all that was read was here
};
}  // namespace cloister::vfs
