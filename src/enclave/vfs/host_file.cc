// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_file.h"
#include "src/enclave/vfs/host_mapped_file.h"

namespace cloister::vfs {

HostFile::HostFile(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags)
    : HostObject(std::move(descriptor), status, flags) {
  kind = core::FileKind::host_regular;
}

Result<std::size_t> HostFile::read(Task&, const IoVector& to) {
  return transfer_in(HostCall::read, host(), to, 0, Advance::no);
}
Result<std::size_t> HostFile::write(Task&, const IoVector& from) {
  return transfer_out(HostCall::write, host(), from, 0, Advance::no);
}
Result<std::size_t> HostFile::read_at(Task&, const IoVector& to, std::uint64_t offset) {
  return transfer_in(HostCall::pread64, host(), to, offset, Advance::yes);
}
Result<std::size_t> HostFile::write_at(Task&, const IoVector& from, std::uint64_t offset) {
  return transfer_out(HostCall::pwrite64, host(), from, offset, Advance::yes);
}
Result<std::int64_t> HostFile::seek(std::int64_t offset, int whence) {
  return quick_host_call(HostCall::lseek, host(), static_cast<std::uint64_t>(offset),
                         static_cast<std::uint64_t>(whence));
}
Result<void> HostFile::truncate(std::uint64_t size) {
  TRY(quick_host_call(HostCall::ftruncate, host(), size));
  return {};
}
Result<void> HostFile::allocate(int mode, std::uint64_t offset, std::uint64_t size) {
  TRY(blocking_host_call(HostCall::fallocate, host(), static_cast<std::uint64_t>(mode), offset, size));
  return {};
}
Result<std::shared_ptr<kernel::MappedFile>> HostFile::map_file() {
  const auto writing = readable && writable ? HostMappedFile::Writing::allowed : HostMappedFile::Writing::refused;
  return std::shared_ptr<kernel::MappedFile>(std::make_shared<HostMappedFile>(descriptor(), path(), writing));
}
}  // namespace cloister::vfs
