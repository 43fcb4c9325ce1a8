// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/epoll_watch.h"
#include <algorithm>
#include <mutex>
#include "src/enclave/vfs/epoll_set.h"

namespace cloister::vfs {

// One element per registration: a set that watches a file under two descriptors is listed twice.
class EpollWatches {
 public:
  std::vector<std::shared_ptr<EpollSet>> sets;
};

namespace {
// Guards the lists of all files. Taken inside EpollSet's own lock; held for a few instructions.
std::mutex watchers_mutex;
}  // namespace

std::size_t add_epoll_watch(OpenFile& file, const std::shared_ptr<EpollSet>& set) {
  const std::lock_guard guard(watchers_mutex);
  EpollWatches* watches = file.epoll_watches.load(std::memory_order_relaxed);
  if (watches == nullptr) {
    watches = new EpollWatches;
    file.epoll_watches.store(watches, std::memory_order_release);
  }
  watches->sets.push_back(set);
  return watches->sets.size();
}

void remove_epoll_watch(OpenFile& file, EpollSet& set) {
  std::shared_ptr<EpollSet> removed;  // let go outside the lock
  const std::lock_guard guard(watchers_mutex);
  EpollWatches* const watches = file.epoll_watches.load(std::memory_order_relaxed);
  if (watches == nullptr) return;
  const auto at =
      std::find_if(watches->sets.begin(), watches->sets.end(), [&](const auto& each) { return each.get() == &set; });
  if (at == watches->sets.end()) return;
  removed = std::move(*at);
  watches->sets.erase(at);
}

void end_epoll_watches(OpenFile& file) {
  EpollWatches* watches;
  {
    const std::lock_guard guard(watchers_mutex);
    watches = file.epoll_watches.exchange(nullptr, std::memory_order_acq_rel);
  }
  if (watches == nullptr) return;
  for (const auto& set : watches->sets) set->forget(file);
  delete watches;
}
}  // namespace cloister::vfs
