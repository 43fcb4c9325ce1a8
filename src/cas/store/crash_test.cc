// SPDX-License-Identifier: Apache-2.0
// A service that is killed at random moments under load: what it acknowledged is there, the chain is whole, and what
// was spent once stays spent. CLOISTER_CRASH_ROUNDS says how often (20; in the long tests 200).
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstring>
#include <random>
#include "src/audit/export.h"
#include "src/cas/store/committer.h"
#include "src/cas/store/seal_anew.h"
#include "src/cas/store/store_for_test.h"

namespace cloister::cas {
namespace {

constexpr int kThreads = 4;

// What the service tells its caller, over a pipe and after the commit: at most PIPE_BUF, so that it arrives whole.
struct Acknowledgement {
  std::uint32_t thread, count;  // this thread's record has this count
  audit::Position head;
};

// The service: each thread counts its record up, and makes and spends a state with every count.
[[noreturn]] void serve(const std::string& path, int acknowledgements) {
  std::string problem;
  auto store = SealedStore::open(path, FixedSealingKey(), kNow, problem);
  if (!store.ok()) {
    std::fprintf(stderr, "crash test: %s\n", problem.c_str());
    _exit(1);
  }
  Committer committer(*store.value(), {.checkpoint_pages = 50, .idle = std::chrono::milliseconds(2)});
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      const std::string name = numbered("t", t), state = numbered("state", t);
      const auto known = store.value()->get(name);
      std::uint32_t count = known.value() ? std::stoul(std::string(text_of(known.value()->content))) : 0;
      for (;;) {
        ++count;
        Mutation mutation = put(name, numbered("", count), {{name, store.value()->version(name)}});
        // With odd counts there is a state, with even ones it is spent.
        mutation.changes.push_back({.name = state, .content = {}});
        if (count % 2) mutation.changes.back().content = secret_from(numbered("", count));
        const auto result = committer.commit(std::move(mutation));
        if (!result.ok()) {
          std::fprintf(stderr, "crash test: %s\n", result.error().what());
          _exit(1);
        }
        const Acknowledgement told{.thread = t, .count = count, .head = result.value().head.at};
        if (write(acknowledgements, &told, sizeof told) != sizeof told) _exit(1);
      }
    });
  for (auto& thread : threads) thread.join();
  _exit(1);
}

int rounds() {
  const char* const text = std::getenv("CLOISTER_CRASH_ROUNDS");
  return text ? std::atoi(text) : 20;
}

TEST(Crash, NothingAcknowledgedIsLost) {
  const Folder folder;
  std::mt19937 random(static_cast<unsigned>(getpid()));
  std::uint32_t counts[kThreads] = {};
  std::vector<audit::Position> heads;
  std::uint64_t all = 0;
  for (int round = 0; round < rounds(); ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t service = fork();
    if (service == 0) {
      close(ends[0]);
      serve(folder.file(), ends[1]);
    }
    close(ends[1]);
    Acknowledgement told;
    const auto take = [&] {
      counts[told.thread] = told.count;
      heads.push_back(told.head);
      ++all;
    };
    // The first one proves that it runs; then some moment.
    if (read(ends[0], &told, sizeof told) == sizeof told) take();
    usleep(random() % 60'000);
    kill(service, SIGKILL);
    while (read(ends[0], &told, sizeof told) == sizeof told) take();
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(service, &status, 0), service);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended before it was killed";

    const auto store = open_store(folder.file());
    ASSERT_NE(store, nullptr) << "round " << round;
    for (int t = 0; t < kThreads; ++t) {
      const std::string content = content_of(*store, numbered("t", static_cast<std::uint64_t>(t)));
      const std::uint32_t count = content == "absent" ? 0 : static_cast<std::uint32_t>(std::stoul(content));
      EXPECT_TRUE(count == counts[t] || count == counts[t] + 1)
          << "round " << round << ": " << count << " for " << counts[t];
      EXPECT_EQ(store->version(numbered("state", static_cast<std::uint64_t>(t))) != kAbsent, count % 2 == 1);
      counts[t] = count;
    }
    // The log leads from every acknowledged head to where it stands now.
    const std::uint64_t last = store->head().at.sequence;
    for (const audit::Position& head : heads) {
      std::string problem;
      const auto text = store->export_audit(head.sequence + 1, std::min(last, head.sequence + 300));
      ASSERT_TRUE(text.ok()) << head.sequence << " of " << last << ": " << text.error().what();
      EXPECT_TRUE(audit::verify_export(text.value(), {.key = store->audit_key(), .earlier = head}, problem).ok())
          << problem;
    }
    heads.assign(1, store->head().at);
  }
  std::printf("%d rounds, %lu commits acknowledged, %lu audit entries\n", rounds(), static_cast<unsigned long>(all),
              static_cast<unsigned long>(heads.back().sequence));
  EXPECT_GT(all, static_cast<std::uint64_t>(rounds()));
}

// The first start after an update: seals all of it anew, and says when it begins and when that is durable.
[[noreturn]] void seal_anew_and_say(const std::string& path, const SealingKeySource& source, int words) {
  std::string problem;
  auto store = SealedStore::open(path, source, kNow, problem);
  if (!store.ok() || write(words, "b", 1) != 1) _exit(1);
  const auto moved = seal_anew(std::move(store).take(), source, kNow);
  if (!moved.ok() || write(words, "d", 1) != 1) _exit(1);
  for (;;) pause();
}

// Killed at any moment of it: the file has all of the old version or all of the new one, and the next start finishes.
TEST(Crash, SealingAnewIsDoneOrNotDone) {
  const Folder folder;
  const FixedSealingKey before(1, security_version(1)), now(1, security_version(2));
  const std::string pristine = folder.file("before.db"), file = folder.file();
  // More than SQLite's cache holds, so that rows are in the write-ahead log before the transaction ends.
  constexpr int kRecords = 1000;
  const auto content = [](int i) { return std::string(12000, static_cast<char>('a' + i % 26)); };
  audit::Position head;
  {
    const auto store = open_store(pristine, before);
    std::vector<Mutation> all;
    for (int i = 0; i < kRecords; ++i) all.push_back(put(numbered("record ", i), content(i)));
    std::vector<const Mutation*> group;
    for (const Mutation& one : all) group.push_back(&one);
    for (const auto& outcome : store->commit(group)) ASSERT_TRUE(outcome.ok());
    head = store->head().at;
  }
  std::mt19937 random(static_cast<unsigned>(getpid()));
  std::chrono::microseconds whole(0);  // of one that nobody kills
  int old_ones = 0, new_ones = 0, said = 0, writing = 0;
  for (int round = 0; round <= rounds(); ++round) {
    for (const char* const end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
    std::filesystem::copy_file(pristine, file);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t starter = fork();
    if (starter == 0) {
      close(ends[0]);
      seal_anew_and_say(file, now, ends[1]);
    }
    close(ends[1]);
    char word = 0;
    ASSERT_TRUE(read(ends[0], &word, 1) == 1 && word == 'b') << "it cannot open the file";
    const auto began = std::chrono::steady_clock::now();
    word = 0;
    if (round == 0) {
      ASSERT_TRUE(read(ends[0], &word, 1) == 1 && word == 'd');
      whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    } else {
      usleep(static_cast<useconds_t>(random() % static_cast<std::uint64_t>(2 * whole.count())));
    }
    kill(starter, SIGKILL);
    const bool was_done = round == 0 || (read(ends[0], &word, 1) == 1 && word == 'd');
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(starter, &status, 0), starter);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended before it was killed";
    std::error_code absent;
    const auto logged = std::filesystem::file_size(file + "-wal", absent);

    auto store = open_store(file, now);
    ASSERT_NE(store, nullptr) << "round " << round;
    const bool is_new = store->sealed_under() == now.version();
    EXPECT_TRUE(is_new || store->sealed_under() == before.version());
    EXPECT_TRUE(is_new || !was_done) << "what was durable is gone";
    EXPECT_EQ(store->head().at.sequence, head.sequence + (is_new ? 1 : 0));
    (is_new ? new_ones : old_ones) += 1;
    said += was_done;
    writing += !is_new && !absent && logged > 0;
    auto finished = seal_anew(std::move(store), now, kNow);
    ASSERT_TRUE(finished.ok()) << finished.error().what();
    store = std::move(finished).take();
    EXPECT_EQ(store->sealed_under(), now.version());
    EXPECT_EQ(store->head().at.sequence, head.sequence + 1);
    for (const int i : {0, kRecords / 2, kRecords - 1})
      EXPECT_TRUE(content_of(*store, numbered("record ", i)) == content(i)) << i;
    std::string problem;
    const auto log = store->export_audit(1, store->head().at.sequence);
    EXPECT_TRUE(audit::verify_export(log.value(), {.key = store->audit_key(), .earlier = head}, problem).ok())
        << problem;
  }
  std::printf("%d rounds, one takes %ld us: %d old, %d of them with rows in the log; %d new, %d of them had said so\n",
              rounds(), static_cast<long>(whole.count()), old_ones, writing, new_ones, said);
  EXPECT_GT(old_ones, 0);
  EXPECT_GT(new_ones, 0);
}

}  // namespace
}  // namespace cloister::cas
