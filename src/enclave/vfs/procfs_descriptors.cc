// SPDX-License-Identifier: Apache-2.0
// /proc/PID/fd: magic links to the open files, and /proc/PID/fdinfo.
#include <fcntl.h>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/permissions.h"
#include "src/enclave/vfs/procfs.h"

namespace cloister::vfs {
namespace {
using kernel::Process;
constexpr std::uint64_t kFirstDescriptor = 1 << 12;

// The open descriptor of that name, or -1.
int descriptor_of(Process& process, const std::string& name) {
  for (const int descriptor : process.descriptors.open_descriptors())
    if (std::to_string(descriptor) == name) return descriptor;
  return -1;
}

class DescriptorLink final : public Node {
 public:
  DescriptorLink(Process& process, int descriptor)
      : Node(kProcfs, proc_inode(process.pid, 0, kFirstDescriptor + static_cast<unsigned>(descriptor))),
        process_(process),
        descriptor_(descriptor) {}
  std::uint32_t type() const override { return S_IFLNK; }
  Result<struct stat> status() override {
    const FileRef file = TRY(process_.descriptors.get(descriptor_));
    struct stat status = make_status(S_IFLNK | (file->readable ? 0500u : 0u) | (file->writable ? 0300u : 0u), 64);
    const kernel::Credentials who = credentials_of(process_);
    status.st_uid = who.euid;
    status.st_gid = who.egid;
    return status;
  }
  Result<std::string> link_target(Task&) override { return TRY(linked())->path(); }
  bool is_magic_link() const override { return true; }
  Result<FileRef> linked_file(Task&) override { return linked(); }

 private:
  Result<FileRef> linked() {
    auto file = process_.descriptors.get(descriptor_);
    if (!file.ok()) return Error::from_errno(ENOENT);
    return file;
  }
  Process& process_;
  const int descriptor_;
};

Result<std::string> information(Process& process, int descriptor) {
  const FileRef file = TRY(process.descriptors.get(descriptor));
  const auto position = file->seek(0, SEEK_CUR);
  const std::uint32_t access = file->readable ? (file->writable ? O_RDWR : O_RDONLY) : O_WRONLY;
  const auto close_on_exec = process.descriptors.close_on_exec(descriptor);
  const bool closes = close_on_exec.ok() && close_on_exec.value() == kernel::CloseOnExec::yes;
  return format("pos:\t%lld\nflags:\t0%o\nmnt_id:\t1\nino:\t%llu\n",
                static_cast<long long>(position.ok() ? position.value() : 0),
                file->status_flags.load() | access | (closes ? O_CLOEXEC : 0),
                static_cast<unsigned long long>(file->status().ok() ? file->status().value().st_ino : 0));
}

GeneratedDirectory::List list_descriptors(Process& process, std::uint8_t type) {
  return [&process, type](Task&) -> Result<std::vector<DirectoryEntry>> {
    std::vector<DirectoryEntry> entries;
    for (const int descriptor : process.descriptors.open_descriptors())
      entries.push_back({std::to_string(descriptor),
                         proc_inode(process.pid, 0, kFirstDescriptor + static_cast<unsigned>(descriptor)), type});
    return entries;
  };
}

TextNode::Attributes own(Process& process, std::uint32_t mode) {
  const kernel::Credentials who = credentials_of(process);
  return {mode, who.euid, who.egid};
}
}  // namespace

NodeRef make_descriptor_directory(Process& process, std::uint64_t number) {
  const auto lookup = [&process](Task&, const std::string& name) -> Result<NodeRef> {
    const int descriptor = descriptor_of(process, name);
    if (descriptor < 0) return Error::from_errno(ENOENT);
    return NodeRef(std::make_shared<DescriptorLink>(process, descriptor));
  };
  return std::make_shared<GeneratedDirectory>(kProcfs, number, own(process, 0500), lookup,
                                              list_descriptors(process, entry_type(S_IFLNK)));
}

NodeRef make_descriptor_information(Process& process, std::uint64_t number) {
  const auto lookup = [&process](Task&, const std::string& name) -> Result<NodeRef> {
    const int descriptor = descriptor_of(process, name);
    if (descriptor < 0) return Error::from_errno(ENOENT);
    return NodeRef(std::make_shared<TextNode>(
        kProcfs, proc_inode(process.pid, 1, kFirstDescriptor + static_cast<unsigned>(descriptor)), own(process, 0444),
        [&process, descriptor](Task&) { return information(process, descriptor); }));
  };
  return std::make_shared<GeneratedDirectory>(kProcfs, number, own(process, 0555), lookup,
                                              list_descriptors(process, entry_type(S_IFREG)));
}
}  // namespace cloister::vfs
