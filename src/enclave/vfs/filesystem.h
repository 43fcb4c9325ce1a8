// SPDX-License-Identifier: Apache-2.0
// The file systems that live inside: what statfs and st_dev say about them. Constants. Trusted, kernel storey.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cloister::vfs {
inline constexpr std::size_t kNameLimit = 255;  // NAME_MAX

struct Filesystem {
  const char* name;
  std::uint32_t magic;
  std::uint64_t device;  // st_dev
  bool read_only;
};
// Minors that Linux does not reach; the host's devices pass through and must not be mistaken for these.
inline constexpr std::uint64_t inside_device(std::uint64_t number) { return 0xfff0'0000 | (0xf0 + number); }
inline constexpr Filesystem kMeasuredFilesystem = {"cloister", 0x434c4f49, inside_device(0), true};
inline constexpr Filesystem kTmpfs = {"tmpfs", 0x01021994, inside_device(1), false};
inline constexpr Filesystem kProcfs = {"proc", 0x9fa0, inside_device(2), false};
inline constexpr Filesystem kSysfs = {"sysfs", 0x62656572, inside_device(3), false};
inline constexpr Filesystem kDevfs = {"devtmpfs", 0x01021994, inside_device(4), false};
inline constexpr Filesystem kSharedMemory = {"tmpfs", 0x01021994, inside_device(5), false};
inline constexpr Filesystem kMemfdFilesystem = {"tmpfs", 0x01021994, inside_device(6), false};
// Files that a policy put beside and over the measured ones.
inline constexpr Filesystem kInjectedFilesystem = {"tmpfs", 0x01021994, inside_device(7), false};

// Each further file system in memory has a device number of its own: what lies in two of them is never renamed or
// linked across.
inline constexpr std::size_t kMaxMemoryMounts = 64;
inline constexpr auto kMemoryMounts = [] {
  std::array<Filesystem, kMaxMemoryMounts> mounts{};
  for (std::size_t i = 0; i < mounts.size(); ++i) mounts[i] = {"tmpfs", kTmpfs.magic, 0xffe0'0000 | i, false};
  return mounts;
}();
inline bool is_in_memory(const Filesystem& filesystem) { return std::string_view(filesystem.name) == kTmpfs.name; }
}  // namespace cloister::vfs
