// SPDX-License-Identifier: Apache-2.0
#include "tests/adversary/written_memory.h"
#include <asm/unistd_64.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <algorithm>

namespace cloister::adversary {
namespace {
std::uint8_t* bytes_at(std::uint64_t address) { return reinterpret_cast<std::uint8_t*>(address); }
std::uint32_t* length_at(std::uint64_t address) { return reinterpret_cast<std::uint32_t*>(address); }
}  // namespace

WrittenMemory written_by(const HostBlock& block, std::int64_t result) {
  const std::uint64_t* a = block.args;
  const std::uint64_t count = result < 0 ? 0 : static_cast<std::uint64_t>(result);
  WrittenMemory written;
  switch (block.number & 0xffff'ffff) {
    case __NR_read:
    case __NR_pread64:
    case __NR_recvfrom:
    case __NR_getdents64: written = {bytes_at(a[1]), count, nullptr}; break;
    case __NR_readlinkat: written = {bytes_at(a[2]), count, nullptr}; break;
    case __NR_newfstatat: written = {bytes_at(a[2]), sizeof(struct stat), nullptr}; break;
    case __NR_fstat: written = {bytes_at(a[1]), sizeof(struct stat), nullptr}; break;
    case __NR_openat2:  // the status that comes with it
      if ((block.number & kThenStatus) != 0 && result >= 0) written = {bytes_at(a[4]), sizeof(struct stat), nullptr};
      break;
    case __NR_fstatfs: written = {bytes_at(a[1]), sizeof(struct statfs), nullptr}; break;
    case __NR_getsockname:
    case __NR_getpeername:
    case __NR_accept4: written = {bytes_at(a[1]), sizeof(sockaddr_storage), length_at(a[2])}; break;
    case __NR_getsockopt: written = {bytes_at(a[3]), 4, length_at(a[4])}; break;
    case __NR_recvmsg: written = {bytes_at(a[1]), sizeof(msghdr), length_at(a[1] + 8)}; break;
    case __NR_poll:
    case __NR_ppoll: written = {bytes_at(a[0]), a[1] * sizeof(pollfd), nullptr}; break;
    case __NR_epoll_wait:
    case __NR_epoll_pwait2: written = {bytes_at(a[1]), count * 12, nullptr}; break;
    case __NR_ioctl: written = {bytes_at(a[2]), 36, nullptr}; break;
    case __NR_fcntl: written = {bytes_at(a[2]), a[1] >= 5 && a[1] <= 7 ? 32u : 0u, nullptr}; break;
    default: break;
  }
  // Only what lies in the enclave's own host block: some calls take numbers or null where others take addresses.
  const auto begin = reinterpret_cast<std::uint64_t>(&block), end = begin + kHostBlockSize;
  const auto inside = [&](const void* place, std::uint64_t size) {
    const auto address = reinterpret_cast<std::uint64_t>(place);
    return address >= begin + sizeof(HostBlock) && address <= end && size <= end - address;
  };
  if (!inside(written.data, written.size)) written.data = nullptr, written.size = 0;
  if (!inside(written.length, sizeof(std::uint32_t))) written.length = nullptr;
  return written;
}
}  // namespace cloister::adversary
