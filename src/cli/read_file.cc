// SPDX-License-Identifier: Apache-2.0
#include "src/cli/read_file.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace cloister {
namespace {

Result<std::vector<std::uint8_t>> read_all(int descriptor, std::size_t size_limit) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return Error::from_errno(errno, "cannot be read");
  if (S_ISDIR(status.st_mode)) return Error(Errc::invalid, "is a directory");
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[1 << 16];
  for (;;) {
    const ssize_t size = read(descriptor, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Error::from_errno(errno, "cannot be read");
    if (size == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(size) > size_limit)
      return Error(Errc::unsupported, "is larger than any file of its kind");
    bytes.insert(bytes.end(), buffer, buffer + size);
  }
}

}  // namespace

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t size_limit) {
  if (path == "-") return read_all(STDIN_FILENO, size_limit);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Error::from_errno(errno, "cannot be opened");
  auto bytes = read_all(descriptor, size_limit);
  close(descriptor);
  return bytes;
}

int unusable(const char* verb, const std::string& file, const Error& error) {
  std::fprintf(stderr, "cloister %s: %s: %s", verb, file.c_str(), error.what());
  if (error.is_errno()) std::fprintf(stderr, " (%s)", std::strerror(error.errno_value()));
  std::fputc('\n', stderr);
  return 2;
}

int print(const std::string& text, int status) {
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    std::fprintf(stderr, "cloister: standard output cannot be written (%s)\n", std::strerror(errno));
    return 2;
  }
  return status;
}

}  // namespace cloister
