// SPDX-License-Identifier: Apache-2.0
// Options of a socket of the host. Which exist says socket_options.cc; what we know ourselves is answered here.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <algorithm>
#include <array>
#include <cstring>
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/net/host_socket.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::net {
namespace {
constexpr std::size_t kMaxOptionSize = 256;
constexpr std::uint64_t kSizeOffset = 0, kValueOffset = 8;
constexpr std::uint32_t kOverflowId = 65534;

std::vector<std::uint8_t> bytes_of(const void* value, std::size_t size, std::size_t capacity) {
  const auto* const bytes = static_cast<const std::uint8_t*>(value);
  return std::vector<std::uint8_t>(bytes, bytes + std::min(size, capacity));
}

// Whose process the peer is says the host; it can only be believed in that the peer is we ourselves or somebody else.
std::vector<std::uint8_t> peer_credentials(Task& task, const std::vector<std::uint8_t>& host, std::size_t capacity) {
  ucred credentials{};
  if (host.size() == sizeof credentials) std::memcpy(&credentials, host.data(), sizeof credentials);
  if (credentials.pid == static_cast<pid_t>(task.process.pid)) {
    const std::lock_guard guard(task.process.mutex);
    credentials.uid = task.process.credentials.euid;
    credentials.gid = task.process.credentials.egid;
  } else if (credentials.pid != 0) {
    credentials.uid = credentials.gid = kOverflowId;
  }
  return bytes_of(&credentials, sizeof credentials, capacity);
}
// Some options may be refused for reasons that others do not have.
HostCall call_that_sets(int level, int name) {
  if (level == IPPROTO_TCP && name == TCP_CONGESTION) return HostCall::setsockopt_algorithm;
  const bool is_group = level == IPPROTO_IP ? name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP ||
                                                  name == IP_ADD_SOURCE_MEMBERSHIP || name == IP_DROP_SOURCE_MEMBERSHIP
                                            : level == IPPROTO_IPV6 && name == IPV6_ADD_MEMBERSHIP;
  return is_group ? HostCall::setsockopt_group : HostCall::setsockopt;
}

// Options that say nothing about how and when data is received, or sent unless it is the size of the buffer for that.
bool is_usual(int level, int name) {
  constexpr int kOfSocket[] = {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_LINGER, SO_SNDBUF, SO_RCVBUF, SO_PRIORITY};
  constexpr int kOfTcp[] = {TCP_NODELAY,  TCP_CORK,     TCP_KEEPIDLE,     TCP_KEEPINTVL,    TCP_KEEPCNT,
                            TCP_QUICKACK, TCP_FASTOPEN, TCP_USER_TIMEOUT, TCP_DEFER_ACCEPT, TCP_SYNCNT};
  const auto contains = [name](std::span<const int> names) { return std::ranges::find(names, name) != names.end(); };
  switch (level) {
    case SOL_SOCKET: return contains(kOfSocket);
    case IPPROTO_TCP: return contains(kOfTcp);
    case IPPROTO_IP: return name == IP_TOS || name == IP_TTL;
    case IPPROTO_IPV6: return name == IPV6_V6ONLY || name == IPV6_TCLASS;
    default: return false;
  }
}
}  // namespace

void HostSocket::note_time_out(int name, std::span<const std::uint8_t> value) {
  const bool set = std::any_of(value.begin(), value.end(), [](std::uint8_t byte) { return byte != 0; });
  if (name == SO_RCVTIMEO || name == SO_RCVTIMEO_NEW)
    has_receive_time_out_ = set;
  else if (name == SO_SNDTIMEO || name == SO_SNDTIMEO_NEW)
    has_send_time_out_ = set;
  else
    return;
  // While there is a time-out the fast path leaves this socket to us.
  kind = has_receive_time_out_ || has_send_time_out_ ? core::FileKind::other : core::FileKind::host_socket;
}

// TCP_CORK of a socket whose sends wait (core/write_behind.h).
bool HostSocket::corks_itself(std::span<const std::uint8_t> value) {
  core::WriteBehind* const behind = write_behind.load(std::memory_order_acquire);
  if (behind == nullptr || value.size() != sizeof(int)) return false;
  int on;
  std::memcpy(&on, value.data(), sizeof on);
  return on != 0 ? behind->cork(core::current_thread()) : behind->uncork(core::current_thread());
}

bool HostSocket::is_corked() const {
  const core::WriteBehind* const behind = write_behind.load(std::memory_order_acquire);
  return behind != nullptr && behind->is_corked;
}

void HostSocket::note_cork(std::span<const std::uint8_t> value) {
  is_host_corked_ = std::any_of(value.begin(), value.end(), [](std::uint8_t byte) { return byte != 0; });
  if (core::WriteBehind* const behind = write_behind.load(std::memory_order_acquire); behind != nullptr)
    behind->is_host_corked = is_host_corked_.load();
}

// Host may: not do it.
Result<void> HostSocket::set_option(int level, int name, std::span<const std::uint8_t> value) {
  const SocketOption* const known = find_socket_option(level, name);
  if (known == nullptr || !known->can_set) return Error::from_errno(ENOPROTOOPT);
  value = value.first(std::min<std::size_t>(value.size(), known->size));
  const bool is_cork = level == IPPROTO_TCP && name == TCP_CORK;
  if (is_cork && corks_itself(value)) return {};
  finish_write_behind();
  core::copy_to_host(core::bounce_buffer(), value.data(), value.size());
  TRY(vfs::quick_host_call(call_that_sets(level, name), host(), static_cast<std::uint64_t>(level),
                           static_cast<std::uint64_t>(name), core::bounce_buffer(), value.size()));
  if (level == SOL_SOCKET) note_time_out(name, value);
  if (is_cork) note_cork(value);
  const bool usual = is_usual(level, name);
  if (!usual) forbid_receive_ahead();
  if (!usual || (level == SOL_SOCKET && name == SO_SNDBUF)) forbid_write_behind();
  return {};
}

// Host may: claim a longer value than asked (stop), fill it with anything, or with an error number that does not exist
// (stop).
Result<std::vector<std::uint8_t>> HostSocket::option(Task& task, int level, int name, std::size_t capacity) {
  const SocketOption* const known = find_socket_option(level, name);
  if (known == nullptr) return Error::from_errno(has_option_level(socket_kind(), level) ? ENOPROTOOPT : EOPNOTSUPP);
  if (level == SOL_SOCKET) {
    const SocketKind& what = socket_kind();
    if (name == SO_TYPE) return bytes_of(&what.type, sizeof what.type, capacity);
    if (name == SO_DOMAIN) return bytes_of(&what.family, sizeof what.family, capacity);
    if (const int error = name == SO_ERROR ? take_noted_error() : 0; error != 0)
      return bytes_of(&error, sizeof error, capacity);
  }
  if (const int on = 1; level == IPPROTO_TCP && name == TCP_CORK && is_corked())
    return bytes_of(&on, sizeof on, capacity);
  finish_write_behind();
  const bool is_credentials = level == SOL_SOCKET && name == SO_PEERCRED;
  const std::size_t asked = is_credentials ? sizeof(ucred) : std::min<std::size_t>(capacity, known->size);
  const core::HostAddress buffer = core::bounce_buffer();
  const std::array<std::uint8_t, kMaxOptionSize> zeros{};
  core::store_host_word(buffer + kSizeOffset, asked);
  core::copy_to_host(buffer + kValueOffset, zeros.data(), zeros.size());
  TRY(vfs::quick_host_call(HostCall::getsockopt, host(), static_cast<std::uint64_t>(level),
                           static_cast<std::uint64_t>(name), buffer + kValueOffset, buffer + kSizeOffset));
  const std::uint32_t size = core::load_host_word(buffer + kSizeOffset)
                                 .low_half()
                                 .at_most(static_cast<std::uint32_t>(asked), HostCall::getsockopt, "more than asked");
  std::vector<std::uint8_t> value(size);
  core::copy_from_host(value.data(), buffer + kValueOffset, size);
  if (level == SOL_SOCKET && name == SO_ERROR && size == sizeof(int)) {
    int error;
    std::memcpy(&error, value.data(), sizeof error);
    if (error != 0 && (error < 0 || !host_errors::kept_by_socket.contains(static_cast<std::uint64_t>(error))))
      core::host_lied(HostCall::getsockopt, "an error that a socket cannot have");
    if (error != 0) core::stop_write_behind(this);
  }
  return is_credentials ? peer_credentials(task, value, capacity) : std::move(value);
}
}  // namespace cloister::net
