// SPDX-License-Identifier: Apache-2.0
// What the host's TCP socket takes at once, as far as is known: a slow peer must not hold up the others, so only what
// the kernel's buffer has room for may wait for an exit (write_behind.h). Trusted, freestanding; one thread's.
#pragma once
#include <cstdint>
#include "src/enclave/core/thread.h"

namespace cloister::core {
class SendAccount {
 public:
  void set_host_descriptor(std::int32_t descriptor) { host_descriptor_ = descriptor; }
  std::int32_t host_descriptor() const { return host_descriptor_; }

  // Whether the kernel takes `size` bytes more at once. May ask the host. Host may: claim any number of bytes,
  // connected or not; what it says wrongly makes a write wait that would have failed.
  bool has_room_for(Thread* thread, std::uint64_t size);
  // The program writes so many bytes, or less.
  void charge(std::uint64_t size);
  // All of the `size` bytes that were charged last wait for the next exit.
  void note_queued(std::uint64_t size) { last_queued_ = static_cast<std::uint32_t>(size); }
  // Whether the next small write of a socket that works usually has room.
  bool is_open() const { return direct_left_ == 0; }
  // Large writes follow each other: for a while it is not asked.
  void expect_large() { direct_left_ = kDirectWrites; }

 private:
  static constexpr std::uint32_t kShare = 4, kMostCharged = 64 << 10;  // of SO_SNDBUF, and in all
  static constexpr std::uint32_t kFirstWrites = 2;                     // short connections pay no questions
  static constexpr std::uint32_t kDirectWrites = 63;                   // while the peer lags behind

  bool fits(std::uint64_t size) const;
  bool ask(Thread* thread, std::uint64_t size);
  bool is_connected(HostAddress buffer) const;
  std::uint32_t buffer_size(HostAddress buffer) const;
  std::uint32_t unacknowledged(HostAddress buffer) const;

  std::int32_t host_descriptor_ = -1;
  std::uint32_t charged_ = 0;                 // bytes of the kernel's buffer that the program's writes may use
  std::uint32_t bytes_ = 0;                   // of the program's data among those
  std::uint32_t last_queued_ = 0;             // of these, the last write's; 0: nobody knows how many it was
  std::uint32_t limit_ = 0;                   // of `charged_`; 0: not asked yet
  std::uint32_t direct_left_ = kFirstWrites;  // so many writes go out at once before the host is asked (again)
};
}  // namespace cloister::core
