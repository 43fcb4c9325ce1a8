// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/host_transport.h"
#include <signal.h>
#include <cerrno>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/interrupt.h"

namespace cloister::configure {
namespace {
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr int kEndingSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

// What the signals were stays noted, and is announced again when the program starts.
void forget_work() { __atomic_store_n(&core::current_thread()->work, 0, __ATOMIC_RELEASE); }
}  // namespace

Result<void> SignalsAtStart::check() {
  const std::uint64_t signals = __atomic_load_n(&core::current_thread()->host_signals, __ATOMIC_RELAXED);
  for (const int signal : kEndingSignals)
    if ((signals >> (signal - 1) & 1) != 0) {
      ended_by_ = signal;
      return Error::from_errno(EINTR, "a signal");
    }
  forget_work();
  return {};
}

void SignalsAtStart::announce_kept() {
  core::Thread* const thread = core::current_thread();
  if (__atomic_load_n(&thread->host_signals, __ATOMIC_RELAXED) != 0)
    __atomic_fetch_or(&thread->work, static_cast<std::uint64_t>(core::kWorkHostSignal), __ATOMIC_RELEASE);
}

Result<void> SignalsAtStart::pause(std::uint64_t nanoseconds) {
  const std::uint64_t end = core::monotonic_now() + nanoseconds;
  for (std::uint64_t now = core::monotonic_now(); now < end; now = core::monotonic_now()) {
    const core::HostAddress time_out = core::bounce_buffer();
    core::store_host_word(time_out, (end - now) / kSecond);
    core::store_host_word(time_out + 8, (end - now) % kSecond);
    // Host may: come back early; then the rest is waited again.
    if (core::interruptible_host_call(HostCall::ppoll, 0, 0, time_out, 0, 8) == -EINTR) TRY(check());
  }
  return {};
}

Result<void> HostTransport::after_interruption() {
  if (signals_ != nullptr) return signals_->check();
  forget_work();
  return {};
}

Result<std::size_t> HostTransport::read_some(std::span<std::uint8_t> to) {
  for (;;) {
    auto got = stream_.read_some(to);
    if (got.ok() || got.error().errno_value() != EINTR) return got;
    TRY(after_interruption());
  }
}

Result<void> HostTransport::write_all(std::span<const std::uint8_t> from) {
  while (!from.empty()) {
    const auto sent = stream_.write_some(from);
    if (sent.ok())
      from = from.subspan(sent.value());
    else if (sent.error().errno_value() == EINTR)
      TRY(after_interruption());
    else
      return sent.error();
  }
  return {};
}

void HostTransport::set_patience(std::uint64_t nanoseconds) {
  stream_.set_deadline(core::monotonic_now() + nanoseconds);
}
}  // namespace cloister::configure
