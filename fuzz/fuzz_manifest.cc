// SPDX-License-Identifier: Apache-2.0
// Any bytes as a launch manifest, measured or bare: nothing breaks, and what is accepted is the one encoding of it.
#include <algorithm>
#include <cstdlib>
#include "src/manifest/signed_manifest.h"

using namespace cloister;

namespace {
void require_same(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  if (!std::equal(a.begin(), a.end(), b.begin(), b.end())) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  if (const auto manifest = decode_manifest(bytes); manifest.ok())
    require_same(encode_manifest(manifest.value()), bytes);
  if (const auto whole = decode_signed_manifest(bytes); whole.ok())
    require_same(encode_signed_manifest(whole.value()), bytes);
  return 0;
}
