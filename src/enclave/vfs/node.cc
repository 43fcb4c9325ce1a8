// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/node.h"
#include <atomic>

namespace cloister::vfs {
namespace {
std::atomic<std::uint64_t> last_inode{1};
int read_only_error(const Node& node) { return node.is_directory() ? EROFS : ENOTDIR; }
}  // namespace

Node::Node(const Filesystem& filesystem) : inode(last_inode.fetch_add(1) + 1), filesystem_(filesystem) {}

struct stat Node::make_status(std::uint32_t mode, std::uint64_t size) const {
  struct stat status = {};
  status.st_dev = filesystem_.device;
  status.st_ino = inode;
  status.st_nlink = S_ISDIR(mode) ? 2 : 1;
  status.st_mode = mode;
  status.st_size = static_cast<off_t>(size);
  status.st_blksize = 4096;
  status.st_blocks = static_cast<blkcnt_t>((size + 511) / 512);
  return status;
}

Result<struct statfs> Node::filesystem_status() {
  struct statfs status = {};
  status.f_type = filesystem_.magic;
  status.f_bsize = status.f_frsize = 4096;
  status.f_namelen = 255;
  status.f_flags = 0x20 | (filesystem_.read_only ? 1 : 0);  // ST_VALID, ST_RDONLY
  status.f_fsid.__val[0] = static_cast<int>(filesystem_.device);
  return status;
}

Result<FileRef> Node::open(Task&, std::uint32_t) { return refuse(ENXIO); }
Result<std::string> Node::link_target(Task&) { return refuse(EINVAL); }
Result<FileRef> Node::linked_file(Task&) { return refuse(EINVAL); }
Result<NodeRef> Node::child(Task&, const std::string&) { return refuse(is_directory() ? ENOENT : ENOTDIR); }
Result<std::vector<DirectoryEntry>> Node::entries(Task&) { return refuse(ENOTDIR); }
Result<NodeRef> Node::create(Task&, const std::string&, const NewNode&) { return refuse(read_only_error(*this)); }
Result<NodeRef> Node::create_unnamed(Task&, const NewNode&) { return refuse(is_directory() ? EOPNOTSUPP : ENOTDIR); }
Result<void> Node::link(Task&, const std::string&, const NodeRef&) { return refuse(read_only_error(*this)); }
Result<void> Node::remove(Task&, const std::string&, Removal) { return refuse(read_only_error(*this)); }
Result<void> Node::rename(Task&, const std::string&, Node&, const std::string&, std::uint32_t) {
  return refuse(read_only_error(*this));
}
Result<void> Node::set_mode(std::uint32_t) { return refuse(filesystem_.read_only ? EROFS : EPERM); }
Result<void> Node::set_owner(std::uint32_t, std::uint32_t) { return refuse(filesystem_.read_only ? EROFS : EPERM); }
Result<void> Node::set_times(const struct timespec*) { return refuse(filesystem_.read_only ? EROFS : EPERM); }
Result<void> Node::set_size(std::uint64_t) { return refuse(filesystem_.read_only ? EROFS : EINVAL); }
}  // namespace cloister::vfs
