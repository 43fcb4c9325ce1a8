// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/committer.h"
#include <cerrno>
#include <future>

namespace cloister::cas {
namespace {

std::size_t size_of(const Mutation& mutation) {
  std::size_t size = 256;
  for (const RecordChange& change : mutation.changes)
    size += change.name.size() + (change.content ? change.content->size() : 0);
  for (const Demand& demand : mutation.demands) size += demand.name.size();
  for (const audit::Entry& entry : mutation.entries) size += 256 + entry.subject.size() + entry.text.size();
  return size;
}

}  // namespace

Committer::Committer(SealedStore& store, const CommitterOptions& options)
    : store_(store), options_(options), thread_([this] { run(); }) {}

Committer::~Committer() { stop(); }

void Committer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Result<void> Committer::submit(Mutation mutation, Completion completion) {
  const std::size_t size = size_of(mutation);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Error::from_errno(ESHUTDOWN, "the store is being closed");
    // One that is larger than the queue passes when it is alone.
    if (queue_.size() >= options_.queue_count || (queued_size_ + size > options_.queue_size && !queue_.empty()))
      return Error::from_errno(EAGAIN, "too many changes wait to be stored: try again later");
    queue_.push_back({.mutation = std::move(mutation), .completion = std::move(completion), .size = size});
    queued_size_ += size;
  }
  arrived_.notify_one();
  return {};
}

Result<Committed> Committer::commit(Mutation mutation) {
  std::promise<Result<Committed>> promise;
  auto outcome = promise.get_future();
  TRY(submit(std::move(mutation), [&](const Result<Committed>& result) {
    if (result.ok())
      promise.set_value(result.value());
    else
      promise.set_value(result.error());
  }));
  return outcome.get();
}

void Committer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto has_work = [this] { return stopping_ || !queue_.empty(); };
    if (!arrived_.wait_for(lock, options_.idle, has_work)) {
      lock.unlock();
      checkpoint();
      lock.lock();
      continue;
    }
    if (queue_.empty()) break;
    std::vector<Item> group;
    while (!queue_.empty() && group.size() < options_.group_count) {
      queued_size_ -= queue_.front().size;
      group.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    lock.unlock();
    commit_group(group);
    if (store_.log_pages() >= options_.checkpoint_pages + pages_at_failure_) checkpoint();
    lock.lock();
  }
  lock.unlock();
  checkpoint();
}

void Committer::commit_group(std::vector<Item>& group) {
  std::vector<const Mutation*> mutations;
  for (const Item& item : group) mutations.push_back(&item.mutation);
  const auto outcomes = store_.commit(mutations);
  for (std::size_t i = 0; i < group.size(); ++i) group[i].completion(outcomes[i]);
}

// A failure costs nothing but space: the log goes on, and it is tried again when it is idle or has grown as much again.
void Committer::checkpoint() {
  const std::uint64_t pages = store_.log_pages();
  if (pages == 0) return;
  pages_at_failure_ = store_.checkpoint().ok() ? 0 : pages;
}

}  // namespace cloister::cas
