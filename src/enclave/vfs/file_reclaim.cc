// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/file_reclaim.h"
#include <algorithm>
#include <mutex>
#include <vector>
#include "src/enclave/vfs/epoll_watch.h"
#include "src/enclave/vfs/locks.h"

namespace cloister::vfs {
namespace {
// Of the whole enclave, not of a process: files are shared between processes.
std::mutex reclaim_mutex;
std::vector<core::Task*> owners;
std::atomic<std::size_t> owner_count{0};
std::vector<OpenFile*> deferred;
std::atomic<std::size_t> deferred_count{0};

bool is_in_use(const core::File* file) {
  return std::any_of(owners.begin(), owners.end(), [&](const core::Task* task) {
    return task->hazard.load(std::memory_order_seq_cst) == file ||
           task->other_hazard.load(std::memory_order_seq_cst) == file;
  });
}

// A task that uses the file in a call of the core ends it on its way back to the program: nobody else may come by for a
// long time, and a peer waits for the end of its connection.
void mark_users(const core::File* file) {
  for (const core::Task* task : owners)
    if (task->thread != nullptr && (task->hazard.load(std::memory_order_seq_cst) == file ||
                                    task->other_hazard.load(std::memory_order_seq_cst) == file))
      __atomic_fetch_or(&task->thread->work, static_cast<std::uint64_t>(core::kWorkFiles), __ATOMIC_SEQ_CST);
}

void finish(OpenFile* file) {
  if (file->epoll_watches.load(std::memory_order_acquire) != nullptr) end_epoll_watches(*file);
  release_description_locks(*file);
  file->last_close();
  delete file;
}
}  // namespace

void add_hazard_owner(core::Task& task) {
  const std::lock_guard guard(reclaim_mutex);
  owners.push_back(&task);
  owner_count.store(owners.size(), std::memory_order_relaxed);
}

bool is_only_task() { return owner_count.load(std::memory_order_relaxed) == 1; }

void remove_hazard_owner(core::Task& task) {
  {
    const std::lock_guard guard(reclaim_mutex);
    std::erase(owners, &task);
    owner_count.store(owners.size(), std::memory_order_relaxed);
  }
  reclaim_files();
}

void reclaim_files() {
  if (deferred_count.load(std::memory_order_relaxed) == 0) return;
  std::vector<OpenFile*> free;
  {
    const std::lock_guard guard(reclaim_mutex);
    std::erase_if(deferred, [&](OpenFile* file) {
      if (is_in_use(file)) return false;
      free.push_back(file);
      return true;
    });
    deferred_count.store(deferred.size(), std::memory_order_relaxed);
  }
  for (OpenFile* file : free) finish(file);
}

// The slot was emptied (seq_cst) before its reference is dropped here, so a task whose hazard does not name the file
// now can no longer find it.
void release_reference(OpenFile* file) {
  if (file->references.fetch_sub(1, std::memory_order_seq_cst) == 1) {
    {
      const std::lock_guard guard(reclaim_mutex);
      if (is_in_use(file)) {
        deferred.push_back(file);
        deferred_count.store(deferred.size(), std::memory_order_relaxed);
        mark_users(file);  // reclaim_files() below looks again, for those who were on their way out already
        file = nullptr;
      }
    }
    if (file != nullptr) finish(file);
  }
  reclaim_files();
}
}  // namespace cloister::vfs
