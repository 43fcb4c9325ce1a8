// SPDX-License-Identifier: Apache-2.0
// The host's epoll object behind one of ours: registration under tokens. Trusted, kernel storey.
#pragma once
#include <cstdint>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/core/epoll_table.h"

namespace cloister::vfs {
class EpollMember;

// Entries of the core's table: which index is free, and the seqlock's writing side. Its caller serialises.
class EpollEntries {
 public:
  explicit EpollEntries(core::EpollTable& table) : table_(table) {}
  ~EpollEntries();
  Result<std::uint32_t> allocate();  // ENOSPC
  // Gives the entry a new meaning; the token that the host shall hold for it from now on.
  std::uint64_t publish(std::uint32_t index, const EpollMember& member);
  bool is_in_use(std::uint32_t index) const;  // and not a one-shot entry that has fired
  void withdraw(std::uint32_t index);         // tokens given out so far are stale
  void release(std::uint32_t index);

 private:
  core::EpollTable& table_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = core::EpollTable::kFirstIndex;
};

// epoll_ctl at the host, `operation` EPOLL_CTL_*. EEXIST and ENOENT are lies: we know what is in it.
// Host may: refuse for lack of memory or because the file cannot be polled (EPERM).
Result<void> host_epoll_control(int epoll, int operation, int descriptor, std::uint32_t events, std::uint64_t token);
// Another host descriptor for the same open file description: a second registration needs one.
Result<int> duplicate_host_descriptor(int descriptor);
}  // namespace cloister::vfs
