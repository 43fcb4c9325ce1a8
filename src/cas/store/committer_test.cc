// SPDX-License-Identifier: Apache-2.0
// The committer: order, groups, a bounded queue, and what happens when the disk is full.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>
#include <cerrno>
#include <future>
#include <map>
#include <set>
#include "src/audit/export.h"
#include "src/cas/store/committer.h"
#include "src/cas/store/store_for_test.h"

namespace cloister::cas {
namespace {

TEST(Committer, KeepsOrderAndGroups) {
  const Folder folder;
  const auto store = open_store(folder.file());
  constexpr int kCount = 1000;
  std::vector<std::uint64_t> sequences;
  std::set<std::uint64_t> heads;
  std::promise<void> done;
  Committer committer(*store);  // ends before what its completions use
  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(committer
                    .submit(put(numbered("r", i % 10), numbered("", i)),
                            [&, i](const Result<Committed>& result) {
                              ASSERT_TRUE(result.ok());
                              sequences.push_back(result.value().sequence);
                              heads.insert(result.value().head.at.sequence);
                              if (i == kCount - 1) done.set_value();
                            })
                    .ok());
  }
  done.get_future().get();
  ASSERT_EQ(sequences.size(), static_cast<std::size_t>(kCount));
  for (int i = 0; i < kCount; ++i) EXPECT_EQ(sequences[static_cast<std::size_t>(i)], static_cast<std::uint64_t>(i + 2));
  EXPECT_LT(heads.size(), kCount / 4u);  // so many commits
  for (int i = 0; i < 10; ++i) EXPECT_EQ(content_of(*store, numbered("r", i)), numbered("", 990 + i));
}

TEST(Committer, ManyThreads) {
  const Folder folder;
  const auto store = open_store(folder.file());
  {
    Committer committer(*store);
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        std::uint64_t version = kAbsent;
        for (int i = 0; i < 50; ++i) {
          const auto result = committer.commit(put(numbered("t", t), numbered("", i), {{numbered("t", t), version}}));
          ASSERT_TRUE(result.ok());
          version = result.value().version;
          // What was acknowledged is what everybody reads.
          EXPECT_EQ(content_of(*store, numbered("t", t)), numbered("", i));
        }
      });
    // All want the same record: each value is built on the one before, and none is lost.
    std::atomic<int> conflicts = 0;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 25;) {
          const auto record = store->get("counter");
          ASSERT_TRUE(record.ok());
          const int count = record.value() ? std::stoi(std::string(text_of(record.value()->content))) : 0;
          const std::uint64_t version = record.value() ? record.value()->version : kAbsent;
          const auto result = committer.commit(put("counter", numbered("", count + 1), {{"counter", version}}));
          if (result.ok())
            ++i;
          else if (result.error().errno_value() == ESTALE)
            ++conflicts;
          else
            FAIL() << result.error().what();
        }
      });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(content_of(*store, "counter"), "100");
  }
  EXPECT_EQ(store->head().at.sequence, 1u + 8 * 50 + 100);
}

TEST(Committer, TheQueueIsBounded) {
  const Folder folder;
  const auto store = open_store(folder.file());
  Committer committer(*store, {.queue_count = 8, .queue_size = 100'000});
  std::promise<void> entered, release;
  auto released = release.get_future();
  ASSERT_TRUE(committer
                  .submit(put("a", "1"),
                          [&](const Result<Committed>&) {
                            entered.set_value();
                            released.wait();
                          })
                  .ok());
  entered.get_future().wait();  // the committer is busy now, and what comes has to wait
  std::atomic<int> acknowledged = 0;
  const auto count = [&](const Result<Committed>& result) { acknowledged += result.ok(); };
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(committer.submit(put("a", "2"), count).ok()) << i;
  const auto refused = committer.submit(put("a", "3"), count);
  EXPECT_EQ(refused.error().errno_value(), EAGAIN);
  release.set_value();
  committer.stop();
  EXPECT_EQ(acknowledged, 8);
  EXPECT_EQ(committer.submit(put("a", "4"), count).error().errno_value(), ESHUTDOWN);
  EXPECT_EQ(content_of(*store, "a"), "2");
  EXPECT_EQ(acknowledged, 8);
}

TEST(Committer, TheQueueIsBoundedInBytes) {
  const Folder folder;
  const auto store = open_store(folder.file());
  std::promise<void> entered, release;
  auto released = release.get_future();
  Committer committer(*store, {.queue_count = 100, .queue_size = 10'000});
  const auto ignore = [](const Result<Committed>&) {};
  // Larger than the queue: it passes alone.
  ASSERT_TRUE(committer
                  .submit(put("a", std::string(20'000, 'x')),
                          [&](const Result<Committed>&) {
                            entered.set_value();
                            released.wait();
                          })
                  .ok());
  entered.get_future().wait();
  EXPECT_TRUE(committer.submit(put("a", std::string(6'000, 'x')), ignore).ok());
  EXPECT_EQ(committer.submit(put("a", std::string(6'000, 'x')), ignore).error().errno_value(), EAGAIN);
  EXPECT_TRUE(committer.submit(put("a", "small"), ignore).ok());
  release.set_value();
}

TEST(Committer, MovesTheLogWhenIdle) {
  const Folder folder;
  const auto store = open_store(folder.file());
  EXPECT_GT(store->log_pages(), 0u);
  Committer committer(*store, {.idle = std::chrono::milliseconds(10)});
  ASSERT_TRUE(committer.commit(put("a", "1")).ok());
  for (int i = 0; i < 1000 && store->log_pages() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(store->log_pages(), 0u);
}

TEST(Committer, BoundsTheLogUnderLoad) {
  const Folder folder;
  const auto store = open_store(folder.file());
  Committer committer(*store, {.checkpoint_pages = 100, .idle = std::chrono::hours(1)});
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(committer.commit(put(numbered("r", i), std::string(40'000, 'x'))).ok());
    EXPECT_LT(store->log_pages(), 150u);
  }
  EXPECT_LT(std::filesystem::file_size(folder.file() + "-wal"), 200u * 4200);
}

// A file system of 2 MiB of its own, in which a ballast takes what shall not be there.
class SmallDisk {
 public:
  static constexpr std::size_t kSize = 2 << 20;
  explicit SmallDisk(const std::string& path) : path_(path) {
    const int spaces = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    mounted_ = unshare(spaces) == 0 && mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0 &&
               mount("tmpfs", path.c_str(), "tmpfs", 0, numbered("size=", kSize).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount(path_.c_str());
  }
  bool mounted() const { return mounted_; }
  void leave_free(std::size_t size) const {
    remove_ballast();
    const std::size_t available = std::filesystem::space(path_).available;
    std::ofstream(path_ + "/ballast", std::ios::binary) << std::string(available > size ? available - size : 0, 'x');
  }
  void remove_ballast() const { std::filesystem::remove(path_ + "/ballast"); }

 private:
  std::string path_;
  bool mounted_;
};

TEST(Committer, FullDisk) {
  const Folder folder;
  const SmallDisk disk(folder.path());
  if (!disk.mounted()) GTEST_SKIP() << "no mount namespace and no tmpfs here: the full disk is NOT TESTED";
  std::map<std::string, std::string> acknowledged;
  std::vector<audit::Position> heads;
  int failures = 0;
  // At each of these sizes another write is the first that fails: of the log, of the file, of a larger or smaller
  // group.
  for (std::size_t free_size = 0; free_size <= 120'000; free_size += 10'000) {
    const auto store = open_store(folder.file());
    ASSERT_NE(store, nullptr) << free_size;
    Committer committer(*store, {.checkpoint_pages = 20, .idle = std::chrono::milliseconds(5)});
    disk.leave_free(free_size);
    bool full = false;
    for (int i = 0; i < 40; ++i) {
      const std::string name = numbered("r", static_cast<std::uint64_t>(i)), content = std::string(7000, 'a' + i % 26);
      const auto result = committer.commit(put(name, content));
      if (result.ok()) {
        acknowledged[name] = content;
        heads.push_back(result.value().head.at);
        continue;
      }
      full = true;
      ++failures;
      EXPECT_EQ(result.error().errno_value(), ENOSPC) << result.error().what() << ": " << store->problem();
      // What failed did not happen, and reading goes on.
      EXPECT_EQ(content_of(*store, name), acknowledged.contains(name) ? acknowledged[name] : "absent");
    }
    EXPECT_TRUE(full || free_size > 100'000) << free_size;
    disk.remove_ballast();
    const auto again = committer.commit(put("again", numbered("", free_size)));
    ASSERT_TRUE(again.ok()) << again.error().what() << ": " << store->problem();
    acknowledged["again"] = numbered("", free_size);
    heads.push_back(again.value().head.at);
    for (const auto& [name, content] : acknowledged) EXPECT_EQ(content_of(*store, name), content) << name;
  }
  EXPECT_GT(failures, 100);
  const auto store = open_store(folder.file(), 1, {.cache_size = 0});
  for (const auto& [name, content] : acknowledged) EXPECT_EQ(content_of(*store, name), content) << name;
  const auto text = store->export_audit(1, store->head().at.sequence);
  ASSERT_TRUE(text.ok());
  for (const audit::Position& head : heads) {
    std::string problem;
    EXPECT_TRUE(audit::verify_export(text.value(), {.key = {}, .earlier = head}, problem).ok()) << problem;
  }
}

}  // namespace
}  // namespace cloister::cas
