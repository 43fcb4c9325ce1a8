// SPDX-License-Identifier: Apache-2.0
// The launch manifest: everything that decides what an instance runs, as the canonical binary encoding that is
// measured. Both sides; pure functions over bytes.
//
// Encoding, little-endian: u32 magic, u32 version, then the fields in the order of the structure; a string or byte
// string is its u32 size and its bytes, a list is its u32 count and its elements; lists of paths are strictly
// ascending. A file is its path, size, mode, chunk hashes, plan and contents. One manifest has exactly one encoding,
// and the reader refuses everything else.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "src/base/result.h"

namespace cloister {

inline constexpr std::uint64_t kFileChunkSize = 16 << 10;  // unit in which measured files are verified
using ChunkHash = std::array<std::uint8_t, 32>;            // SHA-256

struct MeasuredFile {
  std::string path;  // absolute, without symbolic links, "." or ".."
  std::uint64_t size = 0;
  std::uint32_t mode = 0;          // permission bits
  std::vector<ChunkHash> chunks;   // ceil(size / kFileChunkSize)
  std::vector<std::uint8_t> plan;  // rewrite plan; empty when the file has no sites or is no ELF file
  // The bytes themselves, for a file that the host does not have; `chunks` is empty then.
  std::vector<std::uint8_t> contents;
  bool is_embedded() const { return chunks.empty() && size > 0; }
};

struct MeasuredLink {
  std::string path;
  std::string target;  // as in the link
};

enum ManifestFlags : std::uint64_t {
  kInsecureHostArguments = 1,    // arguments come from the host's command line
  kInsecureHostEnvironment = 2,  // the variables in `environment` without '=' come from the host
  kInsecureDynamicCode = 4,      // executable memory that is no measured file
  kInsecureHostDirectory = 8,    // the working directory comes from the host
  kConfiguredByPolicy = 16,      // arguments, environment, working directory and more files come from CAS
};

struct LaunchManifest {
  std::uint64_t flags = 0;
  std::uint64_t heap_size = 0;  // bytes of dynamic memory at most
  std::uint32_t thread_limit = 0;
  std::uint64_t host_signals = 0;        // bit n-1: signal n of the host is delivered
  std::string program;                   // path of the entry program
  std::vector<std::string> arguments;    // argv[0], argv[1], … unless kInsecureHostArguments
  std::vector<std::string> environment;  // NAME=VALUE, or NAME taken from the host
  std::string working_directory;         // "/" when empty; not used with kInsecureHostDirectory
  std::vector<std::string> insecure_host_paths;
  // Among files of the host the program is the host's user.
  bool follows_host_user() const { return !insecure_host_paths.empty(); }
  std::vector<std::string> directories;  // that exist beside those on the way to files
  std::vector<std::string> tmpfs;        // file systems in enclave memory, beside /tmp and /dev/shm
  std::vector<MeasuredFile> files;
  std::vector<MeasuredLink> links;
};

inline constexpr std::uint32_t kManifestMagic = 0x4e4d4c43;  // "CLMN"
inline constexpr std::uint32_t kManifestVersion = 2;

// The manifest must be canonical already (paths ascending).
std::vector<std::uint8_t> encode_manifest(const LaunchManifest& manifest);
// Errc::invalid with the first thing that is wrong.
Result<LaunchManifest> decode_manifest(std::span<const std::uint8_t> bytes);
}  // namespace cloister
