// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/chunk_cache.h"
#include <cstring>
#include <memory>
#include <mutex>
#include "src/enclave/core/check.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::vfs {
namespace {
constexpr std::size_t kSlots = 16;  // 256 KiB at most, of the whole enclave
struct Slot {
  const void* owner = nullptr;
  std::size_t index = 0, size = 0;
  std::uint64_t last_use = 0;
  std::unique_ptr<std::uint8_t[]> data;
};
std::mutex mutex;
Slot slots[kSlots];
std::uint64_t uses = 0;
}  // namespace

bool find_chunk(const void* owner, std::size_t index, std::uint8_t* to, std::size_t size) {
  const std::lock_guard guard(mutex);
  for (Slot& slot : slots)
    if (slot.owner == owner && slot.index == index && slot.size == size) {
      slot.last_use = ++uses;
      std::memcpy(to, slot.data.get(), size);
      return true;
    }
  return false;
}

void keep_chunk(const void* owner, std::size_t index, const std::uint8_t* from, std::size_t size) {
  ENCLAVE_CHECK(size <= kFileChunkSize);
  const std::lock_guard guard(mutex);
  Slot* oldest = &slots[0];
  for (Slot& slot : slots)
    if (slot.last_use < oldest->last_use) oldest = &slot;
  if (oldest->data == nullptr) oldest->data.reset(new std::uint8_t[kFileChunkSize]);
  oldest->owner = owner;
  oldest->index = index;
  oldest->size = size;
  oldest->last_use = ++uses;
  std::memcpy(oldest->data.get(), from, size);
}

void forget_chunks(const void* owner) {
  const std::lock_guard guard(mutex);
  for (Slot& slot : slots)
    if (slot.owner == owner) {
      slot.owner = nullptr;
      slot.last_use = 0;
    }
}
}  // namespace cloister::vfs
