// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/send_account.h"
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/sockios.h>
#include <poll.h>
#include "src/boundary/rules.h"
#include "src/enclave/core/host_call.h"

namespace cloister::core {
namespace {
// What the kernel's buffer is charged for one write beside its bytes (an sk_buff and its headers), rounded up.
constexpr std::uint32_t kOverhead = 2304;
}  // namespace

bool SendAccount::is_connected(HostAddress buffer) const {
  store_host_word(buffer, static_cast<std::uint64_t>(host_descriptor_) | std::uint64_t{POLLOUT} << 32);
  const long count = host_call(HostCall::poll, buffer, std::uint64_t{1}, std::uint64_t{0});
  if (count <= 0) return false;
  const std::uint64_t events = load_host_word(buffer).unverified_because("judged in the next line") >> 48;  // revents
  if (CLOISTER_KEEPS(I_7) && (events == 0 || (events & ~std::uint64_t{POLLOUT | POLLERR | POLLHUP}) != 0))
    host_lied(HostCall::poll, "events that nobody asked for");
  return events == POLLOUT;
}

std::uint32_t SendAccount::buffer_size(HostAddress buffer) const {
  store_host_word(buffer, sizeof(std::uint32_t));
  if (host_call(HostCall::getsockopt, static_cast<std::uint64_t>(host_descriptor_), std::uint64_t{SOL_SOCKET},
                std::uint64_t{SO_SNDBUF}, buffer + 8, buffer) < 0)
    return 0;
  (void)load_host_word(buffer).low_half().at_most(sizeof(std::uint32_t), HostCall::getsockopt, "more than asked");
  return static_cast<std::uint32_t>(load_host_word(buffer + 8).unverified_because("a hint; any number is one"));
}

// Bytes that the peer has not acknowledged.
std::uint32_t SendAccount::unacknowledged(HostAddress buffer) const {
  constexpr std::uint32_t kUnknown = ~std::uint32_t{0};
  store_host_word(buffer, kUnknown);
  if (host_call(HostCall::ioctl_of_socket, static_cast<std::uint64_t>(host_descriptor_), std::uint64_t{SIOCOUTQ},
                buffer) != 0)
    return kUnknown;
  return static_cast<std::uint32_t>(load_host_word(buffer).unverified_because("a hint; any number is one"));
}

void SendAccount::charge(std::uint64_t size) {
  constexpr std::uint64_t kEnough = 1 << 30;
  if (size > kMostCharged) size = kMostCharged;  // which is too much, however much more it is
  const std::uint64_t charged = charged_ + size + kOverhead;
  charged_ = static_cast<std::uint32_t>(charged < kEnough ? charged : kEnough);
  bytes_ += static_cast<std::uint32_t>(size);
  last_queued_ = 0;
}

bool SendAccount::fits(std::uint64_t size) const { return charged_ + size + kOverhead <= limit_; }

bool SendAccount::has_room_for(Thread* thread, std::uint64_t size) { return fits(size) || ask(thread, size); }

[[gnu::noinline]] bool SendAccount::ask(Thread* thread, std::uint64_t size) {
  if (direct_left_ > 0) {
    --direct_left_;
    return false;
  }
  direct_left_ = kDirectWrites;
  const HostAddress buffer = bounce_buffer(thread);
  if (limit_ == 0) {
    if (!is_connected(buffer)) return false;
    const std::uint32_t share = buffer_size(buffer) / kShare;
    limit_ = share < kMostCharged ? share : kMostCharged;
  }
  const std::uint32_t left = unacknowledged(buffer);
  if (left > bytes_) return false;  // not all of it is accounted for
  if (left == 0) charged_ = bytes_ = 0;
  if (left != 0 && left <= last_queued_)
    charged_ = (bytes_ = last_queued_) + kOverhead;  // the peer has all but of the last write
  if (!fits(size)) return false;
  direct_left_ = 0;
  return true;
}
}  // namespace cloister::core
