// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/timer_service.h"
#include <mutex>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/doorbell.h"
#include "src/enclave/core/futex.h"
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/kernel/runtime_thread.h"
#include "src/enclave/kernel/signals.h"

namespace cloister::kernel {
namespace {
std::mutex service_mutex;
DeadlineQueue deadlines;
std::atomic<core::Thread*> service_thread{nullptr};
bool is_started = false;
// The event whose come_due() runs, as long as nobody has rescheduled it meanwhile.
const TimedEvent* running = nullptr;

std::shared_ptr<TimedEvent> take_due(std::uint64_t now) {
  const std::lock_guard guard(service_mutex);
  std::shared_ptr<TimedEvent> event = deadlines.take_due(now);
  running = event.get();
  return event;
}

void put_back(const std::shared_ptr<TimedEvent>& event, std::uint64_t deadline) {
  const std::lock_guard guard(service_mutex);
  if (running == event.get() && deadline != DeadlineQueue::kNever) deadlines.set(event, deadline);
  running = nullptr;
}

std::uint64_t next_deadline() {
  const std::lock_guard guard(service_mutex);
  return deadlines.earliest();
}

void take_host_signals(core::Thread* thread) {
  if (__atomic_exchange_n(&thread->work, 0, __ATOMIC_ACQ_REL) != 0) forward_host_signals(thread, *initial_process());
}

void* service_main(void*) {
  core::Thread* const thread = core::current_thread();
  service_thread.store(thread);
  for (;;) {
    const std::uint64_t bell = core::read_doorbell(thread);
    const std::uint64_t now = core::monotonic_now();
    while (const std::shared_ptr<TimedEvent> event = take_due(now)) put_back(event, event->come_due(now));
    take_host_signals(thread);
    core::sleep_on_doorbell(thread, bell, next_deadline(), core::Sleep::interruptible);
  }
}
}  // namespace

Result<void> schedule(const std::shared_ptr<TimedEvent>& event, std::uint64_t deadline) {
  bool ring;
  {
    const std::lock_guard guard(service_mutex);
    if (!is_started && deadline != DeadlineQueue::kNever) {
      TRY(start_runtime_thread(service_main, nullptr));
      is_started = true;
    }
    if (running == event.get()) running = nullptr;
    ring = deadlines.set(event, deadline);
  }
  // A thread that has not come so far yet will look at the queue by itself.
  core::Thread* const thread = service_thread.load();
  if (ring && thread != nullptr && thread != core::current_thread()) core::ring_doorbell(thread);
  return {};
}
}  // namespace cloister::kernel
