// SPDX-License-Identifier: Apache-2.0
// The interface: each call takes the mutex and goes to the part that serves it.
#include "src/enclave/kernel/address_space.h"
#include <cstdlib>
#include "src/enclave/core/check.h"
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {

StagingBuffer::~StagingBuffer() { std::free(bytes_); }

std::uint8_t* StagingBuffer::bytes() {
  if (bytes_ == nullptr) bytes_ = static_cast<std::uint8_t*>(std::aligned_alloc(kPageSize, kSize));
  ENCLAVE_CHECK(bytes_ != nullptr);
  return bytes_;
}

AddressSpace::Implementation::Implementation(const Options& chosen) : options(chosen) {
  limits.stack = options.stack_limit;
  placement.reset(program(), limits.stack);
}

AddressSpace::AddressSpace(const Options& options) : implementation_(std::make_unique<Implementation>(options)) {}
AddressSpace::~AddressSpace() { implementation_->clear(); }

#define CLOISTER_LOCKED(call)                                \
  std::lock_guard<std::mutex> guard(implementation_->mutex); \
  return implementation_->call

Result<std::uint64_t> AddressSpace::map(const MapRequest& request) { CLOISTER_LOCKED(map(request)); }
Result<void> AddressSpace::unmap(std::uint64_t address, std::uint64_t size) { CLOISTER_LOCKED(unmap(address, size)); }
Result<void> AddressSpace::protect(std::uint64_t address, std::uint64_t size, int protection) {
  CLOISTER_LOCKED(protect(address, size, protection));
}
Result<std::uint64_t> AddressSpace::remap(std::uint64_t old_address, std::uint64_t old_size, std::uint64_t new_size,
                                          int flags, std::uint64_t new_address) {
  CLOISTER_LOCKED(remap(old_address, old_size, new_size, flags, new_address));
}
Result<void> AddressSpace::advise(std::uint64_t address, std::uint64_t size, int advice) {
  CLOISTER_LOCKED(advise(address, size, advice));
}
Result<void> AddressSpace::synchronise(std::uint64_t address, std::uint64_t size, int flags) {
  CLOISTER_LOCKED(synchronise(address, size, flags));
}
Result<void> AddressSpace::lock(std::uint64_t address, std::uint64_t size, LockedPages pages, std::uint64_t limit) {
  CLOISTER_LOCKED(lock({page_down(address), page_up(address + size)}, pages, limit));
}
Result<void> AddressSpace::unlock(std::uint64_t address, std::uint64_t size) {
  CLOISTER_LOCKED(unlock({page_down(address), page_up(address + size)}));
}
Result<void> AddressSpace::lock_all(LockAll what, LockedPages pages, std::uint64_t limit) {
  CLOISTER_LOCKED(lock_all(what, pages, limit));
}
void AddressSpace::unlock_all() { CLOISTER_LOCKED(unlock_all()); }
std::uint64_t AddressSpace::set_brk(std::uint64_t address) { CLOISTER_LOCKED(set_brk(address)); }
FaultResult AddressSpace::resolve_fault(std::uint64_t address, core::Access access) {
  CLOISTER_LOCKED(resolve_fault(address, access));
}
AddressSpace::Usage AddressSpace::usage() { CLOISTER_LOCKED(usage()); }
void AddressSpace::clear() { CLOISTER_LOCKED(clear()); }
std::vector<Mapping> AddressSpace::snapshot() { CLOISTER_LOCKED(snapshot()); }
OriginalPosition AddressSpace::original_position(std::uint64_t pc) { CLOISTER_LOCKED(original_position(pc)); }
std::uint64_t AddressSpace::entry_for_restart(std::uint64_t original) { CLOISTER_LOCKED(entry_for_restart(original)); }
Result<std::vector<std::uint8_t>> AddressSpace::residency(std::uint64_t address, std::uint64_t size) {
  CLOISTER_LOCKED(residency(address, size));
}
void AddressSpace::write_back_all() { CLOISTER_LOCKED(write_back_all()); }
bool AddressSpace::is_mapped(std::uint64_t address, std::uint64_t size) {
  CLOISTER_LOCKED(areas.is_covered({page_down(address), page_up(address + size)}));
}
bool AddressSpace::shows(const FileKey& key) {
  if (!implementation_->has_shared_files.load(std::memory_order_relaxed)) return false;
  CLOISTER_LOCKED(shows(key));
}
void AddressSpace::settle(const FileKey& key, std::uint64_t offset, std::uint64_t size) {
  if (implementation_->has_shared_files.load(std::memory_order_relaxed)) {
    CLOISTER_LOCKED(settle(key, offset, size));
  }
}
void AddressSpace::forget(const FileKey& key, std::uint64_t offset, std::uint64_t size) {
  if (implementation_->has_shared_files.load(std::memory_order_relaxed)) {
    CLOISTER_LOCKED(forget(key, offset, size));
  }
}
#undef CLOISTER_LOCKED

std::uint64_t AddressSpace::memory_size() const { return implementation_->options.memory_size; }

void AddressSpace::start_brk(std::uint64_t address) {
  std::lock_guard<std::mutex> guard(implementation_->mutex);
  implementation_->brk_start = implementation_->brk_end = page_up(address);
}

void AddressSpace::set_limits(const Limits& limits) {
  std::lock_guard<std::mutex> guard(implementation_->mutex);
  implementation_->limits = limits;
}
}  // namespace cloister::kernel
