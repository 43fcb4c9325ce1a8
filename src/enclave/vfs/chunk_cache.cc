// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/chunk_cache.h"
#include <list>
#include <map>
#include <mutex>

namespace cloister::vfs {
namespace {
constexpr std::size_t kOverhead = 256;  // bytes for what is known of a chunk
constexpr std::size_t kInPart = 16 * (kFileChunkSize + kOverhead);

struct Entry {
  MeasuredFileRef file;
  std::size_t index;
  Chunk chunk;
  std::size_t size;
  ChunkUse use;
};
using Entries = std::list<Entry>;  // the latest use first

class ChunkCache {
 public:
  void set_limit(std::uint64_t bytes) {
    const std::lock_guard guard(mutex_);
    places_.clear();
    again_ = {bytes};
    in_part_ = {kInPart};
  }

  Chunk find(const MeasuredFile& file, std::size_t index) {
    const std::lock_guard guard(mutex_);
    const auto found = places_.find({&file, index});
    if (found == places_.end()) return nullptr;
    Entries& entries = queue_for(found->second->use).entries;
    entries.splice(entries.begin(), entries, found->second);
    return found->second->chunk;
  }

  void keep(const MeasuredFileRef& file, std::size_t index, Chunk chunk, std::size_t size, ChunkUse use) {
    size += kOverhead;
    const std::lock_guard guard(mutex_);
    Queue& queue = queue_for(use);
    if (size > queue.limit || places_.contains({file.get(), index})) return;  // another task may have been faster
    for (; queue.size + size > queue.limit; queue.entries.pop_back()) {
      const Entry& oldest = queue.entries.back();
      places_.erase({oldest.file.get(), oldest.index});
      queue.size -= oldest.size;
    }
    queue.entries.push_front({file, index, std::move(chunk), size, use});
    queue.size += size;
    places_.emplace(Name{file.get(), index}, queue.entries.begin());
  }

 private:
  using Name = std::pair<const MeasuredFile*, std::size_t>;
  struct Queue {
    std::size_t limit;
    std::size_t size = 0;
    Entries entries = {};
  };
  Queue& queue_for(ChunkUse use) { return use == ChunkUse::again ? again_ : in_part_; }

  std::mutex mutex_;
  std::map<Name, Entries::iterator> places_;
  Queue in_part_{kInPart}, again_{0};
};
ChunkCache cache;
}  // namespace

void set_chunk_cache_limit(std::uint64_t bytes) { cache.set_limit(bytes); }
Chunk find_chunk(const MeasuredFile& file, std::size_t index) { return cache.find(file, index); }
void keep_chunk(const MeasuredFileRef& file, std::size_t index, Chunk chunk, std::size_t size, ChunkUse use) {
  cache.keep(file, index, std::move(chunk), size, use);
}
}  // namespace cloister::vfs
