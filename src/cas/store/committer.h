// SPDX-License-Identifier: Apache-2.0
// One thread that commits: callers hand mutations in and are told when they are durable. In the enclave; thread-safe.
//
// What waits while a commit is being flushed goes into the next one together: the flush is what costs. Order is kept.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include "src/cas/store/sealed_store.h"

namespace cloister::cas {

struct CommitterOptions {
  std::size_t queue_count = 4096;             // mutations that may wait
  std::size_t queue_size = 64 * 1024 * 1024;  // bytes of theirs
  std::size_t group_count = 256;              // mutations in one commit
  std::uint64_t checkpoint_pages = 4096;      // of the write-ahead log: moved into the file even under load
  std::chrono::milliseconds idle = std::chrono::milliseconds(200);  // or when nothing came for this long
};

class Committer {
 public:
  // Called on the committer's thread, once, in the order of submission; it must not wait for another commit. Errors are
  // those of SealedStore::commit, and ESHUTDOWN for what stop() found waiting after the disk failed.
  using Completion = std::function<void(const Result<Committed>&)>;

  explicit Committer(SealedStore& store, const CommitterOptions& options = {});
  // Stops.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // EAGAIN when the queue is full (try again later), ESHUTDOWN after stop(); then `completion` is not called.
  Result<void> submit(Mutation mutation, Completion completion);
  // Waits for the outcome. Not on the committer's thread.
  Result<Committed> commit(Mutation mutation);
  // Commits what waits, moves the write-ahead log into the file, and ends the thread.
  void stop();

 private:
  struct Item {
    Mutation mutation;
    Completion completion;
    std::size_t size;
  };
  void run();
  void commit_group(std::vector<Item>& group);
  void checkpoint();

  SealedStore& store_;
  const CommitterOptions options_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Item> queue_;
  std::size_t queued_size_ = 0;
  bool stopping_ = false;
  std::uint64_t pages_at_failure_ = 0;  // of the last checkpoint that failed
  std::thread thread_;
};

}  // namespace cloister::cas
