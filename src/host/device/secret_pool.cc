// SPDX-License-Identifier: Apache-2.0
#include "src/host/device/secret_pool.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include "abi/enclave_layout.h"

namespace cloister::host {
namespace {
using layout::kPageSize;
constexpr std::uint64_t kHomeSize = 1ULL << 40;  // addresses only
constexpr std::uint64_t kChunkPages = SecretPool::kChunkSize / kPageSize;
// What may lie about unused, besides half of what is lent; beyond that, any page serves any address.
constexpr std::uint64_t kIdlePages = (64 << 20) / kPageSize;
constexpr std::uint64_t kUsefulRun = 8;  // used runs below this many pages only serve requests as small

void* at(std::uint64_t address) { return reinterpret_cast<void*>(address); }

// What becomes of the addresses that pages leave. At home they must stay taken: the kernel would give a hole to the
// next mmap, and the pages that come back would replace whatever that was.
enum Leaving : int { kLeavesHole = 0, kStaysTaken = MREMAP_DONTUNMAP };

// One mremap, or several when the kernel keeps the range as several mappings.
long move_pages(std::uint64_t from, std::uint64_t to, std::uint64_t pages, Leaving leaving) {
  const std::uint64_t size = pages * kPageSize;
  if (mremap(at(from), size, size, MREMAP_MAYMOVE | MREMAP_FIXED | leaving, at(to)) != MAP_FAILED) return 0;
  if (errno != EFAULT || pages == 1) return -errno;
  const std::uint64_t half = pages / 2;
  if (const long error = move_pages(from, to, half, leaving); error != 0) return error;
  return move_pages(from + half * kPageSize, to + half * kPageSize, pages - half, leaving);
}
}  // namespace

std::uint64_t SecretPool::home_of(std::uint64_t number) const { return home_ + number * kPageSize; }

bool SecretPool::grow() {
  if (home_ == 0) {
    void* const home = mmap(nullptr, kHomeSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (home == MAP_FAILED) return false;
    madvise(home, kHomeSize, MADV_DONTDUMP);
    home_ = reinterpret_cast<std::uint64_t>(home);
  }
  if ((end_ + kChunkPages) * kPageSize > kHomeSize) return false;
  const int file = static_cast<int>(syscall(SYS_memfd_secret, 0));
  if (file < 0) return false;
  constexpr std::uint64_t kSize = kChunkPages * kPageSize;
  const bool mapped =
      ftruncate(file, static_cast<off_t>(kSize)) == 0 &&
      mmap(at(home_of(end_)), kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
  close(file);
  if (!mapped) return false;
  keep(fresh_, {end_, kChunkPages});
  end_ += kChunkPages;
  return true;
}

// Neighbours become one run, but not across chunks: those are different files.
void SecretPool::keep(Runs& runs, Run run) {
  if (&runs == &used_) used_count_ += run.count;
  auto next = runs.lower_bound(run.first);
  if (next != runs.end() && next->first == run.first + run.count && next->first % kChunkPages != 0) {
    run.count += next->second;
    next = runs.erase(next);
  }
  if (next != runs.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == run.first && run.first % kChunkPages != 0) {
      before->second += run.count;
      return;
    }
  }
  runs.emplace(run.first, run.count);
}

// A free run of at most `wanted` and, if there is any, at least `enough` pages; used ones first. An empty one if there
// is none.
SecretPool::Run SecretPool::pick(std::uint64_t wanted, std::uint64_t enough, bool* used) {
  for (Runs* const runs : {&used_, &fresh_}) {
    unsigned tries = 0;
    for (auto each = runs->begin(); each != runs->end() && tries < 256; ++each, ++tries) {
      if (each->second < enough) continue;
      const Run found{each->first, std::min(each->second, wanted)};
      const Run rest{found.first + found.count, each->second - found.count};
      runs->erase(each);
      if (rest.count != 0) runs->emplace(rest.first, rest.count);
      *used = runs == &used_;
      if (*used) used_count_ -= found.count;
      return found;
    }
  }
  return {0, 0};
}

// A whole slot from what is free; more memory for it only as long as little lies about.
bool SecretPool::make_slot(std::uint64_t address) {
  constexpr std::uint64_t kPages = SecretSlots::kPages;
  for (;;) {
    for (Runs* const runs : {&used_, &fresh_}) {
      unsigned tries = 0;
      for (auto each = runs->begin(); each != runs->end() && tries < 256; ++each, ++tries) {
        const auto [start, count] = *each;
        const std::uint64_t first = (start + kPages - 1) / kPages * kPages;
        if (first + kPages > start + count) continue;
        runs->erase(each);
        if (first != start) runs->emplace(start, first - start);
        if (first + kPages != start + count) runs->emplace(first + kPages, start + count - first - kPages);
        if (runs == &used_) used_count_ -= kPages;
        slots_.add(address, first, runs == &used_);
        return true;
      }
    }
    if (!has_room_to_wait() || !grow()) return false;
  }
}

// Pages for `address`: its own, if they are free, else any.
SecretSlots::Run SecretPool::pick_for(std::uint64_t address, std::uint64_t wanted) {
  if (slots_.has(address) || make_slot(address))
    if (const SecretSlots::Run own = slots_.take(address, wanted); own.count != 0) return own;
  for (;;) {
    bool used = false;
    const Run run = pick(wanted, std::min(wanted, kUsefulRun), &used);
    if (run.count != 0 || !grow()) return {run.first, run.count, used};
  }
}

void SecretPool::note_lent(std::uint64_t address, Run run) {
  lent_count_ += run.count;
  if (auto next = lent_.upper_bound(address); next != lent_.begin()) {
    auto& [start, before] = *std::prev(next);
    if (start + before.count * kPageSize == address && before.first + before.count == run.first &&
        run.first % kChunkPages != 0) {
      before.count += run.count;
      return;
    }
  }
  lent_[address] = run;
}

template <typename Visit>
void SecretPool::for_lent(std::uint64_t address, std::uint64_t size, Visit visit) {
  const std::uint64_t end = address + size;
  auto each = lent_.upper_bound(address);
  if (each != lent_.begin()) --each;
  while (each != lent_.end() && each->first < end) {
    const std::uint64_t start = each->first, stop = start + each->second.count * kPageSize;
    if (stop <= address) {
      ++each;
      continue;
    }
    const Run run = each->second;
    const std::uint64_t from = std::max(start, address), to = std::min(stop, end);
    each = lent_.erase(each);
    if (start < from) lent_[start] = {run.first, (from - start) / kPageSize};
    if (to < stop) each = lent_.emplace(to, Run{run.first + (to - start) / kPageSize, (stop - to) / kPageSize}).first;
    lent_count_ -= (to - from) / kPageSize;
    visit(from, Run{run.first + (from - start) / kPageSize, (to - from) / kPageSize});
  }
}

long SecretPool::take(std::uint64_t address, std::uint64_t size) {
  const std::lock_guard<std::mutex> guard(mutex_);
  std::uint64_t left = size / kPageSize;
  while (left != 0) {
    const SecretSlots::Run run = pick_for(address, left);
    if (run.count == 0) return -ENOMEM;  // what was moved already counts as lent and comes back with the range
    if (run.used) std::memset(at(home_of(run.first)), 0, run.count * kPageSize);
    if (const long error = move_pages(home_of(run.first), address, run.count, kStaysTaken); error != 0) return error;
    note_lent(address, {run.first, run.count});
    address += run.count * kPageSize;
    left -= run.count;
  }
  return 0;
}

std::uint64_t SecretPool::take_in_place(std::uint64_t size) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const std::uint64_t pages = size / kPageSize;
  if (pages > kChunkPages) return 0;
  for (;;) {
    bool used;
    const Run run = pick(pages, pages, &used);
    if (run.count != 0) {
      note_lent(home_of(run.first), run);
      return home_of(run.first);
    }
    if (!grow()) return 0;
  }
}

long SecretPool::move(std::uint64_t from, std::uint64_t to, std::uint64_t size) {
  const std::lock_guard<std::mutex> guard(mutex_);
  long result = 0;
  for_lent(from, size, [&](std::uint64_t address, Run run) {
    const Leaving leaving = address == home_of(run.first) ? kStaysTaken : kLeavesHole;
    const long error = move_pages(address, to + (address - from), run.count, leaving);
    if (error == 0)
      note_lent(to + (address - from), run);
    else
      result = error;
  });
  return result;
}

bool SecretPool::has_room_to_wait() const { return slots_.idle() + used_count_ <= kIdlePages + lent_count_ / 2; }

// Pages that are back at home: to their slot, or to all.
void SecretPool::take_home(std::uint64_t from, Run run) {
  using After = SecretSlots::After;
  while (run.count != 0) {
    std::uint64_t count = slots_.own(from, run.first, run.count);
    if (count != 0) {
      const After after = has_room_to_wait() ? After::waits : After::serves_any;
      for (const SecretSlots::Run& freed : slots_.give_back(from, count, after))
        keep(used_, {freed.first, freed.count});
    } else {
      count = std::min(run.count, SecretSlots::kPages - run.first % SecretSlots::kPages);
      keep(used_, {run.first, count});
    }
    from += count * kPageSize;
    run = {run.first + count, run.count - count};
  }
}

void SecretPool::give_back(std::uint64_t address, std::uint64_t size) {
  const std::lock_guard<std::mutex> guard(mutex_);
  for_lent(address, size, [this](std::uint64_t from, Run run) {
    const std::uint64_t home = home_of(run.first);
    if (from != home) {
      // One protection makes it one mapping again. None: the enclave may already use these addresses anew, and whoever
      // touches them must fault, not write to a page that is about to go.
      mprotect(at(from), run.count * kPageSize, PROT_NONE);
      if (move_pages(from, home, run.count, kLeavesHole) != 0) return;  // lost to us, unmapped by the caller
    }
    mprotect(at(home), run.count * kPageSize, PROT_READ | PROT_WRITE);
    take_home(from, run);
  });
}
}  // namespace cloister::host
