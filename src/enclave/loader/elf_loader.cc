// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/loader/elf_loader.h"
#include <sys/mman.h>
#include <cerrno>
#include <cstring>
#include "abi/enclave_layout.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/loader/elf_headers.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::loader {
namespace {
using layout::kPageSize;

std::uint64_t page_down(std::uint64_t value) { return value & ~(kPageSize - 1); }
std::uint64_t page_up(std::uint64_t value) { return page_down(value + kPageSize - 1); }

int protection_of(const Elf64_Phdr& segment) {
  return (segment.p_flags & PF_R ? PROT_READ : 0) | (segment.p_flags & PF_W ? PROT_WRITE : 0) |
         (segment.p_flags & PF_X ? PROT_EXEC : 0);
}

// Where a position-independent image goes: programs low, with room for the heap above them; the dynamic loader wherever
// there is room.
Result<std::uint64_t> choose_base(AddressSpace& memory, const ElfHeaders& headers, Role role) {
  AddressSpace::MapRequest request;
  request.size = headers.highest - headers.lowest;
  request.protection = PROT_NONE;
  request.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (headers.header.e_type == ET_EXEC) {
    request.address = headers.lowest;
    request.flags |= MAP_FIXED_NOREPLACE;
  } else if (role == Role::program) {
    request.address = 0x10'0000'0000 + (core::random_u64() & 0xf'ffff) * kPageSize;
    request.flags |= MAP_FIXED_NOREPLACE;
  }
  return memory.map(request);
}

Result<void> map_segment(AddressSpace& memory, const std::shared_ptr<MappedFile>& file, const Elf64_Phdr& segment,
                         std::uint64_t bias) {
  const std::uint64_t start = page_down(bias + segment.p_vaddr);
  const std::uint64_t file_end = bias + segment.p_vaddr + segment.p_filesz;
  const std::uint64_t memory_end = page_up(bias + segment.p_vaddr + segment.p_memsz);
  if (segment.p_filesz > 0) {
    AddressSpace::MapRequest request;
    request.address = start;
    request.size = page_up(file_end) - start;
    request.protection = protection_of(segment);
    request.flags = MAP_PRIVATE | MAP_FIXED;
    request.file = file;
    request.offset = page_down(segment.p_offset);
    TRY(memory.map(request));
  }
  if (segment.p_memsz == segment.p_filesz) return {};
  const std::uint64_t zero_pages = segment.p_filesz > 0 ? page_up(file_end) : start;
  if (memory_end > zero_pages) {
    AddressSpace::MapRequest request;
    request.address = zero_pages;
    request.size = memory_end - zero_pages;
    request.protection = protection_of(segment);
    request.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    TRY(memory.map(request));
  }
  // To the end of the page, as Linux does: the dynamic loader's first malloc takes what follows its data there.
  if (segment.p_filesz > 0 && zero_pages > file_end && (segment.p_flags & PF_W) != 0 &&
      !core::zero_program(file_end, zero_pages - file_end))
    return Error::from_errno(ENOMEM, "no memory for zero-initialised data");
  return {};
}
}  // namespace

// Whole chunks before and whole pages behind, since files are read and verified like that.
Result<void> read_file_bytes(MappedFile& file, std::uint64_t offset, void* to, std::size_t size) {
  if (offset > file.size() || file.size() - offset < size)
    return Error::from_errno(EINVAL, "damaged ELF file: truncated");
  const std::uint64_t first = offset & ~(kFileChunkSize - 1), last = page_up(offset + size);
  std::vector<std::uint8_t> pages(last - first);
  TRY(file.read_pages(first, pages.data(), pages.size()));
  std::memcpy(to, pages.data() + (offset - first), size);
  return {};
}

Result<LoadedElf> load_elf(AddressSpace& memory, const std::shared_ptr<MappedFile>& file, Role role) {
  const ElfHeaders headers = TRY(read_elf_headers(
      [&file](std::uint64_t offset, void* to, std::size_t size) { return read_file_bytes(*file, offset, to, size); },
      file->size()));
  const std::uint64_t base = TRY(choose_base(memory, headers, role));
  LoadedElf loaded;
  loaded.bias = base - headers.lowest;
  TRY(memory.unmap(base, headers.highest - headers.lowest));
  for (const Elf64_Phdr& segment : headers.load_segments) TRY(map_segment(memory, file, segment, loaded.bias));
  loaded.entry = loaded.bias + headers.header.e_entry;
  if (headers.program_headers_address != 0) loaded.program_headers = loaded.bias + headers.program_headers_address;
  loaded.program_header_count = headers.header.e_phnum;
  loaded.base = base;
  loaded.end = base + (headers.highest - headers.lowest);
  loaded.interpreter = headers.interpreter;
  return loaded;
}
}  // namespace cloister::loader
