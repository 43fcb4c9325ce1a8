// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/descriptor_table.h"
#include <sys/mman.h>
#include <algorithm>
#include <bit>
#include <cerrno>
#include "src/enclave/core/check.h"

namespace cloister::kernel {
namespace {
using Slot = std::atomic<core::File*>;
constexpr std::uint32_t kStep = 4096 / sizeof(Slot);  // slots become usable by whole pages
constexpr std::uint32_t kDefaultLimit = 1024;

Error bad_descriptor() { return Error::from_errno(EBADF); }
vfs::OpenFile* load(const Slot& slot) { return static_cast<vfs::OpenFile*>(slot.load(std::memory_order_acquire)); }
}  // namespace

// The array never moves, since the fast path reads it without a lock: its whole range is reserved and its pages come by
// need.
DescriptorTable::DescriptorTable(std::uint32_t capacity)
    : close_on_exec_(kStep / 64), limit_(std::min(capacity, kDefaultLimit)) {
  maximum_ = (capacity + kStep - 1) / kStep * kStep;
  void* const memory = mmap(nullptr, maximum_ * sizeof(Slot), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ENCLAVE_CHECK(memory != MAP_FAILED);
  core_.slots = static_cast<Slot*>(memory);
  ENCLAVE_CHECK(grow(kStep));
}

DescriptorTable::~DescriptorTable() {
  close_all();
  munmap(core_.slots, maximum_ * sizeof(Slot));
}

bool DescriptorTable::grow(std::uint32_t count) {
  if (count <= core_.capacity) return true;
  count = (count + kStep - 1) / kStep * kStep;
  if (count > maximum_) return false;
  char* const from = reinterpret_cast<char*>(core_.slots + core_.capacity);
  if (mprotect(from, (count - core_.capacity) * sizeof(Slot), PROT_READ | PROT_WRITE) != 0) return false;
  close_on_exec_.resize(count / 64);
  std::atomic_ref<std::uint32_t>(core_.capacity).store(count, std::memory_order_release);
  return true;
}

void DescriptorTable::mark(int descriptor, CloseOnExec value) {
  std::uint64_t& word = close_on_exec_[static_cast<std::size_t>(descriptor) / 64];
  const std::uint64_t bit = 1ULL << (descriptor % 64);
  word = value == CloseOnExec::yes ? word | bit : word & ~bit;
}

bool DescriptorTable::is_open(int descriptor) const {
  return descriptor >= 0 && static_cast<std::uint32_t>(descriptor) < core_.capacity &&
         core_.slots[descriptor].load(std::memory_order_relaxed) != nullptr;
}

Result<int> DescriptorTable::install(vfs::FileRef file, CloseOnExec close_on_exec, int minimum) {
  const std::lock_guard guard(mutex_);
  std::uint32_t descriptor = static_cast<std::uint32_t>(std::max(minimum, lowest_free_));
  while (descriptor < core_.capacity && core_.slots[descriptor].load(std::memory_order_relaxed) != nullptr)
    ++descriptor;
  if (descriptor >= limit_ || !grow(descriptor + 1)) return Error::from_errno(EMFILE);
  if (minimum <= lowest_free_) lowest_free_ = static_cast<int>(descriptor) + 1;
  mark(static_cast<int>(descriptor), close_on_exec);
  core_.slots[descriptor].store(file.release(), std::memory_order_release);
  return static_cast<int>(descriptor);
}

Result<int> DescriptorTable::install_at(vfs::FileRef file, int descriptor, CloseOnExec close_on_exec) {
  vfs::OpenFile* replaced;
  {
    const std::lock_guard guard(mutex_);
    if (descriptor < 0 || static_cast<std::uint32_t>(descriptor) >= limit_) return bad_descriptor();
    if (!grow(static_cast<std::uint32_t>(descriptor) + 1)) return Error::from_errno(EMFILE);
    mark(descriptor, close_on_exec);
    replaced = static_cast<vfs::OpenFile*>(core_.slots[descriptor].exchange(file.release(), std::memory_order_seq_cst));
  }
  if (replaced != nullptr) {
    replaced->descriptor_closed();
    vfs::release_reference(replaced);
  }
  return descriptor;
}

Result<void> DescriptorTable::close(int descriptor) {
  vfs::OpenFile* file;
  {
    const std::lock_guard guard(mutex_);
    if (!is_open(descriptor)) return bad_descriptor();
    file = static_cast<vfs::OpenFile*>(core_.slots[descriptor].exchange(nullptr, std::memory_order_seq_cst));
    mark(descriptor, CloseOnExec::no);
    lowest_free_ = std::min(lowest_free_, descriptor);
  }
  file->descriptor_closed();
  vfs::release_reference(file);
  return {};
}

void DescriptorTable::close_all() {
  for (const int descriptor : open_descriptors()) (void)close(descriptor);
}

Result<vfs::FileRef> DescriptorTable::get(int descriptor) {
  const std::lock_guard guard(mutex_);
  if (!is_open(descriptor)) return bad_descriptor();
  return vfs::FileRef::share(load(core_.slots[descriptor]));
}

Result<CloseOnExec> DescriptorTable::close_on_exec(int descriptor) {
  const std::lock_guard guard(mutex_);
  if (!is_open(descriptor)) return bad_descriptor();
  const std::uint64_t word = close_on_exec_[static_cast<std::size_t>(descriptor) / 64];
  return (word >> (descriptor % 64) & 1) != 0 ? CloseOnExec::yes : CloseOnExec::no;
}

Result<void> DescriptorTable::set_close_on_exec(int descriptor, CloseOnExec value) {
  const std::lock_guard guard(mutex_);
  if (!is_open(descriptor)) return bad_descriptor();
  mark(descriptor, value);
  return {};
}

std::vector<int> DescriptorTable::open_descriptors() {
  const std::lock_guard guard(mutex_);
  std::vector<int> list;
  for (std::uint32_t i = 0; i < core_.capacity; ++i)
    if (is_open(static_cast<int>(i))) list.push_back(static_cast<int>(i));
  return list;
}

void DescriptorTable::set_limit(std::uint32_t soft_limit) {
  const std::lock_guard guard(mutex_);
  limit_ = std::min(soft_limit, maximum_);
}
}  // namespace cloister::kernel
