// SPDX-License-Identifier: Apache-2.0
// Any bytes as an SGXS stream: no read out of bounds, and what the two readers and the writer say must agree.
#include <cstdlib>
#include <vector>
#include "src/sgx/sgxs.h"
#include "src/sgx/sgxs_writer.h"

using namespace cloister::sgx;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// A canonical stream of wholly measured pages in order is what the writer would have written.
void check_canonical(std::span<const std::uint8_t> file) {
  auto opened = SgxsPages::open(file);
  if (!opened.ok()) return;
  SgxsPages pages = opened.value();
  std::vector<std::uint8_t> again;
  SgxsWriter writer(again, pages.ssa_frame_size_pages(), pages.enclave_size_bytes());
  bool plain = true;
  for (;;) {
    const auto page = pages.next();
    if (!page.ok()) return;
    if (!page.value()) break;
    std::array<std::uint8_t, kPageSize> bytes;
    page.value()->copy_to(bytes);
    require(writer.add_page(page.value()->offset, page.value()->secinfo_flags, bytes).ok());
    plain = plain && page.value()->measured == 0xffff;
    for (std::size_t i = 0; i < kExtendsPerPage; ++i) plain = plain && page.value()->order[i] == i;
  }
  const auto digest = measure_sgxs(file);
  require(digest.ok());
  if (!plain) return;
  require(std::equal(again.begin(), again.end(), file.begin(), file.end()));
  require(digest.value() == writer.measurement().finish());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> file(data, size);
  const auto digest = measure_sgxs(file);
  if (!digest.ok()) {
    require(digest.error().what()[0] != '\0');
    return 0;
  }
  check_canonical(file);
  return 0;
}
