// SPDX-License-Identifier: Apache-2.0
#include "src/manifest/signed_manifest.h"
#include <algorithm>
#include <cstring>

namespace cloister {
namespace {
constexpr std::uint8_t kMagic[4] = {'C', 'L', 'S', 'M'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize = 12;

void put(std::vector<std::uint8_t>* out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<std::uint8_t>(value >> shift));
}
std::uint32_t get(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16) |
         static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}
}  // namespace

bool looks_like_signed_manifest(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= sizeof kMagic && std::equal(kMagic, kMagic + sizeof kMagic, bytes.begin());
}

std::vector<std::uint8_t> encode_signed_manifest(const SignedManifest& signed_manifest) {
  const std::vector<std::uint8_t> manifest = encode_manifest(signed_manifest.manifest);
  std::vector<std::uint8_t> out(kMagic, kMagic + sizeof kMagic);
  put(&out, kVersion);
  put(&out, static_cast<std::uint32_t>(manifest.size()));
  out.insert(out.end(), manifest.begin(), manifest.end());
  if (signed_manifest.signature) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&*signed_manifest.signature);
    out.insert(out.end(), bytes, bytes + sizeof(sgx::Sigstruct));
  }
  return out;
}

Result<SignedManifest> decode_signed_manifest(std::span<const std::uint8_t> bytes) {
  if (!looks_like_signed_manifest(bytes) || bytes.size() < kHeaderSize)
    return Error(Errc::invalid, "no measured manifest");
  if (get(bytes, 4) != kVersion) return Error(Errc::unsupported, "version of the measured manifest");
  const std::size_t size = get(bytes, 8), rest = bytes.size() - kHeaderSize;
  if (size != rest && size + sizeof(sgx::Sigstruct) != rest)
    return Error(Errc::invalid, "the measured manifest has another length than it says");
  SignedManifest result{TRY(decode_manifest(bytes.subspan(kHeaderSize, size))), {}};
  if (size != rest) {
    result.signature.emplace();
    std::memcpy(&*result.signature, bytes.data() + kHeaderSize + size, sizeof(sgx::Sigstruct));
  }
  return result;
}
}  // namespace cloister
