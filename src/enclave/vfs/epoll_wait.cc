// SPDX-License-Identifier: Apache-2.0
// Readiness: the ready list of in-enclave members, and waiting.
#include <sys/epoll.h>
#include <algorithm>
#include <cerrno>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/vfs/epoll_set.h"
#include "src/enclave/vfs/poll.h"

namespace cloister::vfs {
void EpollMember::woken() { set.announce_ready(*this); }

bool EpollSet::enqueue_ready(EpollMember& member) {
  const std::lock_guard guard(ready_mutex_);
  if (member.is_queued) return false;
  member.is_queued = true;
  member.next_ready = nullptr;
  member.previous_ready = last_ready_;
  (last_ready_ != nullptr ? last_ready_->next_ready : first_ready_) = &member;
  last_ready_ = &member;
  table_.inside_ready.store(1, std::memory_order_seq_cst);
  return true;
}

void EpollSet::announce_ready(EpollMember& member) {
  if (!enqueue_ready(member)) return;
  core::ring_epoll_doorbell(table_);
  queue_.wake_all();
}

void EpollSet::dequeue_ready(EpollMember& member) {
  const std::lock_guard guard(ready_mutex_);
  if (!member.is_queued) return;
  member.is_queued = false;
  (member.previous_ready != nullptr ? member.previous_ready->next_ready : first_ready_) = member.next_ready;
  (member.next_ready != nullptr ? member.next_ready->previous_ready : last_ready_) = member.previous_ready;
  if (first_ready_ == nullptr) table_.inside_ready.store(0, std::memory_order_seq_cst);
}

std::vector<EpollMember*> EpollSet::queued() {
  const std::lock_guard guard(ready_mutex_);
  std::vector<EpollMember*> members;
  for (EpollMember* member = first_ready_; member != nullptr; member = member->next_ready) members.push_back(member);
  return members;
}

std::uint64_t EpollSet::advance_members() {
  std::uint64_t next = kernel::kNoDeadline;
  for (EpollMember* member : timed_) next = std::min(next, member->file.advance_time());
  return next;
}

std::uint64_t EpollSet::advance_time() {
  const std::lock_guard guard(members_mutex_);
  return advance_members();
}

// The host said that some nested object of its own is ready; which one, they know themselves.
void EpollSet::look_at_nested() {
  if (table_.nested_rung.exchange(0, std::memory_order_seq_cst) == 0) return;
  for (EpollMember* member : nested_)
    if (member->asked != 0) announce_ready(*member);
}

// A one-shot member reports nothing until it is modified. Its host part would go on ringing.
Result<void> EpollSet::spend(EpollMember& member) {
  if (member.kind == MemberKind::host) {
    entries_.withdraw(member.index);
    return {};
  }
  member.asked = 0;
  if (member.kind != MemberKind::nested) return {};
  return host_epoll_control(host_descriptor_, EPOLL_CTL_MOD, member.host_descriptor, 0, core::EpollTable::kNested);
}

// The events of a member on the ready list that hold now and are asked for. Of a file of the host only what was
// received ahead brings it there.
std::uint32_t EpollSet::readiness_of(const EpollMember& member) const {
  const bool is_live = member.kind == MemberKind::host
                           ? core::has_prefetched(member.file) && entries_.is_in_use(member.index)
                           : member.asked != 0;
  return is_live ? member.file.readiness() & member.asked & core::kEpollReadiness : 0;
}

// What was received ahead, Linux would find in the socket: when it is added or modified, whatever it is asked for, and
// by level whenever somebody waits. Whoever calls has stopped it before, so that no more comes.
void EpollSet::announce_prefetched(EpollMember& member) {
  if (!core::has_prefetched(member.file)) return;
  (void)need_doorbell();  // without one, a thread that waits already hears of it when it waits again
  announce_ready(member);
}

void EpollSet::announce_unread() {
  for (const auto& [key, member] : members_) {
    if (member->kind != MemberKind::host || !core::has_prefetched(member->file)) continue;
    member->file.prefetched.load(std::memory_order_acquire)->count();
    if ((member->asked & EPOLLET) == 0) (void)enqueue_ready(*member);
  }
}

// Several threads, or other epoll objects, wait for what becomes ready here: from now on, nothing is received ahead.
void EpollSet::share() {
  if (table_.waiter.exchange(core::EpollTable::kSeveral, std::memory_order_seq_cst) == core::EpollTable::kSeveral)
    return;
  for (const auto& [key, member] : members_)
    if (member->kind == MemberKind::host) member->file.stop_receive_ahead();
  announce_unread();
}

void EpollSet::note_waiter() {
  core::Task* const task = core::current_thread()->task;
  task->ready.begin_wait();
  core::keep_unread_by_edge(task);
  std::uint32_t waiter = 0;
  if (!table_.waiter.compare_exchange_strong(waiter, task->tid) && waiter != task->tid)
    share();
  else if (core::has_unread_prefetch(task))
    announce_unread();
}

// Each queued member is asked whether it is really ready. It leaves the list before that, so that a change from then on
// queues it again; by level it stays as long as it is ready, behind the others.
void EpollSet::harvest(std::size_t capacity, ToldEvents& told) {
  for (EpollMember* member : queued()) {
    if (told.events.size() == capacity) break;
    dequeue_ready(*member);
    const std::uint32_t ready = readiness_of(*member);
    if (ready == 0) continue;
    told.has_host_members |= member->kind == MemberKind::host;
    told.add({ready, member->data}, member->index);
    if ((member->asked & EPOLLONESHOT) != 0)
      (void)spend(*member);
    else if ((member->asked & EPOLLET) == 0)
      (void)enqueue_ready(*member);
  }
}

void ToldEvents::add(EpollEvent event, std::uint32_t index) {
  const auto same = index == 0 || !has_host_members ? indices.end() : std::find(indices.begin(), indices.end(), index);
  if (same != indices.end()) {
    events[static_cast<std::size_t>(same - indices.begin())].events |= event.events;
    return;
  }
  events.push_back(event);
  indices.push_back(index);
}

bool EpollSet::is_ready() {
  const std::lock_guard guard(members_mutex_);
  share();
  advance_members();
  for (EpollMember* member : queued()) {
    if (readiness_of(*member) != 0) return true;
    dequeue_ready(*member);
    if (readiness_of(*member) == 0) continue;
    (void)enqueue_ready(*member);  // it became ready in between
    return true;
  }
  const bool host_knows = host_members_ > 0 || table_.doorbell.load(std::memory_order_relaxed) >= 0;
  return host_knows && (poll_host_now(host_descriptor_, EPOLLIN) & EPOLLIN) != 0;
}

// Host may: invent events (translate_epoll_events stops the enclave), come back early or with nothing: the caller looks
// at our clock.
Result<void> EpollSet::ask_host(std::size_t capacity, HostWait how, std::uint64_t deadline, ToldEvents& told) {
  core::HostAddress time_out;
  if (how == HostWait::look || deadline != kernel::kNoDeadline) {
    const std::uint64_t now = core::monotonic_now();
    const std::uint64_t left = how == HostWait::look || now >= deadline ? 0 : deadline - now;
    time_out = core::current_thread()->host_block + offsetof(HostBlock, time_out);
    core::store_host_word(time_out, left / kernel::kNanosecondsPerSecond);
    core::store_host_word(time_out + 8, left % kernel::kNanosecondsPerSecond);
  }
  capacity = std::min<std::size_t>(capacity, core::EpollTable::kMaxEvents);
  table_.host_waiters.fetch_add(1, std::memory_order_seq_cst);
  // Between this look and the host's wait a ring is not lost: the doorbell stays in the host's object until somebody
  // takes it.
  const bool stay = how == HostWait::wait && table_.inside_ready.load(std::memory_order_seq_cst) != 0;
  const long result =
      stay ? 0
           : core::interruptible_host_call(HostCall::epoll_pwait2, static_cast<std::uint64_t>(host_descriptor_),
                                           core::bounce_buffer(), capacity, time_out, 0, 8);
  table_.host_waiters.fetch_sub(1, std::memory_order_seq_cst);
  if (result == -EINTR && how == HostWait::look) return {};
  if (result < 0) return Error::from_errno(static_cast<int>(-result));
  std::vector<EpollEvent> events(static_cast<std::size_t>(result));
  std::vector<std::uint32_t> indices(events.size());
  events.resize(core::translate_epoll_events(table_, HostCall::epoll_pwait2, 0, events.size(),
                                             {.events = events.data(), .indices = indices.data()}));
  for (std::size_t i = 0; i < events.size(); ++i) told.add(events[i], indices[i]);
  return {};
}

Result<std::vector<EpollEvent>> EpollSet::wait(std::size_t capacity, std::uint64_t deadline) {
  ToldEvents told;
  const std::vector<EpollEvent>& events = told.events;
  for (bool again = true;;) {
    std::uint64_t wake_at;
    bool host_first, has_host;
    {
      const std::lock_guard guard(members_mutex_);
      host_first = host_turn_;
      host_turn_ = false;
      has_host = host_members_ > 0;
      note_waiter();
    }
    if (host_first) TRY(ask_host(capacity, HostWait::look, 0, told));
    {
      const std::lock_guard guard(members_mutex_);
      wake_at = std::min(deadline, advance_members());
      look_at_nested();
      harvest(capacity, told);
      host_turn_ = has_host && !host_first && events.size() == capacity;
    }
    if (!events.empty() || deadline == 0) {
      if (has_host && !host_first && events.size() < capacity) {
        TRY(ask_host(capacity - events.size(), HostWait::look, 0, told));
        if (std::exchange(again, false) && events.empty() && table_.nested_rung.load(std::memory_order_seq_cst) != 0)
          continue;
      }
      break;
    }
    if (core::monotonic_now() >= deadline) break;
    TRY(ask_host(capacity, HostWait::wait, wake_at, told));
    if (!events.empty()) break;
  }
  // Whoever also waits shall have what is left.
  if (table_.inside_ready.load(std::memory_order_seq_cst) != 0) core::ring_epoll_doorbell(table_);
  return std::move(told.events);
}
}  // namespace cloister::vfs
