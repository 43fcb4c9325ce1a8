// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/attest/host_stream.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::attest {
namespace {
constexpr std::uint64_t kSecond = 1'000'000'000;

std::uint16_t network_order(std::uint16_t port) { return static_cast<std::uint16_t>(port << 8 | port >> 8); }

// The address into the bounce buffer; its size.
std::uint64_t put_endpoint(const Endpoint& to) {
  if (to.is_v6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = network_order(to.port);
    std::memcpy(&address.sin6_addr, to.address.data(), sizeof address.sin6_addr);
    core::copy_to_host(core::bounce_buffer(), &address, sizeof address);
    return sizeof address;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = network_order(to.port);
  std::memcpy(&address.sin_addr, to.address.data(), sizeof address.sin_addr);
  core::copy_to_host(core::bounce_buffer(), &address, sizeof address);
  return sizeof address;
}
}  // namespace

HostStream::HostStream(HostStream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), deadline_(other.deadline_), on_signal_(other.on_signal_) {}
HostStream::~HostStream() {
  if (descriptor_ >= 0) (void)vfs::close_host_descriptor(descriptor_);
}

Result<HostStream> HostStream::connect(const Endpoint& to, std::uint64_t deadline, OnSignal on_signal) {
  const auto descriptor = TRY(vfs::quick_host_call(HostCall::socket, to.is_v6 ? AF_INET6 : AF_INET,
                                                   SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  HostStream stream(static_cast<int>(descriptor), deadline, on_signal);
  // Requests and answers are small, and wait for each other.
  core::store_host_word(core::bounce_buffer(), 1);
  TRY(vfs::quick_host_call(HostCall::setsockopt, descriptor, IPPROTO_TCP, TCP_NODELAY, core::bounce_buffer(),
                           sizeof(int)));
  TRY(stream.establish(to));
  return stream;
}

// Host may: claim success for what is no connection, which the first exchange shows. Asked again, connect() says how an
// attempt of before has ended.
Result<void> HostStream::establish(const Endpoint& to) {
  for (;;) {
    const std::uint64_t size = put_endpoint(to);
    const auto result = vfs::quick_host_call(HostCall::connect, descriptor_, core::bounce_buffer(), size);
    if (result.ok() || result.error().errno_value() == EISCONN) return {};
    const int error = result.error().errno_value();
    if (error != EINPROGRESS && error != EALREADY) return result.error();
    TRY(wait_for(POLLOUT));
  }
}

// Host may: come back early or claim readiness, after which the call is only tried again. What it says of events is not
// looked at.
Result<void> HostStream::wait_for(std::uint32_t events) {
  for (;;) {
    const std::uint64_t now = core::monotonic_now();
    if (now >= deadline_) return Error::from_errno(ETIMEDOUT);
    const core::HostAddress host = core::bounce_buffer(), time_out = host + 8;
    core::store_host_word(host, static_cast<std::uint32_t>(descriptor_) | std::uint64_t{events} << 32);
    core::store_host_word(time_out, (deadline_ - now) / kSecond);
    core::store_host_word(time_out + 8, (deadline_ - now) % kSecond);
    const long result = on_signal_ == OnSignal::interrupt
                            ? core::interruptible_host_call(HostCall::ppoll, host, 1, time_out, 0, 8)
                            : core::host_call(HostCall::ppoll, host, 1, time_out, 0, 8);
    if (result > 0) return {};
    if (result < 0 && result != -EINTR) return Error::from_errno(static_cast<int>(-result));
    if (result == -EINTR && on_signal_ == OnSignal::interrupt) return Error::from_errno(EINTR);
    if (result == -EINTR) core::fetch_host_signals(core::current_thread());
  }
}

// Host may: give any bytes, no more than asked (the row).
Result<std::size_t> HostStream::read_some(std::span<std::uint8_t> to) {
  const std::size_t part = std::min<std::size_t>(to.size(), kBounceSize);
  if (part == 0) return std::size_t{0};
  for (;;) {
    const auto got = vfs::quick_host_call(HostCall::recvfrom, descriptor_, core::bounce_buffer(), part, 0, 0, 0);
    if (!got.ok() && got.error().errno_value() != EAGAIN) return got.error();
    if (got.ok()) {
      const auto count = static_cast<std::size_t>(got.value());
      core::copy_from_host(to.data(), core::bounce_buffer(), count);
      return count;
    }
    TRY(wait_for(POLLIN));
  }
}

Result<std::size_t> HostStream::write_some(std::span<const std::uint8_t> from) {
  const std::size_t part = std::min<std::size_t>(from.size(), kBounceSize);
  for (;;) {
    core::copy_to_host(core::bounce_buffer(), from.data(), part);
    const auto sent =
        vfs::quick_host_call(HostCall::sendto, descriptor_, core::bounce_buffer(), part, MSG_NOSIGNAL, 0, 0);
    if (sent.ok()) return static_cast<std::size_t>(sent.value());
    if (sent.error().errno_value() != EAGAIN) return sent.error();
    TRY(wait_for(POLLOUT));
  }
}

Result<void> HostStream::read_exactly(std::span<std::uint8_t> to) {
  while (!to.empty()) {
    const std::size_t got = TRY(read_some(to));
    if (got == 0) return Error::from_errno(ECONNRESET);
    to = to.subspan(got);
  }
  return {};
}

// Host may: claim for ever to have taken nothing; the deadline ends that.
Result<void> HostStream::write_all(std::span<const std::uint8_t> from) {
  while (!from.empty()) {
    const std::size_t sent = TRY(write_some(from));
    if (sent == 0 && core::monotonic_now() >= deadline_) return Error::from_errno(ETIMEDOUT);
    from = from.subspan(sent);
  }
  return {};
}
}  // namespace cloister::attest
