// SPDX-License-Identifier: Apache-2.0
// What a store does for honest callers on an honest disk; tampering_test.cc has the other disk.
#include <sys/resource.h>
#include <cerrno>
#include <csignal>
#include "src/audit/export.h"
#include "src/cas/store/store_for_test.h"

namespace cloister::cas {
namespace {

TEST(SealedStore, KeepsWhatItWasGiven) {
  const Folder folder;
  audit::Head head;
  {
    const auto store = open_store(folder.file());
    EXPECT_TRUE(store->is_new());
    EXPECT_TRUE(store->commit(put("session/a", "first")).ok());
    EXPECT_TRUE(store->commit(put("session/b", "second")).ok());
    EXPECT_TRUE(store->commit(put("session/a", "third")).ok());
    EXPECT_TRUE(store->commit(put("secret/empty", "")).ok());
    EXPECT_TRUE(store->commit(put("session/c", "gone")).ok());
    EXPECT_TRUE(store->commit(erase("session/c")).ok());
    head = store->head();
    EXPECT_EQ(head.at.sequence, 7u);
  }
  const auto store = open_store(folder.file());
  EXPECT_FALSE(store->is_new());
  EXPECT_EQ(content_of(*store, "session/a"), "third");
  EXPECT_EQ(content_of(*store, "session/b"), "second");
  EXPECT_EQ(content_of(*store, "secret/empty"), "");
  EXPECT_EQ(content_of(*store, "session/c"), "absent");
  EXPECT_EQ(store->list("session/"), (std::vector<std::string>{"session/a", "session/b"}));
  EXPECT_EQ(store->list("session/b"), std::vector<std::string>{"session/b"});
  EXPECT_EQ(store->head(), head);
  EXPECT_TRUE(audit::verify_head(head, store->audit_key()).ok());
}

TEST(SealedStore, LargeContentsAndNames) {
  const Folder folder;
  const std::string large(kContentLimit, 'x'), name(kNameLimit, 'n');
  {
    const auto store = open_store(folder.file());
    EXPECT_TRUE(store->commit(put(name, large)).ok());
    for (const Mutation& wrong : {put("a", large + "x"), put(name + "n", ""), put("", "")})
      EXPECT_EQ(store->commit(wrong).error().code(), Errc::invalid);
  }
  // Not from the cache: it is smaller than this content.
  const auto store = open_store(folder.file(), 1, {.cache_size = 1000});
  EXPECT_EQ(content_of(*store, name), large);
}

constexpr std::uintmax_t kLogSize = 20 * 1024 * 1024;

// The log has its size before anything is committed, keeps it, and what lies behind the last commit means nothing.
TEST(SealedStore, CommitsOverwriteAnExtendedLog) {
  const Folder folder, copy;
  const auto store = open_store(folder.file());
  ASSERT_TRUE(store->commit(put("a", "before")).ok());
  store->extend_log();
  const std::string log = folder.file("cas.db-wal");
  EXPECT_EQ(std::filesystem::file_size(log), kLogSize);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(store->commit(put(numbered("b", i), "behind")).ok());
  EXPECT_TRUE(store->checkpoint().ok());
  EXPECT_TRUE(store->commit(put("a", "at the log's start again")).ok());
  EXPECT_EQ(std::filesystem::file_size(log), kLogSize);
  // As after a power failure: what is on the disk while the store is open.
  for (const char* const name : {"cas.db", "cas.db-wal"}) std::filesystem::copy(folder.file(name), copy.file(name));
  const auto again = open_store(copy.file());
  EXPECT_EQ(content_of(*again, "a"), "at the log's start again");
  EXPECT_EQ(content_of(*again, "b19"), "behind");
  EXPECT_EQ(again->head(), store->head());
}

TEST(SealedStore, NoRoomForTheLogIsNoFailure) {
  const Folder folder;
  const auto store = open_store(folder.file());
  const std::string log = folder.file("cas.db-wal");
  const std::uintmax_t before = std::filesystem::file_size(log);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit small = limit;
  small.rlim_cur = 1024 * 1024;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  store->extend_log();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(std::filesystem::file_size(log), before);
  EXPECT_TRUE(store->commit(put("a", "1")).ok());
  EXPECT_EQ(content_of(*store, "a"), "1");
}

TEST(SealedStore, DemandsKeepUpdatesFromBeingLost) {
  const Folder folder;
  const auto store = open_store(folder.file());
  const auto first = store->commit(put("a", "1", {{"a", kAbsent}}));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(store->version("a"), first.value().version);
  EXPECT_EQ(store->commit(put("a", "2", {{"a", kAbsent}})).error().errno_value(), ESTALE);
  const auto second = store->commit(put("a", "2", {{"a", first.value().version}}));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(store->commit(put("a", "3", {{"a", first.value().version}})).error().errno_value(), ESTALE);
  EXPECT_EQ(content_of(*store, "a"), "2");
  // One that was erased and made again is another one.
  ASSERT_TRUE(store->commit(erase("a")).ok());
  ASSERT_TRUE(store->commit(put("a", "again", {{"a", kAbsent}})).ok());
  EXPECT_EQ(store->commit(put("a", "3", {{"a", second.value().version}})).error().errno_value(), ESTALE);
  EXPECT_EQ(store->commit(erase("b")).error().errno_value(), ESTALE);
}

TEST(SealedStore, OneRefusedMutationLeavesItsGroupAlone) {
  const Folder folder;
  const auto store = open_store(folder.file());
  const Mutation once = put("state", "unused");
  ASSERT_TRUE(store->commit(once).ok());
  const std::uint64_t version = store->version("state");
  // Both want to consume the same state; a mutation sees those before it in the group.
  const Mutation consume = erase("state", {{"state", version}}), other = put("b", "1"),
                 after = put("b", "2", {{"b", version + 1}});
  const Mutation* const group[] = {&consume, &consume, &other, &after};
  const auto outcomes = store->commit(group);
  EXPECT_TRUE(outcomes[0].ok());
  EXPECT_EQ(outcomes[1].error().errno_value(), ESTALE);
  EXPECT_TRUE(outcomes[2].ok());
  EXPECT_TRUE(outcomes[3].ok());
  EXPECT_EQ(outcomes[0].value().head, outcomes[3].value().head);
  EXPECT_EQ(outcomes[3].value().sequence, outcomes[3].value().head.at.sequence);
  EXPECT_EQ(outcomes[0].value().sequence + 2, outcomes[3].value().sequence);
  EXPECT_EQ(content_of(*store, "b"), "2");
}

TEST(SealedStore, RecordsDoNotChangeUnaudited) {
  const Folder folder;
  const auto store = open_store(folder.file());
  Mutation silent = put("a", "1");
  silent.entries.clear();
  EXPECT_EQ(store->commit(silent).error().code(), Errc::invalid);
  EXPECT_EQ(store->commit(put(kAuditKeyRecord, "1")).error().code(), Errc::invalid);
  Mutation twice = put("a", "1");
  twice.changes.push_back({.name = "a", .content = secret_from("2")});
  EXPECT_EQ(store->commit(twice).error().code(), Errc::invalid);
  Mutation long_text = put("a", "1");
  long_text.entries[0].text.assign(audit::kTextLimit + 1, 'x');
  EXPECT_EQ(store->commit(long_text).error().code(), Errc::invalid);
  EXPECT_EQ(store->version("a"), kAbsent);
  EXPECT_EQ(store->head().at.sequence, 1u);
  // Demands alone change nothing and need no entry.
  EXPECT_TRUE(store->commit(Mutation{.demands = {{"a", kAbsent}}, .changes = {}, .entries = {}, .seen = {}}).ok());
}

TEST(SealedStore, OtherKeysAreNamed) {
  const Folder folder;
  EXPECT_TRUE(open_store(folder.file())->commit(put("a", "1")).ok());
  EXPECT_NE(refusal(folder.file(), 2).find("sealed under other keys"), std::string::npos) << refusal(folder.file(), 2);
  EXPECT_EQ(refusal(folder.file()), "opened");
}

TEST(SealedStore, OneProcessAtATime) {
  const Folder folder;
  const auto store = open_store(folder.file());
  const std::string text = refusal(folder.file());
  EXPECT_NE(text.find("another process has the database open"), std::string::npos) << text;
  EXPECT_TRUE(store->commit(put("a", "1")).ok());
}

TEST(SealedStore, ExportsVerify) {
  const Folder folder;
  const auto store = open_store(folder.file());
  std::vector<audit::Position> positions{audit::chain_start(store->audit_key()), store->head().at};
  while (positions.size() < 700) positions.push_back(store->commit(put("a", "1")).value().head.at);
  const std::uint64_t last = positions.size() - 1;
  for (const auto& [from, to] : {std::pair{1ul, last},
                                 {1ul, 1ul},
                                 {1ul, 256ul},
                                 {2ul, 255ul},
                                 {256ul, 256ul},
                                 {257ul, 512ul},
                                 {500ul, 600ul},
                                 {last, last},
                                 {last + 1, last},
                                 {1ul, 0ul}}) {
    const auto text = store->export_audit(from, to);
    ASSERT_TRUE(text.ok()) << from;
    std::string problem;
    const auto verified =
        audit::verify_export(text.value(), {.key = store->audit_key(), .earlier = positions[from - 1]}, problem);
    ASSERT_TRUE(verified.ok()) << from << " to " << to << ": " << problem;
    EXPECT_EQ(verified.value().head.at, positions[to]);
    EXPECT_EQ(verified.value().entries.size(), to + 1 - from);
  }
  for (const auto& [from, to] : {std::pair{0ul, 1ul}, {1ul, last + 1}, {3ul, 1ul}})
    EXPECT_EQ(store->export_audit(from, to).error().code(), Errc::invalid);
}

}  // namespace
}  // namespace cloister::cas
