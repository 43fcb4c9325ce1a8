// SPDX-License-Identifier: Apache-2.0
#include "src/manifest/launch_manifest.h"
#include <gtest/gtest.h>
#include "src/manifest/signed_manifest.h"

namespace cloister {
namespace {
LaunchManifest sample() {
  LaunchManifest manifest;
  manifest.flags = kInsecureHostArguments;
  manifest.heap_size = 64 << 20;
  manifest.thread_limit = 16;
  manifest.host_signals = 1 << 14;
  manifest.program = "/bin/true";
  manifest.environment = {"PATH=/bin", "TERM"};
  manifest.working_directory = "/srv";
  manifest.insecure_host_paths = {"/"};
  manifest.directories = {"/var/empty", "/var/lib"};
  manifest.tmpfs = {"/run"};
  manifest.files.push_back({"/bin/true", kFileChunkSize + 1, 0755, std::vector<ChunkHash>(2), {1, 2, 3}, {}});
  manifest.files.push_back({"/etc/motd", 2, 0644, {}, {}, {'h', 'i'}});
  manifest.files.push_back({"/lib/libc.so.6", 0, 0755, {}, {}, {}});
  manifest.links.push_back({"/lib64", "usr/lib64"});
  return manifest;
}
}  // namespace

TEST(LaunchManifest, RoundTripIsIdentical) {
  const auto bytes = encode_manifest(sample());
  const auto decoded = decode_manifest(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(encode_manifest(decoded.value()), bytes);
}
TEST(LaunchManifest, EveryTruncationIsRefused) {
  const auto bytes = encode_manifest(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_manifest(std::span(bytes).first(size)).ok()) << size;
}
TEST(LaunchManifest, TrailingBytesAndOrderAreRefused) {
  auto bytes = encode_manifest(sample());
  bytes.push_back(0);
  EXPECT_FALSE(decode_manifest(bytes).ok());
  auto manifest = sample();
  std::swap(manifest.files[0], manifest.files[1]);
  EXPECT_FALSE(decode_manifest(encode_manifest(manifest)).ok());
}
TEST(LaunchManifest, WrongChunkCountIsRefused) {
  auto manifest = sample();
  manifest.files[0].chunks.pop_back();
  EXPECT_FALSE(decode_manifest(encode_manifest(manifest)).ok());
}
TEST(LaunchManifest, FlagsThatThereAreNotAndContradictionsAreRefused) {
  auto manifest = sample();
  manifest.flags = 1 << 5;
  EXPECT_FALSE(decode_manifest(encode_manifest(manifest)).ok());
  manifest.flags = kConfiguredByPolicy;
  EXPECT_STREQ(decode_manifest(encode_manifest(manifest)).error().what(),
               "manifest configured by a policy and otherwise");
  manifest.environment.clear();
  manifest.working_directory.clear();
  EXPECT_TRUE(decode_manifest(encode_manifest(manifest)).ok());
  for (const std::uint64_t flag : {kInsecureHostArguments, kInsecureHostEnvironment, kInsecureHostDirectory}) {
    manifest.flags = kConfiguredByPolicy | flag;
    EXPECT_FALSE(decode_manifest(encode_manifest(manifest)).ok()) << flag;
  }
}
TEST(SignedManifest, WithAndWithoutASignature) {
  for (const bool is_signed : {false, true}) {
    SignedManifest whole{sample(), {}};
    if (is_signed) whole.signature.emplace().date = 0x20260203;
    const auto bytes = encode_signed_manifest(whole);
    const auto decoded = decode_signed_manifest(bytes);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded.value().signature.has_value(), is_signed);
    EXPECT_EQ(encode_signed_manifest(decoded.value()), bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_EQ(decode_signed_manifest(std::span(bytes).first(size)).ok(),
                is_signed && size == bytes.size() - sizeof(sgx::Sigstruct))
          << size;
  }
}
}  // namespace cloister
