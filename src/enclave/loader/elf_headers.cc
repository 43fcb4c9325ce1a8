// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/loader/elf_headers.h"
#include <cerrno>
#include <cstring>
#include "abi/enclave_layout.h"

namespace cloister::loader {
namespace {
using layout::kPageSize;
constexpr std::uint64_t kMaxImageSize = 1ULL << 36;

Error damaged(const char* why) { return Error::from_errno(EINVAL, why); }

Result<void> check_header(const Elf64_Ehdr& header) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return Error::from_errno(ENOEXEC, "not an ELF file");
  if (header.e_ident[EI_CLASS] == ELFCLASS32) return Error::from_errno(ENOEXEC, "a 32-bit program");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
    return Error::from_errno(ENOEXEC, "a program for another architecture");
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) return Error::from_errno(ENOEXEC, "not an executable");
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > 512)
    return damaged("damaged ELF file: program headers");
  return {};
}

Result<void> add_load_segment(const Elf64_Phdr& segment, std::uint64_t file_size, ElfHeaders* to) {
  if (segment.p_memsz == 0) return {};
  if (segment.p_filesz > segment.p_memsz)
    return damaged("damaged ELF file: a segment is larger in the file than in memory");
  if (segment.p_offset > file_size || file_size - segment.p_offset < segment.p_filesz)
    return damaged("damaged ELF file: a segment lies outside the file");
  if (segment.p_vaddr % kPageSize != segment.p_offset % kPageSize)
    return damaged("damaged ELF file: segment alignment");
  if (segment.p_vaddr > layout::kElrangeSize || segment.p_memsz > kMaxImageSize)
    return damaged("damaged ELF file: segment size");
  const std::uint64_t start = segment.p_vaddr & ~(kPageSize - 1);
  const std::uint64_t end = (segment.p_vaddr + segment.p_memsz + kPageSize - 1) & ~(kPageSize - 1);
  if (!to->load_segments.empty() && start < to->highest &&
      segment.p_vaddr < to->load_segments.back().p_vaddr + to->load_segments.back().p_memsz)
    return damaged("damaged ELF file: segments overlap");
  if (to->load_segments.empty()) to->lowest = start;
  to->highest = end;
  to->load_segments.push_back(segment);
  const std::uint64_t headers_size = std::uint64_t{to->header.e_phnum} * sizeof(Elf64_Phdr);
  if (to->header.e_phoff >= segment.p_offset &&
      to->header.e_phoff + headers_size <= segment.p_offset + segment.p_filesz)
    to->program_headers_address = segment.p_vaddr + (to->header.e_phoff - segment.p_offset);
  return {};
}

Result<std::string> read_interpreter(const ReadAt& read, const Elf64_Phdr& segment, std::uint64_t file_size) {
  if (segment.p_filesz < 2 || segment.p_filesz > 4096) return damaged("damaged ELF file: PT_INTERP");
  if (segment.p_offset > file_size || file_size - segment.p_offset < segment.p_filesz)
    return damaged("damaged ELF file: PT_INTERP lies outside the file");
  std::string path(segment.p_filesz, '\0');
  TRY(read(segment.p_offset, path.data(), path.size()));
  if (path.back() != '\0' || path.find('\0') != path.size() - 1) return damaged("damaged ELF file: PT_INTERP");
  path.pop_back();
  return path;
}
}  // namespace

Result<ElfHeaders> read_elf_headers(const ReadAt& read, std::uint64_t file_size) {
  if (file_size < sizeof(Elf64_Ehdr)) return Error::from_errno(ENOEXEC, "not an ELF file");
  ElfHeaders headers;
  TRY(read(0, &headers.header, sizeof headers.header));
  TRY(check_header(headers.header));
  const std::uint64_t size = std::uint64_t{headers.header.e_phnum} * sizeof(Elf64_Phdr);
  if (headers.header.e_phoff > file_size || file_size - headers.header.e_phoff < size)
    return damaged("damaged ELF file: program headers");
  std::vector<Elf64_Phdr> segments(headers.header.e_phnum);
  TRY(read(headers.header.e_phoff, segments.data(), size));
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_LOAD) TRY(add_load_segment(segment, file_size, &headers));
    if (segment.p_type == PT_INTERP) headers.interpreter = TRY(read_interpreter(read, segment, file_size));
    if (segment.p_type == PT_GNU_STACK) headers.executable_stack = (segment.p_flags & PF_X) != 0;
  }
  if (headers.load_segments.empty()) return damaged("damaged ELF file: nothing to load");
  if (headers.highest - headers.lowest > kMaxImageSize) return damaged("damaged ELF file: image size");
  return headers;
}
}  // namespace cloister::loader
