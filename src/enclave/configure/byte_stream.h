// SPDX-License-Identifier: Apache-2.0
// What TLS runs over: bytes that come and go, with an end to every wait. Inside the enclave it is a connection of the
// host's (host_transport.h), in tests a socket.
#pragma once
#include <cstdint>
#include <span>
#include "src/base/result.h"

namespace cloister::configure {
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Waits for at least one byte; 0: the other end has closed.
  virtual Result<std::size_t> read_some(std::span<std::uint8_t> to) = 0;
  virtual Result<void> write_all(std::span<const std::uint8_t> from) = 0;
  // Every wait from now on ends in ETIMEDOUT after this time in all. Zero: nothing waits.
  virtual void set_patience(std::uint64_t nanoseconds) = 0;
};
}  // namespace cloister::configure
