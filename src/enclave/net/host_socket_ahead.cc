// SPDX-License-Identifier: Apache-2.0
// What was received from a socket of the host before the program asked (core/prefetch.h): who may, and all that finds
// it but the core's read and recvfrom.
#include <algorithm>
#include <mutex>
#include "src/enclave/core/prefetch.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/net/host_socket.h"
#include "src/enclave/net/lasting_pool.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::net {
namespace {
using core::Prefetched;

constinit LastingPool<Prefetched> prefetched_pool;

Prefetched* take() {
  static const struct Memory {
    Memory() { core::set_prefetch_memory(new std::byte[core::kPrefetchSlots * kPrefetchSize]); }
  } memory;
  return prefetched_pool.take();
}

void give_back(Prefetched* prefetched) {
  prefetched->is_stopped = false;
  prefetched_pool.give_back(prefetched);
}
}  // namespace

void HostSocket::allow_receive_ahead(bool by_edge) {
  if (!is_tcp() || is_ahead_forbidden_) return;
  Prefetched* const taken = take();
  Prefetched* none = nullptr;
  if (!prefetched.compare_exchange_strong(none, taken)) give_back(taken);
  prefetched.load(std::memory_order_relaxed)->begin_watch(by_edge);
  if (is_ahead_forbidden_) stop_receive_ahead();  // by whoever did not see it yet
}

void HostSocket::forbid_receive_ahead() {
  is_ahead_forbidden_ = true;
  stop_receive_ahead();
}

// Linux resets a connection that ends with something unread. The host's socket has nothing unread any more.
void HostSocket::reset_if_unread() {
  if (!core::has_prefetched(*this)) return;
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  core::copy_to_host(core::bounce_buffer(), &at_once, sizeof at_once);
  (void)vfs::quick_host_call(HostCall::setsockopt, host(), SOL_SOCKET, SO_LINGER, core::bounce_buffer(),
                             sizeof at_once);
}

void HostSocket::process_ends() { reset_if_unread(); }

void HostSocket::end_receive_ahead() {
  stop_receive_ahead();
  reset_if_unread();
  forget_prefetched();
  Prefetched* const here = prefetched.exchange(nullptr, std::memory_order_acq_rel);
  if (here != nullptr) give_back(here);
}

void HostSocket::forget_prefetched() {
  Prefetched* const here = prefetched.load(std::memory_order_acquire);
  if (here == nullptr) return;
  const core::LockGuard guard(here->lock);
  here->clear();
  here->is_stopped = true;
}

// Bytes, before the host is asked how many it has: no more are taken from there.
std::uint32_t HostSocket::count_prefetched() {
  Prefetched* const here = prefetched.load(std::memory_order_acquire);
  if (here == nullptr) return 0;
  here->stop();
  return here->count();
}

bool HostSocket::has_prefetched_error() const {
  const Prefetched* const here = prefetched.load(std::memory_order_acquire);
  return here != nullptr && here->error.load(std::memory_order_relaxed) != 0;
}

int HostSocket::take_prefetched_error() {
  Prefetched* const here = prefetched.load(std::memory_order_acquire);
  return here == nullptr ? 0 : -here->error.exchange(0, std::memory_order_relaxed);
}

// Of what was received ahead, or sent behind.
int HostSocket::take_noted_error() {
  const int error = take_prefetched_error();
  return error != 0 ? error : core::take_send_error(this);
}

// The beginning of the message, or the error, that was received ahead; nothing: all of it is the host's.
std::optional<Result<std::size_t>> HostSocket::receive_prefetched(IncomingMessage& message) {
  Prefetched* const here = prefetched.load(std::memory_order_acquire);
  if (here == nullptr) return std::nullopt;
  here->stop();
  if ((message.flags & (MSG_OOB | MSG_ERRQUEUE)) != 0) return std::nullopt;
  const core::LockGuard guard(here->lock);
  const std::uint32_t left = here->left.load(std::memory_order_relaxed);
  if (left == 0) {
    const int error = take_prefetched_error();
    if (error == 0) return std::nullopt;
    return Error::from_errno(error);
  }
  here->take_in();
  const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(message.data.size(), left));
  if ((message.flags & MSG_TRUNC) == 0) {
    const auto filled = message.data.fill(0, here->data + here->begin, count);
    if (!filled.ok()) return filled.error();
  }
  if ((message.flags & MSG_PEEK) == 0)
    here->consume(count, nullptr);
  else
    here->is_counted = true;
  message.source = {};
  message.control.clear();
  message.result_flags = 0;
  return std::size_t{count};
}

// The host may have more behind what was received ahead.
Result<std::size_t> HostSocket::receive(Task&, IncomingMessage& message) {
  auto here = receive_prefetched(message);
  const bool is_here = here.has_value();
  auto first = is_here ? std::move(*here) : receive_from_host(message);
  if (!first.ok()) {
    if (first.error().errno_value() != EAGAIN) core::stop_write_behind(this);
    return first;
  }
  const std::size_t count = first.value();
  if (!is_here) {
    const int error = count == 0 && message.data.size() > 0 ? core::take_send_error(this) : 0;
    if (error != 0) return Error::from_errno(error);
    return first;
  }
  if (count == message.data.size()) return count;
  IncomingMessage rest{.data = message.data.slice(count, message.data.size() - count),
                       .flags = message.flags,
                       .source = {},
                       .control = {}};
  if ((message.flags & MSG_WAITALL) == 0) rest.flags |= MSG_DONTWAIT;
  const auto more = receive_from_host(rest);
  if (!more.ok()) core::keep_read_error(this, -more.error().errno_value());
  return count + (more.ok() ? more.value() : 0);
}
}  // namespace cloister::net
