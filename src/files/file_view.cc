// SPDX-License-Identifier: Apache-2.0
#include "src/files/file_view.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

namespace cloister {
Result<FileView> FileView::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Error::from_errno(errno, "cannot open");
  struct stat status {};
  const bool regular = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  void* const data = regular && status.st_size > 0 ? mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ,
                                                          MAP_PRIVATE, descriptor, 0)
                                                   : nullptr;
  const int error = errno;
  close(descriptor);
  if (!regular) return Error::from_errno(EINVAL, "not a regular file");
  if (data == MAP_FAILED) return Error::from_errno(error, "cannot map");
  return FileView(
      {static_cast<const std::uint8_t*>(data), data == nullptr ? 0 : static_cast<std::size_t>(status.st_size)},
      status.st_mode & 07777);
}
FileView::~FileView() {
  if (!bytes_.empty()) munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}
}  // namespace cloister
