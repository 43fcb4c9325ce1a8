// SPDX-License-Identifier: Apache-2.0
// What epoll needs on its fast path: the trusted meaning of each token that the host's epoll object holds. Trusted,
// freestanding.
//
// The host never sees epoll_data. It sees a token, index | generation << 32, and answers with tokens; here is what each
// one stands for and which events were asked. The generation is odd while the entry is in use; every change of the
// entry takes a new one. So an event that the host had collected before the change is recognised as stale and dropped:
// after EPOLL_CTL_MOD Linux looks at the file again by itself, so nothing is lost. A token that never was given out is
// a lie.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include "src/boundary/host_call_table.h"

namespace cloister::core {
struct Prefetched;
struct ReadyList;  // task.h

// struct epoll_event of the x86-64 ABI.
struct [[gnu::packed]] EpollEvent {
  std::uint32_t events;
  std::uint64_t data;
};
static_assert(sizeof(EpollEvent) == 12);

inline constexpr std::uint32_t kEpollIn = 1, kEpollPriority = 2, kEpollOut = 4, kEpollError = 8, kEpollHangUp = 16;
inline constexpr std::uint32_t kEpollExclusive = 1u << 28, kEpollWakeUp = 1u << 29, kEpollOneShot = 1u << 30,
                               kEpollEdge = 1u << 31;
inline constexpr std::uint32_t kEpollReadiness = 0x27df;  // every bit that is a state of a file, not a way of asking

struct EpollEntry {
  std::atomic<std::uint64_t> data{0};
  std::atomic<std::uint32_t> asked{0};  // as in epoll_ctl, with ERR and HUP
  std::atomic<std::uint32_t> generation{0};
  std::atomic<Prefetched*> prefetched{nullptr};  // of a socket from which may be received ahead (prefetch.h)
  std::atomic<std::int32_t> descriptor{-1};      // the program's, of such a socket
};

struct EpollTable {
  static constexpr std::uint32_t kChunkSize = 256, kChunkCount = 257;
  static constexpr std::uint32_t kDoorbell = 0;  // index: an in-enclave member may be ready
  static constexpr std::uint32_t kNested = 1;    // index: some nested epoll object may be ready
  static constexpr std::uint32_t kFirstIndex = 2;
  static constexpr std::uint64_t kMaxEvents = kBounceSize / sizeof(EpollEvent) & ~1ULL;  // of one host call

  // The kernel storey must look: in-enclave members are ready, or members exist that only it understands (timers,
  // nested).
  std::atomic<std::uint32_t> inside_ready{0};
  std::atomic<std::uint32_t> kernel_members{0};
  std::atomic<std::uint32_t> host_waiters{0};  // threads that wait in the host, or are about to
  std::atomic<std::uint32_t> doorbell_rung{0};
  std::atomic<std::uint32_t> nested_rung{0};
  std::atomic<std::uint32_t> waiter{0};  // tid of the only thread that has waited; 0: none has, kSeveral: several
  static constexpr std::uint32_t kSeveral = ~std::uint32_t{0};
  std::atomic<std::int32_t> doorbell{-1};  // host eventfd, edge-triggered in the host's epoll object
  std::atomic<EpollEntry*> chunks[kChunkCount] = {};

  bool needs_kernel() const {
    return inside_ready.load(std::memory_order_seq_cst) != 0 || kernel_members.load(std::memory_order_relaxed) != 0;
  }
  // Null when no such entry ever existed.
  EpollEntry* find(std::uint32_t index) const {
    if (index / kChunkSize >= kChunkCount) return nullptr;
    EpollEntry* chunk = chunks[index / kChunkSize].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + index % kChunkSize;
  }
};

// Where translated events go: as many as there are of the host's.
struct EpollTranslation {
  EpollEvent* events;
  std::uint32_t* indices = nullptr;  // of their entries
  ReadyList* ready = nullptr;        // those that are sockets, readable and nothing else
};
// Translates events [first, first + count) that the host left in the bounce buffer; how many of them are the program's.
// Doorbells are noted in the table. Host may: invent tokens or events (the enclave stops), repeat stale ones (dropped).
std::size_t translate_epoll_events(EpollTable& table, HostCall call, std::size_t first, std::size_t count,
                                   const EpollTranslation& to);
// Writes the doorbell if someone waits in the host and it has not been rung since the last look. One short host call at
// most.
void ring_epoll_doorbell(EpollTable& table);
// Adds 1 to a non-blocking eventfd of the host.
void ring_host_eventfd(std::int32_t descriptor);
}  // namespace cloister::core
