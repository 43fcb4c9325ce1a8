// SPDX-License-Identifier: Apache-2.0
// Which executable segment of an ELF file a mapping shows, so that a plan's link-time addresses can be found in it.
// Trusted, kernel storey; the file is measured, but nothing in it is taken on trust.
#pragma once
#include <cstdint>
#include <optional>
#include "src/enclave/kernel/address_space.h"

namespace cloister::kernel {
struct ExecutableSegment {
  std::uint64_t offset;   // in the file
  std::uint64_t size;     // in the file
  std::uint64_t address;  // at link time, of the first byte
};
// The executable PT_LOAD that overlaps [offset, offset + size) of the file. `buffer` holds kFileChunkSize bytes.
// nullopt if there is none, or the headers do not lie in the first chunk.
std::optional<ExecutableSegment> find_executable_segment(MappedFile& file, std::uint64_t offset, std::uint64_t size,
                                                         std::uint8_t* buffer);
}  // namespace cloister::kernel
