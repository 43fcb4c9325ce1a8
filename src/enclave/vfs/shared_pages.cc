// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/shared_pages.h"
#include "src/enclave/kernel/task.h"

namespace cloister::vfs {
namespace {
kernel::AddressSpace* own_memory() {
  kernel::Task* const task = kernel::current_task();
  return task != nullptr ? task->process.memory.get() : nullptr;
}
}  // namespace

bool is_shown(const kernel::FileKey& key) {
  kernel::AddressSpace* const memory = own_memory();
  return memory != nullptr && memory->shows(key);
}

void settle_pages(const kernel::FileKey& key, std::uint64_t offset, std::uint64_t size) {
  if (kernel::AddressSpace* const memory = own_memory(); memory != nullptr) memory->settle(key, offset, size);
}

void forget_pages(const kernel::FileKey& key, std::uint64_t offset, std::uint64_t size) {
  if (kernel::AddressSpace* const memory = own_memory(); memory != nullptr) memory->forget(key, offset, size);
}

void note_shared_mapping(kernel::Task& task, const FileIdentity& identity) {
  for (const int descriptor : task.process.descriptors.open_descriptors()) {
    const auto file = task.process.descriptors.get(descriptor);
    if (!file.ok() || file.value()->kind != core::FileKind::host_regular) continue;
    const auto other = file.value()->identity();
    if (other.ok() && other.value() == identity) file.value()->kind = core::FileKind::other;
  }
}
}  // namespace cloister::vfs
