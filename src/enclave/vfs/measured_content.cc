// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/measured_content.h"
#include <fcntl.h>
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include "src/boundary/rules.h"

namespace cloister::vfs {
namespace {
// Not OpenSSL's one-shot SHA256(), which goes through EVP.
ChunkHash hash_of(const std::uint8_t* data, std::size_t size) {
  ChunkHash hash;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, data, size);
  SHA256_Final(hash.data(), &context);
  return hash;
}

// One line to the host's standard error, and the end with status 121.
[[noreturn]] void stop_enclave(const std::string& line) {
  const std::string text = "cloister: " + line + "\n";
  core::copy_to_host(core::bounce_buffer(), text.data(), text.size());
  core::host_call(HostCall::fail, 121, text.size());
  __builtin_unreachable();
}

Error report(const std::string& line, Mismatch mismatch) {
  if (mismatch == Mismatch::stop) stop_enclave(line);
  print_line(line);
  return Error::from_errno(EIO, "not as measured");
}

Error measured_file_changed(const MeasuredFile& file, Mismatch mismatch) {
  return report("measured file changed: " + file.path, mismatch);
}

// A fault of the program's could only tell it by SIGBUS.
Error measured_file_unreadable(const MeasuredFile& file, Mismatch mismatch, const Error& error) {
  return report("measured file cannot be read: " + file.path + ": " + std::strerror(error.errno_value()), mismatch);
}
}  // namespace

bool LoadHistory::has(std::size_t index) const {
  const std::lock_guard guard(mutex_);
  return index < loaded_.size() && loaded_[index];
}

void LoadHistory::add(std::size_t index) {
  const std::lock_guard guard(mutex_);
  if (index >= loaded_.size()) loaded_.resize(index + 1);
  loaded_[index] = true;
}

Result<std::shared_ptr<MeasuredContent>> MeasuredContent::open(MeasuredFileRef file, Mismatch mismatch,
                                                               std::shared_ptr<LoadHistory> history) {
  const std::shared_ptr<MeasuredContent> content(new MeasuredContent(std::move(file), mismatch, std::move(history)));
  if (!content->file_->is_embedded() && find_chunk(*content->file_, 0) == nullptr) TRY(content->open_on_host());
  return content;
}

Result<void> MeasuredContent::prepare() {
  if (!file_->is_embedded()) TRY(open_on_host());
  return {};
}

std::size_t MeasuredContent::chunk_size(std::size_t index) const {
  return std::min<std::uint64_t>(kFileChunkSize, file_->size - index * kFileChunkSize);
}

// Host may: have no such file, another kind of object or another file; all of it shows at the first chunk at the
// latest.
Result<std::shared_ptr<HostDescriptor>> MeasuredContent::open_on_host() {
  {
    const std::lock_guard guard(mutex_);
    if (descriptor_ != nullptr) return descriptor_;
  }
  const BounceKeeper keeper(kStructure + sizeof(struct stat));  // as in load()
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // never wait for what is no regular file
  auto number = host_open(file_->path, how);
  if (!number.ok()) {
    const int error = number.error().errno_value();
    if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN) return number.error();  // a lease
    return measured_file_changed(*file_, mismatch_);
  }
  auto descriptor = std::make_shared<HostDescriptor>(number.value());
  const struct stat status = TRY(host_status(descriptor->number(), 0));
  if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != file_->size)
    return measured_file_changed(*file_, mismatch_);
  const std::lock_guard guard(mutex_);
  if (descriptor_ == nullptr) descriptor_ = std::move(descriptor);  // another task may have been faster
  return descriptor_;
}

// Host may: deliver fewer bytes (more follow, or the file is short) or wrong ones; the hash of the copy decides.
Result<void> MeasuredContent::load(std::size_t index, std::uint8_t* to) {
  const std::size_t size = chunk_size(index);
  const auto descriptor = TRY(open_on_host());
  {
    const BounceKeeper keeper(size);  // this may run in a page fault within another copy
    const core::HostAddress bounce = core::bounce_buffer();
    for (std::size_t done = 0; done < size;) {
      const auto answer = quick_host_call(HostCall::pread64, static_cast<std::uint64_t>(descriptor->number()), bounce,
                                          size - done, index * kFileChunkSize + done);
      if (!answer.ok()) return measured_file_unreadable(*file_, mismatch_, answer.error());
      if (answer.value() == 0) return measured_file_changed(*file_, mismatch_);
      const auto got = static_cast<std::size_t>(answer.value());
      core::copy_from_host(to + done, bounce, got);
      done += got;
    }
  }
  if (CLOISTER_KEEPS(I_8) && hash_of(to, size) != file_->chunks[index]) return measured_file_changed(*file_, mismatch_);
  history_->add(index);
  return {};
}

Result<Chunk> MeasuredContent::find_or_load(std::size_t index, ChunkUse first_use) {
  if (file_->is_embedded()) return Chunk(file_, file_->contents.data() + index * kFileChunkSize);
  if (Chunk chunk = find_chunk(*file_, index)) return chunk;
  const ChunkUse use = history_->has(index) ? ChunkUse::again : first_use;
  auto* const memory = static_cast<std::uint8_t*>(std::malloc(chunk_size(index)));
  if (memory == nullptr) return Error::from_errno(ENOMEM);
  Chunk chunk(memory, std::free);
  TRY(load(index, memory));
  if (use != ChunkUse::once) keep_chunk(file_, index, chunk, chunk_size(index), use);
  return chunk;
}

Result<BorrowedBytes> MeasuredContent::borrow(std::uint64_t offset, std::size_t size) {
  const std::size_t index = offset / kFileChunkSize, skip = offset % kFileChunkSize;
  size = std::min(size, chunk_size(index) - skip);
  Chunk chunk = TRY(find_or_load(index, size < chunk_size(index) ? ChunkUse::in_part : ChunkUse::once));
  const std::uint8_t* const data = chunk.get() + skip;
  return BorrowedBytes{std::move(chunk), data, size};
}

Result<void> MeasuredContent::read(std::uint64_t offset, void* to, std::size_t size) {
  for (auto* bytes = static_cast<std::uint8_t*>(to); size > 0;) {
    const std::size_t index = offset / kFileChunkSize;
    std::size_t part = chunk_size(index);
    if (offset % kFileChunkSize == 0 && size >= part && !file_->is_embedded() && !history_->has(index)) {
      TRY(load(index, bytes));  // no copy more than needed of what is read once
    } else {
      const BorrowedBytes piece = TRY(borrow(offset, size));
      part = piece.size;
      std::memcpy(bytes, piece.data, part);
    }
    bytes += part;
    offset += part;
    size -= part;
  }
  return {};
}
}  // namespace cloister::vfs
