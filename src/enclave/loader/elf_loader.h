// SPDX-License-Identifier: Apache-2.0
// Maps ELF executables and dynamic loaders into an address space. Trusted, kernel storey. The file is hostile input:
// every offset and size is checked, and the mappings themselves verify what they read.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include "src/enclave/kernel/address_space.h"

namespace cloister::loader {
using kernel::AddressSpace;
using kernel::MappedFile;

struct LoadedElf {
  std::uint64_t bias = 0;
  std::uint64_t entry = 0;            // run-time address
  std::uint64_t program_headers = 0;  // run-time address, 0 if not mapped
  std::uint16_t program_header_count = 0;
  std::uint64_t base = 0, end = 0;  // of the whole image
  std::string interpreter;          // empty for a static program
};
// Exactly `size` bytes at `offset`; EINVAL where the file has none.
Result<void> read_file_bytes(MappedFile& file, std::uint64_t offset, void* to, std::size_t size);

enum class Role { program, interpreter };
// ENOEXEC for what is no ELF file of ours, EINVAL for a damaged one, ENOMEM, and what mapping gives. error().what() is
// for people.
Result<LoadedElf> load_elf(AddressSpace& memory, const std::shared_ptr<MappedFile>& file, Role role);
}  // namespace cloister::loader
