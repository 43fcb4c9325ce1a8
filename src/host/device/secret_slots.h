// SPDX-License-Identifier: Apache-2.0
// Which page of secret memory belongs at which address. Linux merges neighbouring mappings only where the offsets in
// their file follow each other, too, and a process may have some 65,000 mappings: a program that touches its memory in
// an order of its own would soon have them all. So each megabyte of addresses in use has a slot, a megabyte of one
// file, and a page of it is lent to its own address, whatever the order. Untrusted side, software device only.
#pragma once
#include <bitset>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace cloister::host {

class SecretSlots {
 public:
  static constexpr std::uint64_t kPages = 256;
  // Page numbers as in SecretPool. `used`: they may have contents.
  struct Run {
    std::uint64_t first, count;
    bool used;
  };

  bool has(std::uint64_t address) const { return slots_.contains(region_of(address)); }
  // Gives the megabyte around `address` the pages [first, first + kPages), all of them free.
  void add(std::uint64_t address, std::uint64_t first, bool used);
  // The first of `wanted` pages at `address` that lie in one slot, are free and are used or not alike; none when the
  // page at `address` is taken or its megabyte has no slot.
  Run take(std::uint64_t address, std::uint64_t wanted);
  // How many of the `count` pages from `first` on, lent to `address` on, are their slot's for that address; 0: the
  // first is not.
  std::uint64_t own(std::uint64_t address, std::uint64_t first, std::uint64_t count) const;
  enum class After { waits, serves_any };
  // Pages as `own` says come back, to wait for their address or to be the caller's. The runs that are the caller's now:
  // when nothing of a slot is lent any more, what waits there, too, and the slot is gone.
  std::vector<Run> give_back(std::uint64_t address, std::uint64_t count, After after);
  // Used pages that wait.
  std::uint64_t idle() const { return idle_; }

 private:
  struct Slot {
    std::uint64_t first = 0;
    std::bitset<kPages> waiting, used, away;  // away: the caller's
  };
  static std::uint64_t region_of(std::uint64_t address);
  static std::uint64_t index_of(std::uint64_t address);

  std::unordered_map<std::uint64_t, Slot> slots_;  // by region
  std::uint64_t idle_ = 0;
};
}  // namespace cloister::host
