// SPDX-License-Identifier: Apache-2.0
// A small cache of verified chunks, so that a file that is read in small pieces is not hashed for each. Trusted, kernel
// storey.
#pragma once
#include <cstddef>
#include <cstdint>

namespace cloister::vfs {
// Copies the chunk if it is here.
bool find_chunk(const void* owner, std::size_t index, std::uint8_t* to, std::size_t size);
void keep_chunk(const void* owner, std::size_t index, const std::uint8_t* from, std::size_t size);
void forget_chunks(const void* owner);
}  // namespace cloister::vfs
