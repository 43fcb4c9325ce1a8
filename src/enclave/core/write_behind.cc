// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/write_behind.h"
#include <asm/errno.h>
#include <poll.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call_path.h"
#include "src/enclave/core/pass_through.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kLargestSend = 16 << 10;
constexpr std::uint64_t kAlignment = 64;
constexpr std::uint32_t kMore = 0x8000;  // MSG_MORE
// Ticks of the time stamp counter, some 0.2 ms: a program that computes so long before its next call should not send
// late.
constexpr std::uint64_t kLongWait = 500'000;
constexpr std::uint32_t kFirstPenalty = 4, kMostPenalty = 1024;
constexpr std::uint64_t kPatience = 250'000'000, kPauseMilliseconds = 10;

HostAddress send_area(const Thread* thread) { return thread->host_block + kSendAreaOffset; }
HostAddress request_of(const Thread* thread, std::uint64_t index) {
  return thread->host_block + offsetof(HostBlock, sends) + sizeof(SendRequest) * index;
}
void announce_count(const Thread* thread) {
  store_host_word(thread->host_block + offsetof(HostBlock, send_count), thread->queued_sends);
}

[[gnu::noinline]] bool start_ticks(Thread* thread) {
  if (thread->ticks == Ticks::unasked)
    thread->ticks = host_call(HostCall::start_ticks) == 0 ? Ticks::running : Ticks::refused;
  return thread->ticks == Ticks::running;
}

// Whether `task` alone writes to the socket. Another thread's first write ends it for all.
[[gnu::noinline]] bool note_writer(WriteBehind& behind, const Task* task) {
  std::uint32_t none = 0;
  if (behind.writer.compare_exchange_strong(none, task->tid)) return true;
  behind.stop();
  return false;
}

// A program that lets its sends wait, again and again, soon sends at once nearly always.
void judge_wait(SendQueue& queue) {
  const std::uint64_t now = rough_tsc();
  if (now > queue.since && now - queue.since > kLongWait) [[unlikely]] {
    queue.penalty = queue.penalty < kFirstPenalty      ? kFirstPenalty
                    : queue.penalty > kMostPenalty / 4 ? kMostPenalty
                                                       : queue.penalty * 4;
    queue.direct_left = queue.penalty;
  } else {
    queue.penalty /= 2;
  }
}

void set_flags(Thread* thread, std::uint64_t index, std::uint32_t flags) {
  SendQueue& queue = thread->task->sends;
  queue.flags[index] = flags;
  store_host_word(
      request_of(thread, index) + offsetof(SendRequest, descriptor),
      static_cast<std::uint32_t>(queue.sockets[index]->account.host_descriptor()) | std::uint64_t{flags} << 32);
}

// What the socket sends now does not wait. Host may: not do it; then it sends smaller packets.
[[gnu::noinline]] void tell_cork(WriteBehind& behind) {
  constexpr std::uint64_t kLevelTcp = 6, kTcpCork = 3, kOn = 1;
  if (!behind.is_corked.exchange(false)) return;
  behind.is_host_corked = true;
  const HostAddress value = bounce_buffer(current_thread());
  store_host_word(value, kOn);
  host_call(HostCall::setsockopt, static_cast<std::uint64_t>(behind.account.host_descriptor()), kLevelTcp, kTcpCork,
            value, std::uint64_t{4});
}

bool is_passing(long error) { return error == -EAGAIN || error == -EINTR || error == -ENOMEM || error == -ENOBUFS; }

// The host took `done` bytes of request `index`: fewer than there are, which the kernel should not do. Waits a little
// for the rest to go out, and then for nothing: half a message must not be followed by the next.
long send_rest(Thread* thread, const WriteBehind& socket, std::uint64_t index, std::uint64_t done, std::uint64_t size) {
  const auto descriptor = static_cast<std::uint64_t>(socket.account.host_descriptor());
  const HostAddress address = send_area(thread) + thread->task->sends.offsets[index];
  const HostAddress poll_entry = request_of(thread, index) + offsetof(SendRequest, size);
  const std::uint64_t deadline = monotonic_now() + kPatience;
  while (done < size && monotonic_now() < deadline) {
    if ((__atomic_load_n(&thread->work, __ATOMIC_ACQUIRE) & kWorkExit) != 0) break;
    host_call(HostCall::sched_yield);
    store_host_word(poll_entry, descriptor | std::uint64_t{POLLOUT} << 32);
    host_call(HostCall::poll, poll_entry, std::uint64_t{1}, kPauseMilliseconds);
    const long result = host_call(HostCall::sendto, descriptor, address + done, size - done, kDontWait | kNoSignal);
    if (result < 0 && !is_passing(result)) return result;
    if (result > 0) done += static_cast<std::uint64_t>(result);
  }
  if (done == size) return static_cast<long>(size);
  host_call(HostCall::shutdown, descriptor, std::uint64_t{2});  // SHUT_RDWR: a peer that takes nothing
  return -ETIMEDOUT;
}

// The next write finds a broken pipe by itself; other errors are told once, and if the connection has outlived one,
// nothing more is sent: there would be a hole in the stream.
void note_error(WriteBehind& socket, long error) {
  constexpr std::uint64_t kShutWrite = 1;
  socket.is_stopped.store(true);
  if (error == -EPIPE) return;
  socket.error.store(static_cast<std::int32_t>(-error));
  host_call(HostCall::shutdown, static_cast<std::uint64_t>(socket.account.host_descriptor()), kShutWrite);
}

// `result`: judged.
[[gnu::noinline]] void settle_short(Thread* thread, WriteBehind& socket, std::uint64_t index, long result) {
  const std::uint64_t size = thread->task->sends.sizes[index];
  if (result >= 0 || is_passing(result))
    result = send_rest(thread, socket, index, result < 0 ? 0 : static_cast<std::uint64_t>(result), size);
  if (result < 0) note_error(socket, result);
}

void settle(Thread* thread, std::uint64_t index, std::uint64_t count, std::uint64_t answer) {
  const SendQueue& queue = thread->task->sends;
  WriteBehind& socket = *queue.sockets[index];
  if (answer != queue.sizes[index]) [[unlikely]]
    settle_short(thread, socket, index, judge_answer(HostCall::sendto, queue.sizes[index], answer));
  if (index + 1 == count || queue.sockets[index + 1] != &socket)
    socket.queued_by.store(nullptr, std::memory_order_release);
}

// Whether the last of what the thread has queued is the socket's.
bool is_last(const Thread* thread, const WriteBehind& behind) {
  const std::uint64_t count = thread->queued_sends;
  return count > 0 && thread->task->sends.sockets[count - 1] == &behind;
}
}  // namespace

void WriteBehind::finish() {
  Thread* const self = current_thread();
  std::uint64_t next_kick = 0;
  for (Thread* owner = queued_by.load(); owner != nullptr; owner = queued_by.load()) {
    if (owner == self) {
      flush_sends(self);
    } else {
      const std::uint64_t now = monotonic_now();
      if (now >= next_kick) {  // not all the time: under kicks only, it would not get on
        kick_thread(owner);
        next_kick = now + kPauseMilliseconds * 1'000'000;
      }
      host_call(HostCall::sched_yield);
    }
  }
}

void WriteBehind::finish_of_others() {
  if (queued_by.load() != current_thread()) finish();
}

void WriteBehind::stop() {
  is_stopped.store(true);
  finish();
}

void WriteBehind::before_send_of(const Task* task, std::uint64_t size) {
  if (is_corked.load(std::memory_order_relaxed)) tell_cork(*this);
  if (writer.load(std::memory_order_relaxed) != task->tid && !note_writer(*this, task)) return;
  finish();
  account.charge(size);
}

bool WriteBehind::cork(Thread* thread) {
  const Task* const task = thread->task;
  if (is_corked) return true;
  if (is_host_corked || is_stopped || writer.load(std::memory_order_relaxed) != task->tid || !account.is_open() ||
      task->sends.direct_left != 0 || thread->ticks != Ticks::running)
    return false;
  corked_batch = thread->queued_sends != 0 ? task->sends.batch : task->sends.batch + 1;
  is_corked = true;
  return true;
}

bool WriteBehind::uncork(Thread* thread) {
  SendQueue& queue = thread->task->sends;
  if (!is_corked.exchange(false) || writer.load(std::memory_order_relaxed) != thread->task->tid) return false;
  const bool has_left = queue.batch > corked_batch || (queue.batch == corked_batch && thread->queued_sends == 0);
  if (has_left) return false;
  for (std::uint64_t i = 0; i < thread->queued_sends; ++i)
    if (queue.sockets[i] == this) set_flags(thread, i, 0);
  return true;
}

void WriteBehind::clear() {
  is_stopped.store(false);
  is_corked.store(false);
  is_host_corked.store(false);
  writer.store(0);
  error.store(0);
  account = {};
}

void stop_write_behind(const File* file) {
  WriteBehind* const behind = file == nullptr ? nullptr : file->write_behind.load(std::memory_order_acquire);
  if (behind != nullptr) behind->is_stopped.store(true);
}

int take_send_error(const File* file) {
  WriteBehind* const behind = file == nullptr ? nullptr : file->write_behind.load(std::memory_order_acquire);
  return behind == nullptr ? 0 : behind->error.exchange(0);
}

namespace {
bool may_wait(Thread* thread, const File* file, WriteBehind& behind, std::uint64_t size) {
  if (behind.is_stopped.load(std::memory_order_relaxed) || size == 0 || file->kind != FileKind::host_socket ||
      !file->is_nonblocking())
    return false;
  if (size > kLargestSend) {
    behind.account.expect_large();
    return false;
  }
  std::uint32_t& direct_left = thread->task->sends.direct_left;
  if (direct_left > 0) {
    --direct_left;
    return false;
  }
  return thread->ticks == Ticks::running || start_ticks(thread);
}

// Whether `size` bytes of the writer's may wait. What waits already goes out first where they may not, or where it is
// not the last.
[[gnu::always_inline]] inline bool may_queue(Thread* thread, const File* file, WriteBehind& behind,
                                             std::uint64_t size) {
  const Task* const task = thread->task;
  if (behind.writer.load(std::memory_order_relaxed) != task->tid && !note_writer(behind, task)) [[unlikely]] {
    tell_cork(behind);
    return false;
  }
  const bool waits = may_wait(thread, file, behind, size) && behind.account.has_room_for(thread, size);
  behind.account.charge(size);
  if (!waits && behind.is_corked.load(std::memory_order_relaxed)) [[unlikely]]
    tell_cork(behind);
  if (behind.queued_by.load(std::memory_order_relaxed) != nullptr && !(waits && is_last(thread, behind))) [[unlikely]]
    flush_sends(thread);
  if (waits && thread->queued_sends == kMostSends) flush_sends(thread);
  return waits;
}

bool queue_at(Thread* thread, WriteBehind& behind, HostAddress at, std::uint64_t size) {
  behind.queued_by.store(thread);
  if (behind.is_stopped.load()) [[unlikely]] {  // whoever sets that looks at queued_by afterwards
    if (is_last(thread, behind))
      flush_sends(thread);
    else
      behind.queued_by.store(nullptr);
    return false;
  }
  SendQueue& queue = thread->task->sends;
  const std::uint64_t index = thread->queued_sends;
  if (index == 0) {
    queue.since = rough_tsc();
    store_host_word(thread->host_block + offsetof(HostBlock, send_batch), ++queue.batch);
  }
  const HostAddress request = request_of(thread, index);
  queue.sockets[index] = &behind;
  set_flags(thread, index, behind.is_corked.load(std::memory_order_relaxed) ? kMore : 0);
  store_host_word(request + offsetof(SendRequest, address), at.word());
  store_host_word(request + offsetof(SendRequest, size), size);
  queue.sizes[index] = static_cast<std::uint32_t>(size);
  queue.offsets[index] = static_cast<std::uint32_t>(at.word() - send_area(thread).word());
  behind.account.note_queued(size);
  ++thread->queued_sends;
  announce_count(thread);
  thread->bytes_out += size;
  return true;
}
}  // namespace

[[gnu::hot]] HostAddress place_for_send(Thread* thread, const File* file, WriteBehind& behind, std::uint64_t size) {
  if (!may_queue(thread, file, behind, size)) return {};
  if (thread->task->sends.area_used + size > kSendAreaSize) flush_sends(thread);
  return send_area(thread) + thread->task->sends.area_used;
}

[[gnu::hot]] bool queue_send(Thread* thread, WriteBehind& behind, HostAddress place, std::uint64_t size) {
  if (!queue_at(thread, behind, place, size)) return false;
  const std::uint64_t end = place.word() - send_area(thread).word() + size;
  thread->task->sends.area_used = static_cast<std::uint32_t>((end + kAlignment - 1) & ~(kAlignment - 1));
  return true;
}

bool queue_host_bytes(Thread* thread, const File* file, WriteBehind& behind, HostAddress at, std::uint64_t size) {
  return may_queue(thread, file, behind, size) && queue_at(thread, behind, at, size);
}

std::uint64_t with_earlier_requests(Thread* thread, std::uint64_t number) {
  const std::uint64_t flags = flags_before(thread, number);
  if ((flags & kFirstClose) != 0) {
    store_host_word(thread->host_block + offsetof(HostBlock, closing), thread->closing - 1);
    thread->closing = 0;
  }
  if ((flags & kFirstSend) != 0) {
    judge_wait(thread->task->sends);
    thread->host_call_count += thread->queued_sends;
    thread->carried_call_count += thread->queued_sends;
  }
  return number | flags;
}

// Host may: take fewer bytes, fail with any error of the class, not send at all and say it had.
[[gnu::hot]] void settle_sends(Thread* thread) {
  const std::uint64_t count = thread->queued_sends;
  thread->queued_sends = 0;
  announce_count(thread);
  if ((__atomic_load_n(&thread->work, __ATOMIC_RELAXED) & kWorkSends) != 0) [[unlikely]]
    __atomic_fetch_and(&thread->work, ~std::uint64_t{kWorkSends}, __ATOMIC_RELAXED);
  for (std::uint64_t i = 0; i < count; ++i)
    settle(thread, i, count,
           load_host_word(request_of(thread, i) + offsetof(SendRequest, result))
               .unverified_because("judged unless it is all that was asked"));
  thread->task->sends.area_used = 0;
}

// The last one is the call that takes the others along, unless it must know how the one before ends.
void flush_queued_sends(Thread* thread) {
  const SendQueue& queue = thread->task->sends;
  const std::uint64_t last = thread->queued_sends - 1;
  if (last > 0 && queue.sockets[last] == queue.sockets[last - 1]) {
    host_call(HostCall::sched_yield);
    return;
  }
  if (last == 0) judge_wait(thread->task->sends);  // of more, those that are carried are judged
  thread->queued_sends = last;
  announce_count(thread);
  const long result =
      host_call(HostCall::sendto, static_cast<std::uint64_t>(queue.sockets[last]->account.host_descriptor()),
                send_area(thread) + queue.offsets[last], std::uint64_t{queue.sizes[last]},
                kDontWait | kNoSignal | queue.flags[last]);
  settle(thread, last, last + 1, static_cast<std::uint64_t>(result));
  thread->task->sends.area_used = 0;
}
}  // namespace cloister::core
