// SPDX-License-Identifier: Apache-2.0
#include "src/cas/device/device_file.h"
#include <fcntl.h>
#include <unistd.h>
#include <cerrno>

namespace cloister::cas {

Result<SecretBytes> read_device(const std::string& path, std::size_t limit) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Error::from_errno(errno);
  SecretBytes bytes(limit + 1);
  std::size_t have = 0;
  ssize_t size = 0;
  while (have < bytes.size() && (size = read(file, bytes.data() + have, bytes.size() - have)) != 0) {
    if (size < 0 && errno != EINTR) break;
    if (size > 0) have += static_cast<std::size_t>(size);
  }
  const int error = errno;
  close(file);
  if (size < 0) return Error::from_errno(error);
  bytes.resize(have);
  return bytes;
}

Result<void> write_device(const std::string& path, Bytes bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return Error::from_errno(errno);
  const ssize_t written = write(file, bytes.data(), bytes.size());
  const int error = errno;
  close(file);
  if (written != static_cast<ssize_t>(bytes.size())) return Error::from_errno(written < 0 ? error : EIO);
  return {};
}

}  // namespace cloister::cas
