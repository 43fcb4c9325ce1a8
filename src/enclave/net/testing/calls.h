// SPDX-License-Identifier: Apache-2.0
// Typed system calls of the harness for tests: results as Linux's kernel gives them (negative errno).
#pragma once
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>
#include "src/enclave/net/testing/host_harness.h"

namespace cloister::testing {
template <typename T>
std::uint64_t word_of(T value) {
  if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<std::uint64_t>(value);
  else if constexpr (std::is_null_pointer_v<T>)
    return 0;
  else
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}
template <typename... A>
long call(long number, A... arguments) {
  return system_call(number, word_of(arguments)...);
}

inline std::atomic<std::uint64_t> next_program_address{0x20'0000'0000};
// Memory where a program's would lie. Never freed.
template <typename T>
T* program_memory(std::size_t count = 1) {
  const std::size_t size = (count * sizeof(T) + 4095) & ~std::size_t{4095};
  void* const at = mmap(reinterpret_cast<void*>(next_program_address.fetch_add(size)), size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return static_cast<T*>(at);
}

// Two connected TCP sockets and their listener.
struct Connection {
  int listener = -1, client = -1, server = -1;
  // `flags`: SOCK_NONBLOCK for connections that must never make a test wait.
  explicit Connection(int flags = 0) {
    auto* const address = program_memory<sockaddr_in>();
    auto* const size = program_memory<int>();
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = static_cast<int>(call(SYS_socket, AF_INET, SOCK_STREAM | flags, 0));
    call(SYS_bind, listener, address, sizeof *address);
    call(SYS_listen, listener, 16);
    *size = sizeof *address;
    call(SYS_getsockname, listener, address, size);
    client = static_cast<int>(call(SYS_socket, AF_INET, SOCK_STREAM | flags, 0));
    call(SYS_connect, client, address, sizeof *address);
    server = static_cast<int>(call(SYS_accept4, listener, nullptr, nullptr, flags));
  }
  ~Connection() {
    for (const int descriptor : {listener, client, server})
      if (descriptor >= 0) call(SYS_close, descriptor);
  }
};
}  // namespace cloister::testing
