// SPDX-License-Identifier: Apache-2.0
#include "src/image/image_writer.h"
#include <elf.h>
#include <cstring>
#include <map>
#include <string_view>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/sgx/sgxs_writer.h"

namespace cloister {
namespace {
using layout::kPageSize;

template <typename T>
Result<T> read_at(std::span<const std::uint8_t> elf, std::uint64_t offset) {
  if (offset > elf.size() || elf.size() - offset < sizeof(T))
    return Error(Errc::invalid, "ELF structure outside the file");
  T object;
  std::memcpy(&object, elf.data() + offset, sizeof object);
  return object;
}

Result<std::uint64_t> symbol_value(std::span<const std::uint8_t> elf, const Elf64_Ehdr& header,
                                   std::string_view wanted) {
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto section = TRY(read_at<Elf64_Shdr>(elf, header.e_shoff + i * sizeof(Elf64_Shdr)));
    if (section.sh_type != SHT_SYMTAB) continue;
    const auto strings = TRY(read_at<Elf64_Shdr>(elf, header.e_shoff + section.sh_link * sizeof(Elf64_Shdr)));
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
      const auto symbol = TRY(read_at<Elf64_Sym>(elf, section.sh_offset + at));
      const std::uint64_t name = strings.sh_offset + symbol.st_name;
      if (name + wanted.size() + 1 > elf.size()) continue;
      const char* const text = reinterpret_cast<const char*>(elf.data() + name);
      if (std::string_view(text, wanted.size()) == wanted && text[wanted.size()] == '\0' &&
          symbol.st_shndx != SHN_UNDEF)
        return symbol.st_value;
    }
  }
  return Error(Errc::invalid, "the image lacks one of boot_tcs, boot_ssa, boot_thread, enclave_entry");
}

struct Page {
  std::array<std::uint8_t, kPageSize> bytes{};
  std::uint64_t permissions = 0;
};

Result<void> add_segment(std::span<const std::uint8_t> elf, const Elf64_Phdr& segment,
                         std::map<std::uint64_t, Page>& pages) {
  if ((segment.p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
    return Error(Errc::invalid, "a segment is writable and executable");
  if (segment.p_offset > elf.size() || elf.size() - segment.p_offset < segment.p_filesz || segment.p_memsz > (64 << 20))
    return Error(Errc::invalid, "segment outside the file");
  const std::uint64_t permissions = (segment.p_flags & PF_R ? sgx::kSecinfoR : 0) |
                                    (segment.p_flags & PF_W ? sgx::kSecinfoW : 0) |
                                    (segment.p_flags & PF_X ? sgx::kSecinfoX : 0);
  for (std::uint64_t done = 0; done < segment.p_memsz;) {
    const std::uint64_t address = segment.p_vaddr + done;
    Page& page = pages[address & ~(kPageSize - 1)];
    if (page.permissions != 0 && page.permissions != permissions)
      return Error(Errc::invalid, "two segments share a page");
    page.permissions = permissions;
    const std::uint64_t inside = address & (kPageSize - 1);
    const std::uint64_t size = std::min(kPageSize - inside, segment.p_memsz - done);
    if (done < segment.p_filesz)
      std::memcpy(page.bytes.data() + inside, elf.data() + segment.p_offset + done,
                  std::min(size, segment.p_filesz - done));
    done += size;
  }
  return {};
}

// The loaded ELF header says where in the file the section headers are, which depends on debug information and so on
// the folder of the build. They are not part of the image.
void forget_section_headers(std::map<std::uint64_t, Page>& pages) {
  const auto first = pages.find(0);
  if (first == pages.end()) return;
  Elf64_Ehdr header;
  std::memcpy(&header, first->second.bytes.data(), sizeof header);
  header.e_shoff = 0;
  header.e_shentsize = header.e_shnum = header.e_shstrndx = 0;
  std::memcpy(first->second.bytes.data(), &header, sizeof header);
}

// The static thread's TCS (SDM vol. 3D, TCS). ELRANGE starts at 0, so offsets are addresses.
Result<sgx::Tcs> boot_tcs(std::span<const std::uint8_t> elf, const Elf64_Ehdr& header) {
  sgx::Tcs tcs{};
  tcs.ossa = layout::kImageBase + TRY(symbol_value(elf, header, "boot_ssa"));
  tcs.nssa = layout::kSsaFrameCount;
  tcs.oentry = layout::kImageBase + TRY(symbol_value(elf, header, "enclave_entry"));
  tcs.ofsbase = tcs.ogsbase = layout::kImageBase + TRY(symbol_value(elf, header, "boot_thread"));
  tcs.fslimit = tcs.gslimit = 0xffff'ffff;
  return tcs;
}
}  // namespace

Result<EnclaveImage> make_enclave_image(std::span<const std::uint8_t> elf) {
  const auto header = TRY(read_at<Elf64_Ehdr>(elf, 0));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_type != ET_DYN || header.e_machine != EM_X86_64)
    return Error(Errc::invalid, "not a static PIE for x86-64");
  std::map<std::uint64_t, Page> pages;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = TRY(read_at<Elf64_Phdr>(elf, header.e_phoff + i * sizeof(Elf64_Phdr)));
    if (segment.p_type == PT_INTERP) return Error(Errc::invalid, "the image wants a dynamic loader");
    if (segment.p_type == PT_LOAD && segment.p_memsz > 0) TRY(add_segment(elf, segment, pages));
  }
  forget_section_headers(pages);
  const std::uint64_t tcs = TRY(symbol_value(elf, header, "boot_tcs"));
  if (pages.count(tcs) == 0) return Error(Errc::invalid, "boot_tcs is no page of its own");
  const sgx::Tcs contents = TRY(boot_tcs(elf, header));
  std::memcpy(pages[tcs].bytes.data(), &contents, sizeof contents);
  EnclaveImage image;
  sgx::SgxsWriter writer(image.sgxs, layout::kSsaFramePages, layout::kElrangeSize);
  for (const auto& [address, page] : pages) {
    const std::uint64_t flags =
        address == tcs ? sgx::kSecinfoTcs : sgx::secinfo_flags(sgx::PageType::reg, page.permissions);
    TRY(writer.add_page(layout::kImageBase + address, flags, page.bytes));
  }
  image.mrenclave = writer.measurement().finish();
  image.page_count = pages.size();
  return image;
}
}  // namespace cloister
