// SPDX-License-Identifier: Apache-2.0
#include "src/host/enclave_builder.h"
#include <cstring>
#include "abi/enclave_layout.h"
#include "src/sgx/sgxs.h"

namespace cloister::host {
namespace {
Result<void> add_manifest(const LaunchManifest& manifest, const AddPage& add) {
  const auto encoded = encode_manifest(manifest);
  if (encoded.size() + 8 > layout::kManifestMaxSize)
    return Error(Errc::unsupported, "the launch manifest is too large");
  std::vector<std::uint8_t> bytes(8 + encoded.size());
  const std::uint64_t size = encoded.size();
  std::memcpy(bytes.data(), &size, 8);
  std::memcpy(bytes.data() + 8, encoded.data(), encoded.size());
  bytes.resize((bytes.size() + sgx::kPageSize - 1) / sgx::kPageSize * sgx::kPageSize);
  for (std::size_t at = 0; at < bytes.size(); at += sgx::kPageSize)
    TRY(add(layout::kManifestBase + at, sgx::kSecinfoRegR,
            std::span<const std::uint8_t, sgx::kPageSize>(bytes.data() + at, sgx::kPageSize)));
  return {};
}
}  // namespace

Result<void> for_each_page(std::span<const std::uint8_t> image, const LaunchManifest& manifest, const AddPage& add) {
  auto pages = TRY(sgx::SgxsPages::open(image));
  for (;;) {
    const auto page = TRY(pages.next());
    if (!page.has_value()) break;
    std::array<std::uint8_t, sgx::kPageSize> bytes;
    page->copy_to(bytes);
    TRY(add(page->offset, page->secinfo_flags, bytes));
  }
  return add_manifest(manifest, add);
}
}  // namespace cloister::host
