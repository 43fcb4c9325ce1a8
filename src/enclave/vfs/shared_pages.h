// SPDX-License-Identifier: Apache-2.0
// What calls on a file owe to shared mappings of it in the calling process (address_space.h: settle, forget). Costs
// next to nothing in a process without such mappings. Trusted, kernel storey.
#pragma once
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
inline kernel::FileKey key_of(const FileIdentity& identity) { return {identity.device, identity.inode}; }

// Does a shared mapping show the file?
bool is_shown(const kernel::FileKey& key);
// Before the file is read or written, and after it was written: the bytes that are meant.
void settle_pages(const kernel::FileKey& key, std::uint64_t offset = 0, std::uint64_t size = ~0ULL);
void forget_pages(const kernel::FileKey& key, std::uint64_t offset, std::uint64_t size = ~0ULL);
// The file has become visible in a shared mapping: no call on any descriptor of it may pass the mapping by.
void note_shared_mapping(kernel::Task& task, const FileIdentity& identity);
}  // namespace cloister::vfs
