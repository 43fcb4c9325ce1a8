// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/honest_answers.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include "fuzz/boundary/honest_connections.h"
#include "fuzz/boundary/host_bytes.h"
#include "fuzz/boundary/host_model.h"
#include "src/boundary/host_call_table.h"

namespace cloister::fuzz {
namespace {
std::uint32_t mode_of(const HostObject& object) {
  switch (object.kind) {
    case HostKind::regular: return S_IFREG | 0644;
    case HostKind::directory: return S_IFDIR | 0755;
    case HostKind::stream:
    case HostKind::datagram: return S_IFSOCK | 0777;
    case HostKind::pipe: return S_IFIFO | 0600;
    case HostKind::terminal: return S_IFCHR | 0620;
    default: return 0600;
  }
}

HostKind kind_of(const std::string& path) {
  if (path.ends_with("/d") || path == "/h" || path == "/" || path == "/h/") return HostKind::directory;
  if (path.ends_with("fifo")) return HostKind::pipe;
  if (path.ends_with("tty")) return HostKind::terminal;
  return HostKind::regular;
}

void put_status(std::uint64_t address, const HostObject& object, bool is_link) {
  struct stat status = {};
  status.st_mode = is_link ? S_IFLNK | 0777u : mode_of(object);
  status.st_ino = std::hash<std::string>{}(object.path);
  status.st_dev = object.path.starts_with("/proc") ? 8 : object.path.starts_with("/sys") ? 9 : 7;
  status.st_nlink = 1;
  status.st_size = object.path == "/measured" ? kMeasuredSize : 5000;
  status.st_blksize = 4096;
  status.st_blocks = 16;
  put(address, status);
}

long list_directory(HostObject& object, std::uint64_t address, std::uint64_t size, Choices& choices) {
  static constexpr const char* kNames[] = {".", "..", "f", "d", "link", "a-longer-name"};
  constexpr std::size_t kNameOffset = 19;
  std::uint64_t at = 0;
  for (; object.listed < std::size(kNames) && choices.byte() < 250; ++object.listed) {
    const char* const name = kNames[object.listed];
    const std::size_t record = (kNameOffset + std::strlen(name) + 1 + 7) / 8 * 8;
    if (at + record > size) return at == 0 ? -EINVAL : static_cast<long>(at);
    std::memset(memory<char>(address + at), 0, record);
    put(address + at, std::uint64_t{100} + object.listed);
    put(address + at + 8, std::uint64_t{1} + object.listed);
    put(address + at + 16, static_cast<std::uint16_t>(record));
    *memory<std::uint8_t>(address + at + 18) = object.listed < 2 ? DT_DIR : DT_REG;
    std::strcpy(memory<char>(address + at + kNameOffset), name);
    at += record;
  }
  return static_cast<long>(at);
}

long open_path(HostWorld& world, const std::uint64_t* a) {
  const std::string path = memory<char>(a[1]);
  open_how how;
  std::memcpy(&how, memory<char>(a[2]), sizeof how);
  HostObject object;
  object.path = path;
  object.kind = kind_of(path);
  if (path.starts_with("/proc/self/fd/")) {
    const auto known = world.open.find(std::strtoul(path.c_str() + 14, nullptr, 10));
    if (known == world.open.end()) return -ENOENT;
    object = known->second;
  }
  if ((how.flags & O_DIRECTORY) != 0 && object.kind != HostKind::directory) return -ENOTDIR;
  if (object.kind == HostKind::directory && (how.flags & O_ACCMODE) != O_RDONLY) return -EISDIR;
  return static_cast<long>(world.give(object));
}

long read_measured(std::uint64_t address, std::uint64_t size, std::uint64_t offset) {
  const std::uint64_t left = offset >= kMeasuredSize ? 0 : kMeasuredSize - offset;
  return static_cast<long>(fill(address, std::min(size, left), kMeasuredByte));
}

}  // namespace

std::uint64_t HostWorld::give(HostObject object) {
  while (open.contains(next_descriptor)) next_descriptor = 3 + (next_descriptor - 2) % 60'000;
  open[next_descriptor] = std::move(object);
  return next_descriptor;
}
std::uint64_t HostWorld::give_socket(HostKind kind, int family) {
  HostObject socket;
  socket.kind = kind;
  socket.family = family;
  if (kind == HostKind::stream && family != AF_UNIX) socket.stream = Stream(next_serial++);
  return give(socket);
}
HostObject* HostWorld::find(std::uint64_t descriptor) {
  const auto found = open.find(descriptor);
  return found == open.end() ? nullptr : &found->second;
}

long honest_answer(HostWorld& world, const HostRequest& request, Choices& choices) {
  std::uint64_t* const a = request.arguments;
  HostObject nothing;
  HostObject* const found = world.find(a[0]);
  HostObject& object = found == nullptr ? nothing : *found;
  switch (request.number) {
    case SYS_read:
    case SYS_recvfrom:
      if (object.kind == HostKind::eventfd) return put(a[1], std::uint64_t{1}), 8;
      return receive(object, a[1], a[2], request.number == SYS_read ? 0 : a[3], choices);
    case SYS_pread64: {
      if (object.path == "/measured") return read_measured(a[1], a[2], a[3]);
      const std::uint64_t size = part_of(a[2], choices);
      std::memcpy(memory<char>(a[1]), pattern(serial_of_file(object.path.c_str()), a[3], size), size);
      return static_cast<long>(size);
    }
    case SYS_write:
      if (object.kind == HostKind::eventfd) return 8;
      return send(object, a[1], a[2], 0, choices);
    case SYS_pwrite64: return static_cast<long>(part_of(a[2], choices));
    case SYS_sendto: return send(object, a[1], a[2], a[3], choices);
    case SYS_sendfile: return static_cast<long>(part_of(a[3], choices));
    case SYS_sendmsg: {
      const iovec* const vector = data_of_message(*memory<msghdr>(a[1]));
      if (vector == nullptr) return -EFAULT;
      return send(object, reinterpret_cast<std::uint64_t>(vector->iov_base), vector->iov_len, a[2], choices);
    }
    case SYS_recvmsg: return receive_message(object, a[1], a[2], choices);
    case SYS_close:
      object.stream.check_closed();
      world.open.erase(a[0]);
      // An epoll object forgets what is closed.
      for (auto& [descriptor, other] : world.open) other.interests.erase(a[0]);
      return 0;
    case SYS_openat2: return open_path(world, a);
    case SYS_newfstatat: {
      HostObject named;
      named.path = memory<char>(a[1]);
      named.kind = kind_of(named.path);
      put_status(a[2], named, named.path.ends_with("link") && (a[3] & AT_SYMLINK_NOFOLLOW) != 0);
      return 0;
    }
    case SYS_fstat: put_status(a[1], object, false); return 0;
    case static_cast<std::uint64_t>(HostService::start_ticks): return 0;
    case SYS_fstatfs:
      put(a[1], [] {
        struct statfs status = {};
        status.f_type = 0xef53, status.f_bsize = 4096, status.f_namelen = 255;
        return status;
      }());
      return 0;
    case SYS_lseek: return static_cast<long>(a[2] == SEEK_SET ? a[1] & ~(1ULL << 63) : choices.byte());
    case SYS_getdents64: {
      if (object.kind != HostKind::directory) return -ENOTDIR;
      return list_directory(object, a[1], a[2], choices);
    }
    case SYS_readlinkat:
      if (!std::string(memory<char>(a[1])).ends_with("link")) return -EINVAL;
      put(a[2], 'f');
      return 1;
    case SYS_fcntl:
      if (a[1] == F_DUPFD_CLOEXEC) {
        HostObject same = object;
        same.stream = Stream();  // the enclave only watches it
        return static_cast<long>(world.give(same));
      }
      return a[1] == F_GETFL ? O_RDWR : 0;
    case SYS_ioctl:
      if (object.kind != HostKind::terminal && object.kind != HostKind::stream && object.kind != HostKind::datagram)
        return -ENOTTY;
      if (a[1] == FIONREAD) put(a[2], 3);
      if (a[1] == SIOCOUTQ) put(a[2], choices.byte() % 2 == 0 ? 0 : 100);
      return 0;
    case SYS_socket:
      return static_cast<long>(world.give_socket((a[1] & 0xf) == SOCK_STREAM ? HostKind::stream : HostKind::datagram,
                                                 static_cast<int>(a[0])));
    case SYS_accept4: return accept_connection(world, object, a, choices);
    case SYS_getsockname:
    case SYS_getpeername: put(a[2], put_address(a[1], object.family, choices)); return 0;
    case SYS_getsockopt: {
      std::uint32_t asked;
      std::memcpy(&asked, memory<char>(a[4]), sizeof asked);
      put(a[4], std::min<std::uint32_t>(asked, 4));
      if (a[1] == SOL_SOCKET && a[2] == SO_SNDBUF) put(a[3], std::uint32_t{choices.byte() == 1 ? 9000U : 1U << 20});
      return 0;
    }
    case SYS_poll:
    case SYS_ppoll: return poll_all(a[0], a[1], choices);
    case SYS_epoll_create1: return static_cast<long>(world.give({.kind = HostKind::epoll}));
    case SYS_eventfd2: return static_cast<long>(world.give({.kind = HostKind::eventfd}));
    case SYS_epoll_ctl: return found == nullptr ? 0 : control_epoll(object, a);
    case SYS_epoll_wait:
    case SYS_epoll_pwait2: return wait_epoll(object, a[1], a[2], choices);
    case SYS_sched_getaffinity: return 8;
    default: return 0;
  }
}

int output_argument(std::uint64_t number) {
  switch (number) {
    case SYS_poll:
    case SYS_ppoll: return 0;
    case SYS_read:
    case SYS_recvfrom:
    case SYS_pread64:
    case SYS_recvmsg:
    case SYS_fstat:
    case SYS_fstatfs:
    case SYS_getdents64:
    case SYS_accept4:
    case SYS_getsockname:
    case SYS_getpeername:
    case SYS_epoll_wait:
    case SYS_epoll_pwait2: return 1;
    case SYS_newfstatat:
    case SYS_readlinkat:
    case SYS_ioctl: return 2;
    case SYS_getsockopt: return 3;
    case SYS_openat2: return 4;  // of the fstat that comes with it
    default: return -1;
  }
}
}  // namespace cloister::fuzz
