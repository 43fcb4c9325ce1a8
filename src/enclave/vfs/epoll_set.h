// SPDX-License-Identifier: Apache-2.0
// The members of an epoll object and how they become ready. Trusted, kernel storey.
//
// Files of the host are in the host's epoll object under tokens (core/epoll_table.h). In-enclave files are members
// through their wait queues: whoever makes one ready puts it on the ready list and, if somebody waits in the host,
// rings the doorbell, an eventfd in the host's epoll object. A nested epoll object is both: its host object is a member
// of ours, and so is its queue.
//
// Locks: members_mutex_, then a file's queue, then ready_mutex_. members_mutex_ protects the members' lives and
// serialises harvesting, as Linux's ep->mtx; it is not held while anybody waits.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <vector>
#include "src/enclave/vfs/epoll_host.h"
#include "src/enclave/vfs/epoll_member.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
using core::EpollEvent;

// What a wait has found so far. A file of the host may be told of by us (for what was received ahead) and by the host:
// that is one event.
struct ToldEvents {
  std::vector<EpollEvent> events;
  std::vector<std::uint32_t> indices;  // of their entries in the core's table; 0 for in-enclave files
  bool has_host_members = false;       // that we told of
  void add(EpollEvent event, std::uint32_t index);
};

class EpollSet : public std::enable_shared_from_this<EpollSet> {
 public:
  explicit EpollSet(int host_descriptor) : host_descriptor_(host_descriptor) {}

  // EPOLL_CTL_*: EEXIST, ENOENT, EPERM for files without readiness, EINVAL for flags that do not go together.
  Result<void> add(FileRef file, int descriptor, EpollEvent event);
  Result<void> modify(OpenFile& file, int descriptor, EpollEvent event);
  Result<void> remove(OpenFile& file, int descriptor);
  // The file is about to be freed.
  void forget(OpenFile& file);
  // The epoll object itself is closed.
  void close();

  // At most `capacity` events; waits for the first until CLOCK_MONOTONIC reaches `deadline` (0: does not wait). EINTR
  // when the task has work.
  Result<std::vector<EpollEvent>> wait(std::size_t capacity, std::uint64_t deadline);

  bool is_ready();               // would wait() return at once?
  std::uint64_t advance_time();  // as OpenFile's, over all members
  // Is `set` reachable from here, or is a chain of nested objects longer than Linux allows? (ELOOP)
  bool leads_to(const EpollSet& set, int depth);

  core::EpollTable& table() { return table_; }
  kernel::WaitQueue& queue() { return queue_; }
  int host_descriptor() const { return host_descriptor_; }

 private:
  friend class EpollMember;
  using Key = std::pair<OpenFile*, int>;

  // With members_mutex_:
  Result<void> enter(EpollMember& member);
  Result<void> enter_host(EpollMember& member, std::uint64_t token);
  Result<void> enter_inside(EpollMember& member);
  Result<void> need_doorbell();
  void leave(EpollMember& member, FileEnds ends);
  std::uint64_t advance_members();
  void harvest(std::size_t capacity, ToldEvents& told);
  Result<void> spend(EpollMember& member);
  // What was received ahead from a socket (core/prefetch.h), the host no longer tells of. These do, with
  // members_mutex_.
  void announce_prefetched(EpollMember& member);
  void announce_unread();
  void share();
  void note_waiter();
  std::uint32_t readiness_of(const EpollMember& member) const;
  void look_at_nested();

  bool enqueue_ready(EpollMember& member);   // false when it was there already
  void announce_ready(EpollMember& member);  // the same, and whoever waits hears of it; from callbacks too
  void dequeue_ready(EpollMember& member);
  EpollMember* take_ready();
  std::vector<EpollMember*> queued();

  enum class HostWait { look, wait };
  Result<void> ask_host(std::size_t capacity, HostWait how, std::uint64_t deadline, ToldEvents& told);

  const int host_descriptor_;
  core::EpollTable table_;
  kernel::WaitQueue queue_;  // of those who watch this object: nested epoll, poll

  std::mutex members_mutex_;
  bool closed_ = false;
  std::map<Key, std::unique_ptr<EpollMember>> members_;
  EpollEntries entries_{table_};
  std::vector<EpollMember*> timed_, nested_;
  std::size_t host_members_ = 0;  // nested ones count
  bool host_turn_ = false;        // the last harvest left no room for events of the host

  std::mutex ready_mutex_;
  EpollMember* first_ready_ = nullptr;
  EpollMember* last_ready_ = nullptr;
};
}  // namespace cloister::vfs
