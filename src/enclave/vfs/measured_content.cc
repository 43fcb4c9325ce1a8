// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/measured_content.h"
#include <fcntl.h>
#include <linux/openat2.h>
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <algorithm>
#include <cstring>
#include "src/boundary/rules.h"
#include "src/enclave/vfs/chunk_cache.h"

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

Result<int> open_measured(const std::string& path) {
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // never wait for what is no regular file
  const core::HostAddress staged = TRY(stage_path(kFirstPath, path));
  const core::HostAddress structure = core::bounce_buffer() + kStructure;
  core::copy_to_host(structure, &how, sizeof how);
  return static_cast<int>(
      TRY(quick_host_call(HostCall::openat2, static_cast<std::uint64_t>(AT_FDCWD), staged, structure, sizeof how)));
}
}  // namespace

void stop_enclave(const std::string& line) {
  const std::string text = "cloister: " + line + "\n";
  core::copy_to_host(core::bounce_buffer(), text.data(), text.size());
  core::host_call(HostCall::fail, 121, text.size());
  __builtin_unreachable();
}

Error measured_file_changed(const MeasuredFile& file, Mismatch mismatch) {
  const std::string line = "measured file changed: " + file.path;
  if (mismatch == Mismatch::stop) stop_enclave(line);
  const std::string text = "cloister: " + line + "\n";
  const BounceKeeper keeper(text.size() + 8);
  core::print_to_host(core::PrintStream::error, text.data(), text.size());
  return Error::from_errno(EIO, "measured file changed");
}

// Host may: have no such file, another kind of object or another file; all of it shows at the first chunk at the
// latest.
Result<std::shared_ptr<MeasuredContent>> MeasuredContent::open(std::shared_ptr<const MeasuredFile> file,
                                                               Mismatch mismatch) {
  if (file->is_embedded())
    return std::shared_ptr<MeasuredContent>(new MeasuredContent(std::move(file), mismatch, nullptr));
  auto number = open_measured(file->path);
  if (!number.ok()) {
    const int error = number.error().errno_value();
    if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN) return number.error();  // a lease
    return measured_file_changed(*file, mismatch);
  }
  auto descriptor = std::make_shared<HostDescriptor>(number.value());
  const struct stat status = TRY(host_status(descriptor->number(), 0));
  if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != file->size)
    return measured_file_changed(*file, mismatch);
  return std::shared_ptr<MeasuredContent>(new MeasuredContent(std::move(file), mismatch, std::move(descriptor)));
}

MeasuredContent::~MeasuredContent() { forget_chunks(this); }

// Host may: deliver fewer bytes (more follow, or the file is short) or wrong ones; the hash of the copy decides.
Result<void> MeasuredContent::load_chunk(std::size_t index, std::uint8_t* to, std::size_t size) {
  if (find_chunk(this, index, to, size)) return {};
  {
    const BounceKeeper keeper(size);  // this may run in a page fault within another copy
    const core::HostAddress bounce = core::bounce_buffer();
    for (std::size_t done = 0; done < size;) {
      const auto got = static_cast<std::size_t>(
          TRY(quick_host_call(HostCall::pread64, static_cast<std::uint64_t>(descriptor_->number()), bounce, size - done,
                              index * kFileChunkSize + done)));
      if (got == 0) return measured_file_changed(*file_, mismatch_);
      core::copy_from_host(to + done, bounce, got);
      done += got;
    }
  }
  if (CLOISTER_KEEPS(I_8) && hash_of(to, size) != file_->chunks[index]) return measured_file_changed(*file_, mismatch_);
  return {};
}

Result<void> MeasuredContent::read(std::uint64_t offset, void* to, std::size_t size) {
  if (file_->is_embedded()) {
    std::memcpy(to, file_->contents.data() + offset, size);
    return {};
  }
  auto* bytes = static_cast<std::uint8_t*>(to);
  std::unique_ptr<std::uint8_t[]> buffer;
  while (size > 0) {
    const std::size_t index = offset / kFileChunkSize, skip = offset % kFileChunkSize;
    const std::size_t chunk_size = std::min<std::uint64_t>(kFileChunkSize, file_->size - index * kFileChunkSize);
    const std::size_t part = std::min(chunk_size - skip, size);
    if (part == chunk_size) {
      TRY(load_chunk(index, bytes, chunk_size));
    } else {
      if (buffer == nullptr) buffer.reset(new std::uint8_t[kFileChunkSize]);
      TRY(load_chunk(index, buffer.get(), chunk_size));
      keep_chunk(this, index, buffer.get(), chunk_size);  // the rest of it is likely to be asked for next
      std::memcpy(bytes, buffer.get() + skip, part);
    }
    bytes += part;
    offset += part;
    size -= part;
  }
  return {};
}
}  // namespace cloister::vfs
