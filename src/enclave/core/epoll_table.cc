// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/epoll_table.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
namespace {
// Event `i` of the array in the bounce buffer, read in aligned words (S-13). 12-byte elements: odd ones start in
// mid-word.
EpollEvent load_event(HostAddress bounce, std::size_t i) {
  const HostAddress word = bounce + i / 2 * 24 + i % 2 * 8;
  const std::uint64_t low = load_host_word(word).unverified_because("translate() judges the event");
  const std::uint64_t high = load_host_word(word + 8).unverified_because("translate() judges the event");
  if (i % 2 == 0) return {static_cast<std::uint32_t>(low), low >> 32 | high << 32};
  return {static_cast<std::uint32_t>(low >> 32), high};
}

// Whether the event is the program's; then number `at` of `to` is filled.
bool translate(EpollTable& table, HostCall call, const EpollEvent& host, std::size_t at, const EpollTranslation& to) {
  const auto index = static_cast<std::uint32_t>(host.data);
  const auto generation = static_cast<std::uint32_t>(host.data >> 32);
  if (index < EpollTable::kFirstIndex) [[unlikely]] {
    if (generation != 0) host_lied(call, "a token that was never given out");
    auto& rung = index == EpollTable::kDoorbell ? table.doorbell_rung : table.nested_rung;
    rung.store(index == EpollTable::kDoorbell ? 0 : 1, std::memory_order_seq_cst);
    return false;
  }
  EpollEntry* entry = table.find(index);
  if (!CLOISTER_KEEPS(I_7) && (entry == nullptr || generation % 2 == 0)) return false;
  if (entry == nullptr || generation % 2 == 0) host_lied(call, "a token that was never given out");
  std::uint32_t current = entry->generation.load(std::memory_order_acquire);
  const std::uint64_t data = entry->data.load(std::memory_order_relaxed);
  const std::uint32_t asked = entry->asked.load(std::memory_order_relaxed);
  const std::int32_t descriptor = entry->descriptor.load(std::memory_order_relaxed);
  Prefetched* const prefetched = entry->prefetched.load(std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_acquire);
  if (current != generation || entry->generation.load(std::memory_order_relaxed) != generation) [[unlikely]] {
    current = entry->generation.load(std::memory_order_relaxed);
    if (static_cast<std::int32_t>(current - generation) <= 0) host_lied(call, "a token that was never given out");
    return false;
  }
  if (CLOISTER_KEEPS(I_7) && (host.events == 0 || (host.events & ~(asked & kEpollReadiness)) != 0))
    host_lied(call, "events that nobody asked for");
  // One shot: the entry is spent from now on, whatever the host repeats, until EPOLL_CTL_MOD gives it a new generation.
  if ((asked & kEpollOneShot) != 0 && !entry->generation.compare_exchange_strong(current, generation + 1)) return false;
  to.events[at] = {host.events, data};
  if (to.indices != nullptr) to.indices[at] = index;
  ReadyList* const ready = to.ready;
  if (ready != nullptr && host.events == kEpollIn && prefetched != nullptr && ready->count < ReadyList::kCapacity) {
    prefetched->told_in.store(ready->number, std::memory_order_relaxed);
    ready->descriptors[ready->count++] = descriptor;
  }
  return true;
}
}  // namespace

std::size_t translate_epoll_events(EpollTable& table, HostCall call, std::size_t first, std::size_t count,
                                   const EpollTranslation& to) {
  const HostAddress bounce = bounce_buffer();
  std::size_t used = 0;
  for (std::size_t i = first; i < first + count; ++i)
    if (translate(table, call, load_event(bounce, i), used, to)) ++used;
  return used;
}

void ring_host_eventfd(std::int32_t descriptor) {
  // A word of the block, not of the bounce buffer: whoever rings may have data there.
  const HostAddress one = current_thread()->host_block + offsetof(HostBlock, one);
  store_host_word(one, 1);
  host_call(HostCall::write_of_bell, static_cast<std::uint64_t>(descriptor), one, 8);
}

void ring_epoll_doorbell(EpollTable& table) {
  if (table.host_waiters.load(std::memory_order_seq_cst) == 0 || table.doorbell.load(std::memory_order_acquire) < 0)
    return;
  if (table.doorbell_rung.exchange(1, std::memory_order_seq_cst) != 0) return;
  ring_host_eventfd(table.doorbell.load(std::memory_order_relaxed));
}
}  // namespace cloister::core
