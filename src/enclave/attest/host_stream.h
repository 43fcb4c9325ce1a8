// SPDX-License-Identifier: Apache-2.0
// A TCP connection of the runtime itself: to a service of this host or of the owner, by numeric address. Trusted,
// kernel storey. No program sees its descriptor, and it lives on host calls of the table like any socket.
//
// Whoever is at the other end, and the host between, may say anything, late or never: every wait ends at the deadline
// (a host that does not answer the waiting call itself can only stop this thread). Nothing that is read is trusted.
#pragma once
#include <cstdint>
#include <span>
#include "src/base/endpoint.h"
#include "src/base/result.h"

namespace cloister::attest {

// What a signal for the task does to a wait: ends it with EINTR, or nothing. Before there is a program, nothing does.
enum class OnSignal { interrupt, keep_waiting };

class HostStream {
 public:
  // `deadline` is a time of CLOCK_MONOTONIC in nanoseconds. The host's error (ECONNREFUSED and its kin), ETIMEDOUT past
  // the deadline, EINTR.
  static Result<HostStream> connect(const Endpoint& to, std::uint64_t deadline, OnSignal on_signal);
  HostStream(HostStream&& other) noexcept;
  HostStream& operator=(HostStream&&) = delete;
  ~HostStream();

  // For all that follows.
  void set_deadline(std::uint64_t deadline) { deadline_ = deadline; }

  // Waits for at least one byte. 0: the other end has closed, or `to` is empty.
  Result<std::size_t> read_some(std::span<std::uint8_t> to);
  Result<std::size_t> write_some(std::span<const std::uint8_t> from);
  // All of it; ECONNRESET when the other end closes before.
  Result<void> read_exactly(std::span<std::uint8_t> to);
  Result<void> write_all(std::span<const std::uint8_t> from);

 private:
  HostStream(int descriptor, std::uint64_t deadline, OnSignal on_signal)
      : descriptor_(descriptor), deadline_(deadline), on_signal_(on_signal) {}
  Result<void> establish(const Endpoint& to);
  Result<void> wait_for(std::uint32_t events);

  int descriptor_;  // of the host, without blocking; -1: moved away
  std::uint64_t deadline_;
  OnSignal on_signal_;
};
}  // namespace cloister::attest
