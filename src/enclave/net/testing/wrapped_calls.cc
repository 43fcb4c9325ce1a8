// SPDX-License-Identifier: Apache-2.0
// What the linker puts in place of the C library's functions (--wrap), so that a program of tests/linux_abi runs on the
// kernel storey's handlers without an enclave.
#include <stdarg.h>
#include <sys/syscall.h>
#include <cerrno>
#include <cstdint>
#include "src/enclave/net/testing/host_harness.h"

namespace {
template <typename T>
std::uint64_t word(T value) {
  if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<std::uint64_t>(value);
  else if constexpr (std::is_null_pointer_v<T>)
    return 0;
  else
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}
template <typename... A>
long call(long number, A... arguments) {
  const long result = cloister::testing::system_call(number, word(arguments)...);
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}
}  // namespace

#define WRAP0(name, number) \
  long __wrap_##name() { return call(number); }
#define WRAP1(name, number, A) \
  long __wrap_##name(A a) { return call(number, a); }
#define WRAP2(name, number, A, B) \
  long __wrap_##name(A a, B b) { return call(number, a, b); }
#define WRAP3(name, number, A, B, C) \
  long __wrap_##name(A a, B b, C c) { return call(number, a, b, c); }
#define WRAP4(name, number, A, B, C, D) \
  long __wrap_##name(A a, B b, C c, D d) { return call(number, a, b, c, d); }
#define WRAP5(name, number, A, B, C, D, E) \
  long __wrap_##name(A a, B b, C c, D d, E e) { return call(number, a, b, c, d, e); }
#define WRAP6(name, number, A, B, C, D, E, F) \
  long __wrap_##name(A a, B b, C c, D d, E e, F f) { return call(number, a, b, c, d, e, f); }

extern "C" {
using P = void*;
using S = std::size_t;
WRAP3(read, SYS_read, int, P, S)
WRAP3(write, SYS_write, int, P, S)
WRAP3(readv, SYS_readv, int, P, int)
WRAP3(writev, SYS_writev, int, P, int)
WRAP4(pread, SYS_pread64, int, P, S, long)
WRAP3(lseek, SYS_lseek, int, long, int)
WRAP1(close, SYS_close, int)
WRAP1(dup, SYS_dup, int)
WRAP3(open, SYS_open, P, int, int)
WRAP3(fcntl, SYS_fcntl, int, int, long)
WRAP3(ioctl, SYS_ioctl, int, unsigned, P)
WRAP3(socket, SYS_socket, int, int, int)
WRAP4(socketpair, SYS_socketpair, int, int, int, P)
WRAP3(bind, SYS_bind, int, P, int)
WRAP2(listen, SYS_listen, int, int)
WRAP3(accept, SYS_accept, int, P, P)
WRAP4(accept4, SYS_accept4, int, P, P, int)
WRAP3(connect, SYS_connect, int, P, int)
WRAP2(shutdown, SYS_shutdown, int, int)
WRAP3(getsockname, SYS_getsockname, int, P, P)
WRAP3(getpeername, SYS_getpeername, int, P, P)
WRAP5(setsockopt, SYS_setsockopt, int, int, int, P, int)
WRAP5(getsockopt, SYS_getsockopt, int, int, int, P, P)
WRAP6(sendto, SYS_sendto, int, P, S, int, P, int)
WRAP6(recvfrom, SYS_recvfrom, int, P, S, int, P, P)
long __wrap_send(int a, P b, S c, int d) { return call(SYS_sendto, a, b, c, d, 0, 0); }
long __wrap_recv(int a, P b, S c, int d) { return call(SYS_recvfrom, a, b, c, d, 0, 0); }
WRAP3(sendmsg, SYS_sendmsg, int, P, int)
WRAP3(recvmsg, SYS_recvmsg, int, P, int)
WRAP4(sendmmsg, SYS_sendmmsg, int, P, int, int)
WRAP5(recvmmsg, SYS_recvmmsg, int, P, int, int, P)
WRAP1(pipe, SYS_pipe, P)
WRAP2(pipe2, SYS_pipe2, P, int)
WRAP2(eventfd, SYS_eventfd2, unsigned, int)
WRAP2(timerfd_create, SYS_timerfd_create, int, int)
WRAP4(timerfd_settime, SYS_timerfd_settime, int, int, P, P)
WRAP2(timerfd_gettime, SYS_timerfd_gettime, int, P)
WRAP1(epoll_create, SYS_epoll_create, int)
WRAP1(epoll_create1, SYS_epoll_create1, int)
WRAP4(epoll_ctl, SYS_epoll_ctl, int, int, int, P)
WRAP4(epoll_wait, SYS_epoll_wait, int, P, int, int)
WRAP3(poll, SYS_poll, P, long, int)
long __wrap_ppoll(P a, long b, P c, P d) { return call(SYS_ppoll, a, b, c, d, 8); }
WRAP5(select, SYS_select, int, P, P, P, P)
long __wrap_pselect(int a, P b, P c, P d, P e, P) { return call(SYS_pselect6, a, b, c, d, e, 0); }
}
