// SPDX-License-Identifier: Apache-2.0
// From descriptors to sockets and back, for the socket handlers. Trusted, kernel storey.
#pragma once
#include "src/enclave/net/socket.h"
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {

// A socket, kept alive while the handler runs.
class SocketRef {
 public:
  explicit SocketRef(vfs::FileRef file) : file_(std::move(file)) {}
  net::Socket* operator->() const { return static_cast<net::Socket*>(file_.get()); }
  net::Socket& operator*() const { return *operator->(); }

 private:
  vfs::FileRef file_;
};

// EBADF, ENOTSOCK.
Result<SocketRef> find_socket(Task& task, int descriptor);
// The lowest free descriptor for a new file, close-on-exec when `flags` has O_CLOEXEC (SOCK_CLOEXEC, EFD_CLOEXEC, … are
// the same bit).
SysResult install_file(Task& task, vfs::FileRef file, int flags);
// Two of them, whose numbers go to the int[2] at `numbers`; 0.
SysResult install_pair(Task& task, vfs::FileRef first, vfs::FileRef second, int flags, ProgramAddress numbers);
}  // namespace cloister::syscalls
