// SPDX-License-Identifier: Apache-2.0
#include "src/measure/elf_dependencies.h"
#include <elf.h>
#include <cstring>

namespace cloister {
namespace {
class View {
 public:
  explicit View(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  template <typename T>
  Result<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T))
      return Error(Errc::invalid, "damaged ELF file: a table lies outside the file");
    T object;
    std::memcpy(&object, bytes_.data() + offset, sizeof object);
    return object;
  }
  Result<std::string> string_at(std::uint64_t offset) const {
    if (offset >= bytes_.size()) return Error(Errc::invalid, "damaged ELF file: a string lies outside the file");
    const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + offset;
    const auto* end = static_cast<const char*>(std::memchr(begin, 0, bytes_.size() - offset));
    if (end == nullptr) return Error(Errc::invalid, "damaged ELF file: a string does not end");
    return std::string(begin, end);
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

Result<void> check_identity(const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] == ELFCLASS32)
    return Error(Errc::unsupported, "a 32-bit program; only x86-64 programs run");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return Error(Errc::unsupported, "not a little-endian 64-bit ELF file");
  if (header.e_machine != EM_X86_64)
    return Error(Errc::unsupported, "built for another architecture; only x86-64 programs run");
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
    return Error(Errc::invalid, "not an executable or a library");
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0)
    return Error(Errc::invalid, "damaged ELF file: no program headers");
  return {};
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}
}  // namespace

Result<ElfDependencies> elf_dependencies(std::span<const std::uint8_t> file) {
  if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0)
    return Error(Errc::invalid, "not an ELF file");
  const View view(file);
  const auto header = TRY(view.at<Elf64_Ehdr>(0));
  TRY(check_identity(header));
  std::vector<Elf64_Phdr> segments;
  for (unsigned i = 0; i < header.e_phnum; ++i)
    segments.push_back(TRY(view.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr))));
  ElfDependencies result;
  const Elf64_Phdr* dynamic = nullptr;
  bool loadable = false;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_INTERP) result.interpreter = TRY(view.string_at(segment.p_offset));
    if (segment.p_type == PT_DYNAMIC) dynamic = &segment;
    if (segment.p_type != PT_LOAD) continue;
    loadable = true;
    if (segment.p_filesz > segment.p_memsz || segment.p_offset > file.size() ||
        file.size() - segment.p_offset < segment.p_filesz)
      return Error(Errc::invalid, "damaged ELF file: a segment lies outside the file (truncated?)");
  }
  if (!loadable) return Error(Errc::invalid, "damaged ELF file: nothing to load");
  if (dynamic == nullptr) return result;
  std::uint64_t strings = 0;
  std::vector<std::uint64_t> needed, run_path, old_path;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic->p_filesz; at += sizeof(Elf64_Dyn)) {
    const auto entry = TRY(view.at<Elf64_Dyn>(dynamic->p_offset + at));
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_STRTAB) strings = entry.d_un.d_ptr;
    if (entry.d_tag == DT_NEEDED) needed.push_back(entry.d_un.d_val);
    if (entry.d_tag == DT_RUNPATH) run_path.push_back(entry.d_un.d_val);
    if (entry.d_tag == DT_RPATH) old_path.push_back(entry.d_un.d_val);
  }
  std::uint64_t string_offset = 0;
  for (const Elf64_Phdr& segment : segments)
    if (segment.p_type == PT_LOAD && strings >= segment.p_vaddr && strings < segment.p_vaddr + segment.p_filesz)
      string_offset = segment.p_offset + (strings - segment.p_vaddr);
  for (std::uint64_t name : needed) result.needed.push_back(TRY(view.string_at(string_offset + name)));
  for (std::uint64_t name : run_path.empty() ? old_path : run_path)
    for (std::string& part : split(TRY(view.string_at(string_offset + name))))
      result.run_path.push_back(std::move(part));
  return result;
}

std::vector<std::pair<std::string, std::string>> read_library_cache(std::span<const std::uint8_t> cache) {
  // glibc's "new" format: magic, u32 count, u32 string size, 20 reserved bytes; entries of 24 bytes.
  static constexpr char kMagic[] = "glibc-ld.so.cache1.1";
  std::vector<std::pair<std::string, std::string>> list;
  const View view(cache);
  if (cache.size() < 48 || std::memcmp(cache.data(), kMagic, sizeof kMagic - 1) != 0) return list;
  const auto count = view.at<std::uint32_t>(20);
  for (std::uint32_t i = 0; i < count.value() && i < cache.size() / 24; ++i) {
    const std::uint64_t at = 48 + std::uint64_t{i} * 24;
    const auto flags = view.at<std::int32_t>(at);
    const auto key = view.at<std::uint32_t>(at + 4);
    const auto value = view.at<std::uint32_t>(at + 8);
    if (!flags.ok() || !key.ok() || !value.ok()) break;
    if ((flags.value() & 0xff00) != 0x0300) continue;  // x86-64
    const auto name = view.string_at(key.value());
    const auto path = view.string_at(value.value());
    if (name.ok() && path.ok()) list.emplace_back(name.value(), path.value());
  }
  return list;
}
}  // namespace cloister
