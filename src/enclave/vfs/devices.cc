// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/devices.h"
#include <sys/sysmacros.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/core/cpu.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/vfs/host_open.h"

namespace cloister::vfs {
namespace {
// As much zeros as a mapping wants.
class ZeroMappedFile final : public kernel::MappedFile {
 public:
  Result<void> read_pages(std::uint64_t, void* to, std::size_t size) override {
    std::memset(to, 0, size);
    return {};
  }
  std::uint64_t size() const override { return INT64_MAX; }
  std::span<const std::uint8_t> plan() const override { return {}; }
  bool may_execute() const override { return false; }
  bool is_own_memory() const override { return true; }
  const std::string& path() const override { return path_; }

 private:
  const std::string path_ = "/dev/zero";
};

class DeviceFile final : public NodeFile {
 public:
  DeviceFile(NodeRef node, std::uint32_t flags, Device device) : NodeFile(std::move(node), flags), device_(device) {}

  Result<std::size_t> read(Task& task, const IoVector& to) override { return read_at(task, to, 0); }
  Result<std::size_t> write(Task& task, const IoVector& from) override { return write_at(task, from, 0); }
  Result<std::size_t> read_at(Task&, const IoVector& to, std::uint64_t) override {
    if (device_ == Device::null) return std::size_t{0};
    if (device_ == Device::random) return fill_random(to);
    TRY(to.fill_zeros(0, to.size()));
    return to.size();
  }
  Result<std::size_t> write_at(Task&, const IoVector& from, std::uint64_t) override {
    if (device_ == Device::full) return Error::from_errno(ENOSPC);
    return from.size();  // what is written to random is not mixed in: the processor's generator needs nothing
  }
  Result<std::int64_t> seek(std::int64_t, int) override { return 0; }
  Result<void> synchronise(bool) override { return Error::from_errno(EINVAL); }
  Result<std::shared_ptr<kernel::MappedFile>> map_file() override {
    if (device_ != Device::zero) return NodeFile::map_file();
    return std::shared_ptr<kernel::MappedFile>(std::make_shared<ZeroMappedFile>());
  }

 private:
  static Result<std::size_t> fill_random(const IoVector& to) {
    std::uint8_t piece[256];
    for (std::size_t done = 0; done < to.size();) {
      const std::size_t part = std::min(sizeof piece, to.size() - done);
      core::random_bytes(piece, part);
      if (const auto filled = to.fill(done, piece, part); !filled.ok())
        return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(filled.error());
      done += part;
    }
    return to.size();
  }

  const Device device_;
};
}  // namespace

struct stat as_terminal(struct stat status) {
  constexpr ino_t kInode = 1;  // no node has it
  status.st_dev = kDevfs.device;
  status.st_ino = kInode;
  status.st_rdev = makedev(5, 0);
  return status;
}

Result<struct stat> DeviceNode::status() {
  struct stat status = make_status(S_IFCHR | 0666, 0);
  if (device_ == Device::terminal) return as_terminal(status);
  status.st_rdev = makedev(major_, minor_);
  return status;
}

// The controlling terminal is the host's, as the standard streams are.
Result<FileRef> DeviceNode::open(Task&, std::uint32_t flags) {
  if (device_ == Device::terminal) return open_host_path(kTerminalPath, flags, 0);
  return FileRef(new DeviceFile(shared_from_this(), flags, device_));
}

std::shared_ptr<StaticDirectory> make_devfs(NodeRef shared_memory) {
  auto root = std::make_shared<StaticDirectory>(kDevfs, HostBacked::no);
  root->add("null", std::make_shared<DeviceNode>(Device::null, 1, 3));
  root->add("zero", std::make_shared<DeviceNode>(Device::zero, 1, 5));
  root->add("full", std::make_shared<DeviceNode>(Device::full, 1, 7));
  root->add("random", std::make_shared<DeviceNode>(Device::random, 1, 8));
  root->add("urandom", std::make_shared<DeviceNode>(Device::random, 1, 9));
  root->add("tty", std::make_shared<DeviceNode>(Device::terminal, 5, 0));
  root->add("shm", std::move(shared_memory));
  root->add("fd", std::make_shared<StaticLink>(kDevfs, "/proc/self/fd"));
  root->add("stdin", std::make_shared<StaticLink>(kDevfs, "/proc/self/fd/0"));
  root->add("stdout", std::make_shared<StaticLink>(kDevfs, "/proc/self/fd/1"));
  root->add("stderr", std::make_shared<StaticLink>(kDevfs, "/proc/self/fd/2"));
  return root;
}
}  // namespace cloister::vfs
