// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/loader/vdso.h"
#include <sys/mman.h>
#include <cerrno>
#include <cstring>
#include "src/enclave/core/check.h"
#include "src/enclave/core/clock.h"

extern "C" {
extern const std::uint8_t vdso_image_begin[], vdso_image_end[];
extern const char syscall_entry_live[];
}

namespace cloister::loader {
namespace {
constexpr std::uint64_t kSlotsMagic = 0x4f53445654534c43;  // "CLSTVDSO"
alignas(64) core::ClockData clock_data;

// The image with its two addresses filled in.
class VdsoFile final : public kernel::MappedFile {
 public:
  VdsoFile() : bytes_((image_size() + 4095) / 4096 * 4096) {
    std::memcpy(bytes_.data(), vdso_image_begin, image_size());
    bool found = false;
    for (std::size_t at = 0; at + 24 <= image_size(); at += 8) {
      std::uint64_t words[3];
      std::memcpy(words, bytes_.data() + at, sizeof words);
      if (words[0] != kSlotsMagic || words[1] != 0 || words[2] != 0) continue;
      words[1] = reinterpret_cast<std::uint64_t>(&clock_data);
      words[2] = reinterpret_cast<std::uint64_t>(syscall_entry_live);
      std::memcpy(bytes_.data() + at, words, sizeof words);
      found = true;
    }
    ENCLAVE_CHECK(found);
  }
  Result<void> read_pages(std::uint64_t offset, void* to, std::size_t size) override {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return Error::from_errno(EINVAL);
    std::memcpy(to, bytes_.data() + offset, size);
    return {};
  }
  std::uint64_t size() const override { return bytes_.size(); }
  std::span<const std::uint8_t> plan() const override { return {}; }
  bool may_execute() const override { return true; }
  const std::string& path() const override { return path_; }

 private:
  static std::size_t image_size() { return static_cast<std::size_t>(vdso_image_end - vdso_image_begin); }
  std::vector<std::uint8_t> bytes_;
  std::string path_ = "[vdso]";
};
}  // namespace

Result<std::uint64_t> map_vdso(kernel::AddressSpace& memory) {
  core::publish_clock_to(&clock_data);
  kernel::AddressSpace::MapRequest request;
  auto file = std::make_shared<VdsoFile>();
  request.size = file->size();
  request.protection = PROT_READ | PROT_EXEC;
  request.flags = MAP_PRIVATE;
  request.file = std::move(file);
  request.name = "[vdso]";
  return memory.map(request);
}
}  // namespace cloister::loader
