// SPDX-License-Identifier: Apache-2.0
// Any bytes as a program that the enclave is to load: refused, or headers that the loader may rely on. Seeds:
// fuzz/seeds/elf_headers, and any small program.
#include <cstdlib>
#include <cstring>
#include "abi/enclave_layout.h"
#include "src/enclave/loader/elf_headers.h"

using namespace cloister;

namespace {
void must(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = [&](std::uint64_t offset, void* to, std::size_t count) -> Result<void> {
    must(offset <= size && count <= size - offset);  // the reader asks only for what the file has
    std::memcpy(to, data + offset, count);
    return {};
  };
  const auto result = loader::read_elf_headers(read, size);
  if (!result.ok()) {
    must(*result.error().what() != '\0');
    return 0;
  }
  const loader::ElfHeaders& headers = result.value();
  must(!headers.load_segments.empty() && headers.interpreter.find('\0') == std::string::npos);
  must(headers.lowest % layout::kPageSize == 0 && headers.highest % layout::kPageSize == 0);
  must(headers.lowest < headers.highest && headers.highest - headers.lowest <= layout::kElrangeSize);
  std::uint64_t end = 0;
  bool holds_headers = headers.program_headers_address == 0;
  for (const Elf64_Phdr& segment : headers.load_segments) {
    must(segment.p_vaddr >= end && segment.p_memsz > 0 && segment.p_filesz <= segment.p_memsz);
    must(segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset);
    end = segment.p_vaddr + segment.p_memsz;
    must(end > segment.p_vaddr && segment.p_vaddr >= headers.lowest && end <= headers.highest);
    holds_headers |= headers.program_headers_address >= segment.p_vaddr && headers.program_headers_address < end;
  }
  must(holds_headers);
  return 0;
}
