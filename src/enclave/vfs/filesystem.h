// SPDX-License-Identifier: Apache-2.0
// The file systems that live inside: what statfs and st_dev say about them. Constants. Trusted, kernel storey.
#pragma once
#include <cstddef>
#include <cstdint>

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
}  // namespace cloister::vfs
