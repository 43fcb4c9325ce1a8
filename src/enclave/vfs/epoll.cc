// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/epoll.h"
#include <sys/epoll.h>
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/poll.h"

namespace cloister::vfs {

Result<FileRef> Epoll::create() {
  const int descriptor = static_cast<int>(TRY(quick_host_call(HostCall::epoll_create1, EPOLL_CLOEXEC)));
  return FileRef(new Epoll(descriptor));
}

Epoll::Epoll(int host_epoll) : set_(std::make_shared<EpollSet>(host_epoll)) {
  kind = core::FileKind::host_epoll;
  readable = writable = true;  // so F_GETFL says; both are refused
  host_descriptor = host_epoll;
  epoll_table = &set_->table();
  set_path("anon_inode:[eventpoll]");
}

std::uint32_t Epoll::readiness() { return set_->is_ready() ? EPOLLIN | EPOLLRDNORM : 0; }

bool has_readiness(OpenFile& file) { return file.wait_queue() != nullptr || has_host_readiness(file); }

void Epoll::last_close() {
  set_->close();
  (void)close_host_descriptor(host_descriptor);
}
}  // namespace cloister::vfs
