// SPDX-License-Identifier: Apache-2.0
#include "src/host/standard_error.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>

namespace cloister::host {
namespace {
int kept = -1;
struct stat original;
bool has_original = false;

bool is_original(int descriptor) {
  struct stat now;
  return has_original && fstat(descriptor, &now) == 0 && now.st_dev == original.st_dev &&
         now.st_ino == original.st_ino && now.st_rdev == original.st_rdev;
}
}  // namespace

void keep_standard_error() {
  has_original = fstat(STDERR_FILENO, &original) == 0;
  if (has_original && (S_ISCHR(original.st_mode) || S_ISREG(original.st_mode)))
    kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

void write_standard_error(const void* text, std::size_t size) {
  if (kept >= 0)
    write_all(kept, text, size);
  else if (is_original(STDERR_FILENO))
    write_all(STDERR_FILENO, text, size);
}

void write_all(int descriptor, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  while (size > 0) {
    const ssize_t written = write(descriptor, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
}
}  // namespace cloister::host
