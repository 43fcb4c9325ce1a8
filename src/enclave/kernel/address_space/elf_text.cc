// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/address_space/elf_text.h"
#include <elf.h>
#include <cstring>
#include "src/enclave/kernel/address_space/area_map.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::kernel {
std::optional<ExecutableSegment> find_executable_segment(MappedFile& file, std::uint64_t offset, std::uint64_t size,
                                                         std::uint8_t* buffer) {
  const std::uint64_t file_size = file.size();
  const std::uint64_t available = file_size < kFileChunkSize ? file_size : kFileChunkSize;
  if (available < sizeof(Elf64_Ehdr) || !file.read_pages(0, buffer, page_up(available)).ok()) return std::nullopt;
  Elf64_Ehdr header;
  std::memcpy(&header, buffer, sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > available)
    return std::nullopt;
  std::optional<ExecutableSegment> found;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const std::uint64_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (at + sizeof(Elf64_Phdr) > available) return std::nullopt;
    Elf64_Phdr segment;
    std::memcpy(&segment, buffer + at, sizeof segment);
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0 || segment.p_filesz == 0) continue;
    if (segment.p_offset > file_size || segment.p_filesz > file_size - segment.p_offset) continue;
    if (segment.p_offset >= offset + size || segment.p_offset + segment.p_filesz <= offset) continue;
    if (found) return std::nullopt;  // two of them in one mapping: not what a loader does
    found = ExecutableSegment{segment.p_offset, segment.p_filesz, segment.p_vaddr};
  }
  return found;
}
}  // namespace cloister::kernel
