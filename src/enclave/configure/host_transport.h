// SPDX-License-Identifier: Apache-2.0
// TLS's bytes over a connection of the host's. Trusted, kernel storey.
//
// Host may: close, delay, change or swap anything, which TLS notices; never answer, which ends with the patience.
#pragma once
#include "src/enclave/attest/host_stream.h"
#include "src/enclave/configure/byte_stream.h"

namespace cloister::configure {

// What a signal of the host means for a wait of the runtime's own: before there is a program, one that asks it to end
// does end it (EINTR). Afterwards nothing does.
class SignalsAtStart {
 public:
  // After a wait that EINTR ended: EINTR if the start is to end, and which() says by what. Others are kept for later.
  Result<void> check();
  int which() const { return ended_by_; }
  // What was kept reaches the program, if it may.
  static void announce_kept();
  // Waits that long, or until a signal ends the start.
  Result<void> pause(std::uint64_t nanoseconds);

 private:
  int ended_by_ = 0;
};

class HostTransport final : public ByteStream {
 public:
  HostTransport(attest::HostStream stream, SignalsAtStart& signals) : stream_(std::move(stream)), signals_(&signals) {}
  Result<std::size_t> read_some(std::span<std::uint8_t> to) override;
  Result<void> write_all(std::span<const std::uint8_t> from) override;
  void set_patience(std::uint64_t nanoseconds) override;
  // The program runs: no signal counts here from now on.
  void ignore_signals() { signals_ = nullptr; }

 private:
  Result<void> after_interruption();

  attest::HostStream stream_;
  SignalsAtStart* signals_;
};
}  // namespace cloister::configure
