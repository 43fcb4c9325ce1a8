// SPDX-License-Identifier: Apache-2.0
// Secret memory (memfd_secret) in chunks, used again and again. Untrusted side, software device only.
//
// The first touch of a secret page is dear (20 us and more in virtual machines), a file of it takes four calls to make,
// and it gives memory back only as a whole. So it is taken in chunks whose descriptors are closed at once (an open one
// could be taken over by pidfd_getfd), pages are lent out by mremap, and what comes back is wiped and lent again.
// Chunks are never given back to the kernel. Pages go to the address that they had before, so that neighbours are one
// mapping (secret_slots.h).
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include "src/host/device/secret_slots.h"

namespace cloister::host {

class SecretPool {
 public:
  static constexpr std::uint64_t kChunkSize = 16 << 20;
  // `size` bytes of zeroes, readable and writable, mapped at `address` in place of what is there. 0 or a negative
  // errno.
  long take(std::uint64_t address, std::uint64_t size);
  // The same where the pool keeps them and with undefined contents, to be filled and moved: the address, or 0.
  std::uint64_t take_in_place(std::uint64_t size);
  // Moves lent pages; [from, from + size) has one protection. 0 or a negative errno.
  long move(std::uint64_t from, std::uint64_t to, std::uint64_t size);
  // Lent pages in the range come back; their addresses are left unmapped. Other pages are left alone.
  void give_back(std::uint64_t address, std::uint64_t size);
  // Bytes that the pool has, lent or not.
  std::uint64_t size() const { return end_ * 4096; }

 private:
  // Pages are numbered by where they lie when nobody uses them: number n at home_ + n * kPageSize.
  struct Run {
    std::uint64_t first, count;
  };
  using Runs = std::map<std::uint64_t, std::uint64_t>;  // first -> count

  bool grow();
  Run pick(std::uint64_t wanted, std::uint64_t enough, bool* used);
  SecretSlots::Run pick_for(std::uint64_t address, std::uint64_t wanted);
  bool make_slot(std::uint64_t address);
  bool has_room_to_wait() const;
  void take_home(std::uint64_t from, Run run);
  void keep(Runs& runs, Run run);
  std::uint64_t home_of(std::uint64_t number) const;
  void note_lent(std::uint64_t address, Run run);
  // Takes the lent pages of [address, address + size) out of the books, run by run.
  template <typename Visit>
  void for_lent(std::uint64_t address, std::uint64_t size, Visit visit);

  std::mutex mutex_;
  std::uint64_t home_ = 0, end_ = 0;               // pages [0, end_) exist
  Runs fresh_, used_;                              // free pages: never touched, and to be wiped
  std::map<std::uint64_t, Run> lent_;              // by address
  std::uint64_t lent_count_ = 0, used_count_ = 0;  // pages
  SecretSlots slots_;
};
}  // namespace cloister::host
