// SPDX-License-Identifier: Apache-2.0
// Membership: epoll_ctl, and files and epoll objects that end.
#include "src/enclave/vfs/epoll_set.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <algorithm>
#include <cerrno>
#include <climits>
#include "src/enclave/vfs/epoll.h"
#include "src/enclave/vfs/epoll_watch.h"
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/poll.h"

namespace cloister::vfs {
namespace {
constexpr std::uint32_t kAlways = core::kEpollError | core::kEpollHangUp;
constexpr std::uint32_t kHostFlags = core::kEpollReadiness | EPOLLEXCLUSIVE | EPOLLONESHOT | EPOLLET;
constexpr std::uint32_t kWithExclusive =
    EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

Result<MemberKind> member_kind(OpenFile& file) {
  if (file.kind == core::FileKind::host_epoll) return MemberKind::nested;
  if (file.wait_queue() != nullptr) return MemberKind::inside;
  if (has_host_readiness(file)) return MemberKind::host;
  return Error::from_errno(EPERM);
}

// By edge, a report that there is room again says what there is to read, too: the host would not know.
bool may_receive_ahead(std::uint32_t asked) {
  return (asked & (EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLPRI)) == 0 &&
         (asked & (EPOLLET | EPOLLOUT)) != (EPOLLET | EPOLLOUT);
}

std::uint64_t nested_token() { return core::EpollTable::kNested; }
// A nested object only ever becomes readable. When it is watched by level, so is its host object.
std::uint32_t nested_host_events(std::uint32_t asked) { return asked & (EPOLLIN | EPOLLET); }
}  // namespace

Result<void> EpollSet::add(FileRef file, int descriptor, EpollEvent event) {
  const MemberKind kind = TRY(member_kind(*file));
  if ((event.events & EPOLLEXCLUSIVE) != 0 && ((event.events & ~kWithExclusive) != 0 || kind == MemberKind::nested))
    return Error::from_errno(EINVAL);
  const std::lock_guard guard(members_mutex_);
  if (closed_) return Error::from_errno(EBADF);
  const Key key{file.get(), descriptor};
  if (members_.contains(key)) return Error::from_errno(EEXIST);
  auto owned = std::make_unique<EpollMember>(*this, *file, descriptor, kind);
  EpollMember& member = *owned;
  member.asked = event.events | kAlways;
  member.data = event.data;
  // The host knows one registration for each of its descriptors.
  member.host_descriptor = file->host_descriptor;
  const auto same = members_.lower_bound(Key{file.get(), INT_MIN});
  if (kind != MemberKind::inside && same != members_.end() && same->first.first == file.get()) {
    member.host_descriptor = TRY(duplicate_host_descriptor(file->host_descriptor));
    member.owns_host_descriptor = true;
  }
  if (add_epoll_watch(*file, shared_from_this()) == 1 && may_receive_ahead(event.events))
    file->allow_receive_ahead((event.events & EPOLLET) != 0);
  else
    file->forbid_receive_ahead();
  file->allow_write_behind();
  const auto entered = enter(member);
  if (!entered.ok()) {
    remove_epoll_watch(*file, *this);
    if (member.owns_host_descriptor) (void)close_host_descriptor(member.host_descriptor);
    return entered.error();
  }
  members_.emplace(key, std::move(owned));
  return {};
}

Result<void> EpollSet::enter(EpollMember& member) {
  if (member.kind == MemberKind::host) {
    member.index = TRY(entries_.allocate());
    const auto entered = enter_host(member, entries_.publish(member.index, member));
    if (!entered.ok()) entries_.release(member.index);
    if (entered.ok()) announce_prefetched(member);
    return entered;
  }
  TRY(need_doorbell());
  if (member.kind == MemberKind::nested) TRY(enter_host(member, nested_token()));
  if (member.file.is_time_driven()) timed_.push_back(&member);
  if (member.kind == MemberKind::nested) nested_.push_back(&member);
  table_.kernel_members.store(static_cast<std::uint32_t>(timed_.size() + nested_.size()), std::memory_order_seq_cst);
  member.file.wait_queue()->add(member);
  announce_ready(member);  // the next harvest finds out whether it is ready
  return {};
}

Result<void> EpollSet::enter_host(EpollMember& member, std::uint64_t token) {
  const std::uint32_t events =
      member.kind == MemberKind::nested ? nested_host_events(member.asked) : member.asked & kHostFlags;
  TRY(host_epoll_control(host_descriptor_, EPOLL_CTL_ADD, member.host_descriptor, events, token));
  ++host_members_;
  return {};
}

// Edge-triggered, so that it need not be read: each ring is one wake-up.
Result<void> EpollSet::need_doorbell() {
  if (table_.doorbell.load(std::memory_order_relaxed) >= 0) return {};
  const int doorbell = static_cast<int>(TRY(quick_host_call(HostCall::eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK)));
  const auto added =
      host_epoll_control(host_descriptor_, EPOLL_CTL_ADD, doorbell, EPOLLIN | EPOLLET, core::EpollTable::kDoorbell);
  if (!added.ok()) {
    (void)close_host_descriptor(doorbell);
    return added;
  }
  table_.doorbell.store(doorbell, std::memory_order_release);
  return {};
}

Result<void> EpollSet::modify(OpenFile& file, int descriptor, EpollEvent event) {
  TRY(member_kind(file));
  const std::lock_guard guard(members_mutex_);
  const auto found = members_.find(Key{&file, descriptor});
  if (found == members_.end()) return Error::from_errno(ENOENT);
  EpollMember& member = *found->second;
  if (((member.asked | event.events) & EPOLLEXCLUSIVE) != 0) return Error::from_errno(EINVAL);
  file.forbid_receive_ahead();
  member.asked = event.events | kAlways;
  member.data = event.data;
  switch (member.kind) {
    case MemberKind::host:
      TRY(host_epoll_control(host_descriptor_, EPOLL_CTL_MOD, member.host_descriptor, member.asked & kHostFlags,
                             entries_.publish(member.index, member)));
      announce_prefetched(member);
      break;
    case MemberKind::nested:
      TRY(host_epoll_control(host_descriptor_, EPOLL_CTL_MOD, member.host_descriptor, nested_host_events(member.asked),
                             nested_token()));
      [[fallthrough]];
    case MemberKind::inside: announce_ready(member);
  }
  return {};
}

Result<void> EpollSet::remove(OpenFile& file, int descriptor) {
  TRY(member_kind(file));
  const std::lock_guard guard(members_mutex_);
  const auto found = members_.find(Key{&file, descriptor});
  if (found == members_.end()) return Error::from_errno(ENOENT);
  file.forbid_receive_ahead();
  leave(*found->second, FileEnds::no);
  remove_epoll_watch(file, *this);
  members_.erase(found);
  return {};
}

// For a file that ends, the host takes it out by itself when its descriptor is closed; for a duplicate it does not.
void EpollSet::leave(EpollMember& member, FileEnds ends) {
  if (member.kind != MemberKind::inside) {
    if (member.kind == MemberKind::host) entries_.release(member.index);
    if (ends == FileEnds::no || member.owns_host_descriptor)
      (void)host_epoll_control(host_descriptor_, EPOLL_CTL_DEL, member.host_descriptor, 0, 0);
    if (member.owns_host_descriptor) (void)close_host_descriptor(member.host_descriptor);
    --host_members_;
  }
  dequeue_ready(member);
  if (member.kind == MemberKind::host) return;
  member.file.wait_queue()->remove(member);
  std::erase(timed_, &member);
  std::erase(nested_, &member);
  table_.kernel_members.store(static_cast<std::uint32_t>(timed_.size() + nested_.size()), std::memory_order_seq_cst);
}

void EpollSet::forget(OpenFile& file) {
  const std::lock_guard guard(members_mutex_);
  const auto first = members_.lower_bound(Key{&file, INT_MIN});
  auto last = first;
  for (; last != members_.end() && last->first.first == &file; ++last) leave(*last->second, FileEnds::yes);
  members_.erase(first, last);
}

// The host's object is closed next, so its members need not be taken out one by one; duplicates must be closed.
void EpollSet::close() {
  const std::lock_guard guard(members_mutex_);
  closed_ = true;
  for (const auto& [key, member] : members_) {
    leave(*member, FileEnds::yes);
    remove_epoll_watch(*key.first, *this);
  }
  members_.clear();
  const int doorbell = table_.doorbell.exchange(-1);
  if (doorbell >= 0) (void)close_host_descriptor(doorbell);
}

bool EpollSet::leads_to(const EpollSet& set, int depth) {
  constexpr int kMaxDepth = 4;
  if (this == &set || depth > kMaxDepth) return true;
  const std::lock_guard guard(members_mutex_);
  return std::any_of(nested_.begin(), nested_.end(), [&](EpollMember* member) {
    return static_cast<Epoll&>(member->file).set()->leads_to(set, depth + 1);
  });
}
}  // namespace cloister::vfs
