// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/tmpfs_file.h"
#include <fcntl.h>
#include <linux/falloc.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace cloister::vfs {
namespace {
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMaxSize = INT64_MAX;
}  // namespace

TmpfsFile::~TmpfsFile() { state().pages.fetch_sub(pages_.size()); }

Result<FileRef> TmpfsFile::open(Task&, std::uint32_t flags) {
  return FileRef(new TmpfsOpenFile(std::static_pointer_cast<TmpfsFile>(shared_from_this()), flags));
}

std::uint64_t TmpfsFile::size() {
  const std::lock_guard guard(state().mutex);
  return size_;
}

TmpfsFile::Page* TmpfsFile::page_locked(std::uint64_t index) {
  auto found = pages_.find(index);
  if (found != pages_.end()) return found->second.get();
  if (state().pages.load() >= state().page_limit || !state().has_memory()) return nullptr;
  std::unique_ptr<Page, Free> page(static_cast<Page*>(std::calloc(1, sizeof(Page))));  // new would end the program
  if (page == nullptr) return nullptr;
  state().pages.fetch_add(1);
  return (pages_[index] = std::move(page)).get();
}

std::size_t TmpfsFile::read(std::uint64_t offset, std::uint8_t* to, std::size_t size) {
  const std::lock_guard guard(state().mutex);
  if (offset >= size_) return 0;
  size = std::min<std::uint64_t>(size, size_ - offset);
  for (std::size_t done = 0; done < size;) {
    const std::uint64_t at = offset + done;
    const std::size_t part = std::min<std::size_t>(size - done, kPage - at % kPage);
    const auto found = pages_.find(at / kPage);
    if (found == pages_.end())
      std::memset(to + done, 0, part);
    else
      std::memcpy(to + done, found->second->data() + at % kPage, part);
    done += part;
  }
  return size;
}

Result<void> TmpfsFile::write_locked(std::uint64_t offset, const std::uint8_t* from, std::size_t size,
                                     std::size_t* written) {
  *written = 0;
  if ((seals_ & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return refuse(EPERM);
  if (offset > kMaxSize || size > kMaxSize - offset) return refuse(EFBIG);
  if ((seals_ & F_SEAL_GROW) != 0 && offset + size > size_) return refuse(EPERM);
  while (*written < size) {
    const std::uint64_t at = offset + *written;
    const std::size_t part = std::min<std::size_t>(size - *written, kPage - at % kPage);
    Page* const page = page_locked(at / kPage);
    if (page == nullptr) return refuse(ENOSPC);
    std::memcpy(page->data() + at % kPage, from + *written, part);
    *written += part;
    size_ = std::max(size_, at + part);
  }
  touch_locked();
  return {};
}

Result<void> TmpfsFile::write(std::uint64_t offset, const std::uint8_t* from, std::size_t size, std::size_t* written) {
  const std::lock_guard guard(state().mutex);
  return write_locked(offset, from, size, written);
}

Result<void> TmpfsFile::append(const std::uint8_t* from, std::size_t size, std::size_t* written, std::uint64_t* end) {
  const std::lock_guard guard(state().mutex);
  const std::uint64_t offset = size_;
  const auto result = write_locked(offset, from, size, written);
  *end = offset + *written;
  return result;
}

// Zeros in [begin, end): whole pages go.
void TmpfsFile::clear_locked(std::uint64_t begin, std::uint64_t end) {
  for (auto page = pages_.lower_bound(begin / kPage); page != pages_.end() && page->first * kPage < end;) {
    const std::uint64_t start = page->first * kPage;
    const std::uint64_t from = std::max(begin, start), to = std::min(end, start + kPage);
    if (from == start && to == start + kPage) {
      page = pages_.erase(page);
      state().pages.fetch_sub(1);
    } else {
      std::memset(page->second->data() + (from - start), 0, to - from);
      ++page;
    }
  }
}

Result<void> TmpfsFile::set_size(std::uint64_t size) {
  const std::lock_guard guard(state().mutex);
  if (size > kMaxSize) return refuse(EINVAL);
  if (size < size_ && (seals_ & F_SEAL_SHRINK) != 0) return refuse(EPERM);
  if (size > size_ && (seals_ & F_SEAL_GROW) != 0) return refuse(EPERM);
  if (size < size_) clear_locked(size, (size_ + kPage - 1) / kPage * kPage);
  size_ = size;
  touch_locked();
  return {};
}

Result<void> TmpfsFile::allocate(int mode, std::uint64_t offset, std::uint64_t size) {
  constexpr int kServed = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  if ((mode & ~kServed) != 0) return refuse(EOPNOTSUPP);
  if (offset > kMaxSize || size > kMaxSize - offset) return refuse(EFBIG);
  const std::lock_guard guard(state().mutex);
  const std::uint64_t end = offset + size;
  if ((mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0) {
    if ((seals_ & F_SEAL_WRITE) != 0) return refuse(EPERM);
    clear_locked(offset, end);
    if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) return {};
  }
  if (end > size_ && (mode & FALLOC_FL_KEEP_SIZE) == 0) {
    if ((seals_ & F_SEAL_GROW) != 0) return refuse(EPERM);
    size_ = end;
  }
  for (std::uint64_t index = offset / kPage; index * kPage < end; ++index)
    if (page_locked(index) == nullptr) return refuse(ENOSPC);
  touch_locked();
  return {};
}

std::uint32_t TmpfsFile::seals() {
  const std::lock_guard guard(state().mutex);
  return seals_;
}

Result<void> TmpfsFile::add_seals(std::uint32_t seals) {
  constexpr std::uint32_t kKnown = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
  const std::lock_guard guard(state().mutex);
  if ((seals & ~kKnown) != 0) return refuse(EINVAL);
  if ((seals_ & F_SEAL_SEAL) != 0) return refuse(EPERM);
  seals_ |= seals;
  return {};
}
}  // namespace cloister::vfs
