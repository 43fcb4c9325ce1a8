// SPDX-License-Identifier: Apache-2.0
// /dev: character devices that live inside, and the controlling terminal of the host. Trusted, kernel storey.
#pragma once
#include "src/enclave/vfs/node_file.h"
#include "src/enclave/vfs/static_tree.h"

namespace cloister::vfs {
enum class Device : std::uint8_t { null, zero, full, random, terminal };

class DeviceNode final : public Node {
 public:
  DeviceNode(Device device, std::uint32_t major, std::uint32_t minor)
      : Node(kDevfs), device_(device), major_(major), minor_(minor) {}
  std::uint32_t type() const override { return S_IFCHR; }
  Result<struct stat> status() override;
  Result<FileRef> open(Task& task, std::uint32_t flags) override;
  Result<void> set_size(std::uint64_t) override { return {}; }  // O_TRUNC means nothing here

 private:
  const Device device_;
  const std::uint32_t major_, minor_;
};

// The name that a terminal has inside, whichever of the host's it is, and what says of an open one that it bears it
// (ttyname(3) compares device, inode and number). Its rights, owner and times stay as they are.
inline constexpr char kTerminalPath[] = "/dev/tty";
struct stat as_terminal(struct stat status);

// The devices, the links to descriptors, and `shared_memory` as /dev/shm.
std::shared_ptr<StaticDirectory> make_devfs(NodeRef shared_memory);
}  // namespace cloister::vfs
