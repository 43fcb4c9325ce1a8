// SPDX-License-Identifier: Apache-2.0
// The parts of tasks, open files and descriptor tables that the fast path reads. The kernel storey derives its own
// objects from these. Trusted, freestanding.
#pragma once
#include <sys/stat.h>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include "src/boundary/host_block.h"
#include "src/enclave/core/thread.h"

namespace cloister::core {

enum class FileKind : std::uint8_t {
  other,         // only the kernel storey knows how
  host_epoll,    // epoll object with its EpollTable; has no data either
  host_stream,   // pipe or terminal of the host: one host call a request
  host_socket,   // socket of the host: the same, and the calls for sockets
  host_regular,  // regular file of the host: requests larger than the bounce buffer continue
};

struct EpollTable;   // epoll_table.h
struct Prefetched;   // prefetch.h
struct WriteBehind;  // write_behind.h

// An open file description. Its life: descriptor slots hold references; a task that uses it publishes it in
// Task::hazard, and the kernel storey frees it (and closes the host descriptor) only when no hazard names it.
struct File {
  std::atomic<std::uint32_t> references{1};
  FileKind kind = FileKind::other;
  bool readable = false;
  bool writable = false;
  std::atomic<std::uint32_t> status_flags{0};  // O_APPEND, O_NONBLOCK, …
  std::int32_t host_descriptor = -1;
  EpollTable* epoll_table = nullptr;                // of host_epoll
  std::atomic<Prefetched*> prefetched{nullptr};     // of a host_socket from which may be received ahead (prefetch.h)
  std::atomic<WriteBehind*> write_behind{nullptr};  // of a host_socket whose data may wait for an exit (write_behind.h)

  bool is_nonblocking() const { return (status_flags.load(std::memory_order_relaxed) & 04000) != 0; }
};

struct DescriptorTable {
  std::uint32_t capacity = 0;
  std::atomic<File*>* slots = nullptr;
};

// Descriptors that the last epoll_wait told the program to be readable, and nothing else, in that order.
struct ReadyList {
  static constexpr std::uint32_t kCapacity = 62;
  std::uint32_t count = 0;
  std::uint32_t next = 0;    // the first that it has not read yet
  std::uint64_t number = 0;  // of the epoll_wait
  std::int32_t descriptors[kCapacity] = {};

  void begin_wait() {
    count = next = 0;
    ++number;
  }
};

// What the host said of the file that the task opened last. While nothing has left the enclave since, it says so still:
// nobody can know better. Only of the enclave's one task (kernel/task.h).
struct OpenedFile {
  File* file = nullptr;
  std::uint64_t host_call_count = 0;  // the thread's, when the host had answered
  struct stat status;
  // Its first bytes, which the same exit has read (opened_file.h).
  std::uint64_t since = 0;        // time stamp counter
  std::uint32_t data_size = 0;    // 0: none
  std::uint8_t area = 0;          // of two in the host block, in turn
  std::uint8_t read_at_once = 0;  // so many files in a row had their first bytes read straight after they were opened
  bool is_read = false;           // this one, too
  bool is_served = false;         // the program has got them: its status is older than that
};

// What the task has sent and the host has not got yet: in the order of HostBlock::sends (write_behind.h).
struct SendQueue {
  std::uint32_t area_used = 0;    // bytes of the send area
  std::uint32_t direct_left = 0;  // so many writes go out at once, because earlier ones had waited long
  std::uint32_t penalty = 0;      // the next such number
  std::uint64_t since = 0;        // time stamp counter, when the first was queued
  std::uint64_t batch = 0;        // HostBlock::send_batch
  WriteBehind* sockets[kMostSends] = {};
  std::uint32_t offsets[kMostSends] = {};  // in the send area
  std::uint32_t sizes[kMostSends] = {};
  std::uint32_t flags[kMostSends] = {};  // SendRequest::flags
};

struct Task {
  Thread* thread = nullptr;
  DescriptorTable* descriptors = nullptr;
  std::atomic<File*> hazard{nullptr};
  std::atomic<File*> other_hazard{nullptr};  // while others are looked for that may be received from ahead
  std::atomic<std::uint64_t> doorbell_count{0};
  std::uint32_t tid = 0;
  std::uint32_t tgid = 0;
  std::uint64_t restart_deadline = 0;  // of a futex wait that was interrupted (kRestartBlock)
  std::uint64_t wait_deadline =
      0;  // when a wait ends that the core began and the kernel storey goes on with; 0: it did not
  OpenedFile opened;
  ReadyList ready;
  std::uint32_t prefetch_count = 0;  // of the last exit that received ahead
  std::uint32_t next_prefetch = 0;   // which of them the program is expected to read after the next
  Prefetched* prefetches[kMostPrefetches] = {};
  std::uint32_t spare_slot_count = 0;  // memory for what is received ahead that the task keeps for the next time
  std::byte* spare_slots[kMostPrefetches] = {};
  SendQueue sends;
};

// The open file at `descriptor`, protected while `hazard` names it; null means EBADF.
inline File* find_file(Task* task, std::atomic<File*>& hazard, std::uint64_t descriptor) {
  DescriptorTable* table = task->descriptors;
  if (descriptor >= table->capacity) [[unlikely]]
    return nullptr;
  std::atomic<File*>& slot = table->slots[descriptor];
  File* file = slot.load(std::memory_order_acquire);
  while (file != nullptr) {
    hazard.exchange(file, std::memory_order_seq_cst);
    File* again = slot.load(std::memory_order_acquire);
    if (again == file) [[likely]]
      return file;
    file = again;
  }
  hazard.store(nullptr, std::memory_order_release);
  return nullptr;
}
// The same, protected until release_file.
inline File* acquire_file(Task* task, std::uint64_t descriptor) { return find_file(task, task->hazard, descriptor); }
inline void release_file(Task* task) { task->hazard.store(nullptr, std::memory_order_release); }

// Results of handlers that never reach the program: restart of an interrupted call (as Linux names them), "the kernel
// storey serves this one", and "what lies in the host block goes out now, and finish_transfer has the answer".
inline constexpr long kRestartSys = -512;
inline constexpr long kRestartNoIntr = -513;
inline constexpr long kRestartNoHand = -514;
inline constexpr long kRestartBlock = -516;
inline constexpr long kTakeKernelPath = -600;
inline constexpr long kLeaveWithRequest = -601;  // syscall_entry.S
}  // namespace cloister::core
