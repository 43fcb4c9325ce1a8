// SPDX-License-Identifier: Apache-2.0
// Verified chunks of measured files, kept in enclave memory: a file that is read again and again, such as a web
// server's page, is neither fetched from the host nor hashed again. Trusted, kernel storey.
//
// What is used once should cost no memory, so a chunk is worth keeping when it is loaded again. Those that were read in
// part, whose rest is likely to be asked for next, are few, and make room for each other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include "src/manifest/launch_manifest.h"

namespace cloister::vfs {
// The bytes of a chunk; whoever holds it may read it, whatever the cache does meanwhile.
using Chunk = std::shared_ptr<const std::uint8_t[]>;
using MeasuredFileRef = std::shared_ptr<const MeasuredFile>;
enum class ChunkUse { once, in_part, again };

// For the chunks that are used again, in bytes; none at first. Nothing that was kept stays.
void set_chunk_cache_limit(std::uint64_t bytes);
// The chunk, or null.
Chunk find_chunk(const MeasuredFile& file, std::size_t index);
void keep_chunk(const MeasuredFileRef& file, std::size_t index, Chunk chunk, std::size_t size, ChunkUse use);
}  // namespace cloister::vfs
