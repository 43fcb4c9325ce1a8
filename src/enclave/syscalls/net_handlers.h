// SPDX-License-Identifier: Apache-2.0
// Handlers for sockets, pipes, event and timer files, readiness and ioctl. Trusted, kernel storey.
#pragma once
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {
// socket_setup.cc
SysResult sys_socket(Task& task, int family, int type, int protocol);
SysResult sys_socketpair(Task& task, int family, int type, int protocol, ProgramAddress descriptors);
SysResult sys_bind(Task& task, int descriptor, ProgramAddress address, std::int32_t size);
SysResult sys_listen(Task& task, int descriptor, int backlog);
SysResult sys_accept(Task& task, int descriptor, ProgramAddress address, ProgramAddress size);
SysResult sys_accept4(Task& task, int descriptor, ProgramAddress address, ProgramAddress size, int flags);
SysResult sys_connect(Task& task, int descriptor, ProgramAddress address, std::int32_t size);
SysResult sys_shutdown(Task& task, int descriptor, int how);

// socket_options.cc
SysResult sys_getsockname(Task& task, int descriptor, ProgramAddress address, ProgramAddress size);
SysResult sys_getpeername(Task& task, int descriptor, ProgramAddress address, ProgramAddress size);
SysResult sys_setsockopt(Task& task, int descriptor, int level, int name, ProgramAddress value, std::int32_t size);
SysResult sys_getsockopt(Task& task, int descriptor, int level, int name, ProgramAddress value, ProgramAddress size);

// socket_messages.cc
SysResult sys_sendto(Task& task, int descriptor, ProgramAddress data, std::uint64_t size, int flags,
                     ProgramAddress address, std::int32_t address_size);
SysResult sys_recvfrom(Task& task, int descriptor, ProgramAddress data, std::uint64_t size, int flags,
                       ProgramAddress address, ProgramAddress address_size);
SysResult sys_sendmsg(Task& task, int descriptor, ProgramAddress header, int flags);
SysResult sys_recvmsg(Task& task, int descriptor, ProgramAddress header, int flags);
SysResult sys_sendmmsg(Task& task, int descriptor, ProgramAddress messages, std::uint32_t count, int flags);
SysResult sys_recvmmsg(Task& task, int descriptor, ProgramAddress messages, std::uint32_t count, int flags,
                       ProgramAddress time_out);

// pipe_calls.cc
SysResult sys_pipe(Task& task, ProgramAddress descriptors);
SysResult sys_pipe2(Task& task, ProgramAddress descriptors, int flags);
SysResult sys_eventfd(Task& task, std::uint32_t count);
SysResult sys_eventfd2(Task& task, std::uint32_t count, int flags);

// timerfd_calls.cc
SysResult sys_timerfd_create(Task& task, int clock, int flags);
SysResult sys_timerfd_settime(Task& task, int descriptor, int flags, ProgramAddress setting,
                              ProgramAddress old_setting);
SysResult sys_timerfd_gettime(Task& task, int descriptor, ProgramAddress setting);

// epoll_calls.cc
SysResult sys_epoll_create(Task& task, int size);
SysResult sys_epoll_create1(Task& task, int flags);
SysResult sys_epoll_ctl(Task& task, int epoll, int operation, int descriptor, ProgramAddress event);
SysResult sys_epoll_wait(Task& task, int epoll, ProgramAddress events, int count, int time_out);
SysResult sys_epoll_pwait(Task& task, int epoll, ProgramAddress events, int count, int time_out, ProgramAddress mask,
                          std::uint64_t mask_size);
SysResult sys_epoll_pwait2(Task& task, int epoll, ProgramAddress events, int count, ProgramAddress time_out,
                           ProgramAddress mask, std::uint64_t mask_size);

// poll_calls.cc
SysResult sys_poll(Task& task, ProgramAddress descriptors, std::uint32_t count, int time_out);
SysResult sys_ppoll(Task& task, ProgramAddress descriptors, std::uint32_t count, ProgramAddress time_out,
                    ProgramAddress mask, std::uint64_t mask_size);

// select_calls.cc
SysResult sys_select(Task& task, int count, ProgramAddress in, ProgramAddress out, ProgramAddress exceptional,
                     ProgramAddress time_out);
SysResult sys_pselect6(Task& task, int count, ProgramAddress in, ProgramAddress out, ProgramAddress exceptional,
                       ProgramAddress time_out, ProgramAddress mask);

// ioctl_call.cc
SysResult sys_ioctl(Task& task, int descriptor, std::uint32_t request, ProgramAddress argument);
}  // namespace cloister::syscalls
