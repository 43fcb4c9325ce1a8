// SPDX-License-Identifier: Apache-2.0
#include "src/files/file_bytes.h"
#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include "src/base/hex.h"

namespace cloister {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Error last_error(const char* what) { return Error::from_errno(errno, what); }

Result<void> write_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return last_error("cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// Under a new name, which it returns.
Result<std::string> write_beside(const std::string& path, std::span<const std::uint8_t> bytes, unsigned mode) {
  // A process id would not do: containers with one folder in common have the same ones.
  std::array<std::uint8_t, 8> random;
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return last_error("cannot get random bytes");
  const std::string temporary = path + ".tmp-" + to_hex(random);
  const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.get() < 0) return last_error("cannot create");
  const auto written = write_all(file.get(), bytes);
  if (written.ok() && fsync(file.get()) == 0) return temporary;
  const Error error = written.ok() ? last_error("cannot write") : written.error();
  unlink(temporary.c_str());
  return error;
}

}  // namespace

Result<std::vector<std::uint8_t>> read_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (file.get() < 0 || fstat(file.get(), &info) != 0) return last_error("cannot open");
  if (!S_ISREG(info.st_mode)) return Error(Errc::invalid, "not a regular file");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(info.st_size));
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return last_error("cannot read");
    if (count == 0) return Error(Errc::io, "file became shorter while it was read");
    size += static_cast<std::size_t>(count);
  }
  return bytes;
}

Result<void> write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes, unsigned mode) {
  const std::string temporary = TRY(write_beside(path, bytes, mode));
  if (rename(temporary.c_str(), path.c_str()) == 0) return {};
  const Error error = last_error("cannot rename into place");
  unlink(temporary.c_str());
  return error;
}

Result<void> write_file_unless_there(const std::string& path, std::span<const std::uint8_t> bytes, unsigned mode) {
  const std::string temporary = TRY(write_beside(path, bytes, mode));
  const bool is_there = link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const Error error = last_error("cannot link into place");
  unlink(temporary.c_str());
  if (!is_there) return error;
  return {};
}

std::string sha256_hex(std::span<const std::uint8_t> bytes) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(bytes.data(), bytes.size(), digest.data());
  return to_hex(digest);
}

}  // namespace cloister
