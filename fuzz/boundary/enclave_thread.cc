// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/enclave_thread.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdlib>
#include "src/enclave/core/prefetch.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::fuzz {
namespace {
constexpr std::uint32_t kSecondId = 4712;

core::Thread* second_thread() {
  static core::Thread* const thread = make_thread();
  return thread;
}

// Until the end of the scope.
class Become {
 public:
  explicit Become(core::Thread* thread) : before_(core::current_thread()) { become(thread); }
  ~Become() { become(before_); }
  Become(const Become&) = delete;
  Become& operator=(const Become&) = delete;

 private:
  core::Thread* before_;
};

std::vector<core::HostAddress> blocks;
core::Thread* resting = nullptr;  // the thread that does not run, while there are two
}  // namespace

core::Thread* make_thread() {
  constexpr std::size_t kPage = 4096, kSize = (kHostBlockSize + kPage - 1) / kPage * kPage;
  auto* const pages =
      static_cast<std::uint8_t*>(mmap(nullptr, kSize + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(pages + kPage, kSize, PROT_READ | PROT_WRITE);
  auto* const thread = new core::Thread{};
  thread->self = thread;
  thread->host_block = core::HostAddress(reinterpret_cast<std::uint64_t>(pages + kPage));
  blocks.push_back(thread->host_block);
  return thread;
}
const std::vector<core::HostAddress>& host_blocks() { return blocks; }

void reset_thread(core::Thread& thread) {
  const core::HostAddress block = thread.host_block;
  thread = core::Thread{};
  thread.self = &thread;
  thread.host_block = block;
  *reinterpret_cast<HostBlock*>(block.word()) = HostBlock{};
}

void become(core::Thread* thread) {
  constexpr int kSetGs = 0x1001;
  if (syscall(SYS_arch_prctl, kSetGs, thread) != 0) std::abort();
}

void forget_requests(core::Task& task) {
  for (std::uint32_t i = 0; i < task.prefetch_count; ++i) {
    (void)task.prefetches[i]->lock.try_lock();
    task.prefetches[i]->clear();
    task.prefetches[i]->lock.unlock();
  }
  task.prefetch_count = 0;
  core::leave_prefetched(&task);
  task.hazard = task.other_hazard = nullptr;
  task.thread->transfer.has_prefetches = false;
  task.thread->closing = 0;
  core::SendQueue& sends = task.sends;
  for (core::WriteBehind* socket : sends.sockets)
    if (socket != nullptr) socket->queued_by = nullptr;
  task.thread->queued_sends = sends.area_used = 0;
}

void SecondThread::run(const std::function<void(kernel::Task&)>& part) {
  if (task_ == nullptr) {
    reset_thread(*second_thread());
    task_ = std::make_unique<kernel::Task>(process_, kSecondId);
    task_->attach(second_thread());
  }
  const Become other(second_thread());
  resting = process_.tasks.front()->thread;
  part(*task_);
  resting = second_thread();
}

// As leave_task.
void SecondThread::end() {
  if (task_ == nullptr) return;
  const Become other(second_thread());
  resting = process_.tasks.front()->thread;
  core::flush_sends(second_thread());
  core::leave_prefetched(task_.get());
  resting = nullptr;
  vfs::finish_late_close();
  second_thread()->task = nullptr;
  task_.reset();
  vfs::finish_late_close();
}

void SecondThread::forget() {
  resting = nullptr;
  if (task_ != nullptr) forget_requests(*task_);
  task_.reset();
}

void let_other_thread_work() {
  if (resting == nullptr) return;
  const Become other(resting);
  core::Thread* const before = std::exchange(resting, nullptr);
  core::flush_sends(before);
  resting = before;
}
}  // namespace cloister::fuzz
