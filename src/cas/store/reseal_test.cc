// SPDX-License-Identifier: Apache-2.0
// A store that is handed over: nothing is written after the mark, and a successor goes on under its own keys.
#include <cerrno>
#include "src/audit/export.h"
#include "src/cas/store/store_for_test.h"

namespace cloister::cas {
namespace {

Mutation handing_over() {
  Mutation mutation = put(kHandedOverRecord, "successor");
  mutation.entries[0].kind = audit::Kind::handed_over;
  return mutation;
}
Mutation taking_over() {
  Mutation mutation = erase(kHandedOverRecord);
  mutation.entries[0].kind = audit::Kind::taken_over;
  return mutation;
}

std::unique_ptr<SealedStore> resealed(std::unique_ptr<SealedStore> store, std::uint8_t key) {
  auto moved = SealedStore::reseal(std::move(store), FixedSealingKey(key), taking_over());
  if (moved.ok()) return std::move(moved).take();
  ADD_FAILURE() << moved.error().what();
  return nullptr;
}

TEST(HandedOver, NothingIsWrittenAfterIt) {
  Folder folder;
  auto store = open_store(folder.file());
  ASSERT_TRUE(store->commit(put("a", "1")).ok());
  // In one group: what comes before it is done, what comes after it is not, and its head is the last one.
  const Mutation before = put("b", "2"), mark = handing_over(), after = put("c", "3");
  const Mutation* const group[] = {&before, &mark, &after};
  const auto outcomes = store->commit(group);
  EXPECT_TRUE(outcomes[0].ok());
  ASSERT_TRUE(outcomes[1].ok());
  ASSERT_FALSE(outcomes[2].ok());
  EXPECT_EQ(outcomes[2].error().errno_value(), EROFS);
  EXPECT_EQ(outcomes[1].value().sequence, outcomes[1].value().head.at.sequence);
  EXPECT_EQ(store->head(), outcomes[1].value().head);
  Mutation entry_alone;
  entry_alone.entries.push_back(entry_of(audit::Kind::cas_started, ""));
  for (const Mutation& late : {put("d", "4"), erase(kHandedOverRecord), entry_alone}) {
    const auto outcome = store->commit(late);
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().errno_value(), EROFS);
  }
  const audit::Head head = store->head();
  store.reset();
  store = open_store(folder.file());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->head(), head);
  EXPECT_EQ(content_of(*store, "b"), "2");
  EXPECT_FALSE(store->commit(put("d", "4")).ok());
}

TEST(Reseal, EverythingGoesOnUnderOtherKeys) {
  Folder folder;
  auto store = open_store(folder.file(), 1);
  for (int i = 0; i < 300; ++i) {  // more than from one mark of the log to the next
    ASSERT_TRUE(store->commit(put(numbered("record ", i % 40), numbered("content ", i))).ok());
  }
  ASSERT_TRUE(store->commit(erase("record 7")).ok());
  ASSERT_TRUE(store->commit(handing_over()).ok());
  const auto names = store->list("");
  const auto version = store->version("record 9");
  const audit::Head head = store->head();
  const auto key = store->audit_key();
  const std::string log = store->export_audit(1, head.at.sequence).take();

  store = resealed(std::move(store), 2);
  ASSERT_NE(store, nullptr);
  for (const bool reopened : {false, true}) {
    SCOPED_TRACE(reopened);
    EXPECT_EQ(store->audit_key(), key);
    EXPECT_EQ(store->head().at.sequence, head.at.sequence + 1 + (reopened ? 1 : 0));
    EXPECT_EQ(store->list("").size(), names.size() - 1);
    EXPECT_EQ(store->version("record 9"), version);
    EXPECT_EQ(content_of(*store, "record 9"), "content 289");
    EXPECT_EQ(content_of(*store, "record 7"), "absent");
    EXPECT_EQ(store->newest_time(), kNow);
    EXPECT_EQ(store->version(kHandedOverRecord), kAbsent);
    std::string problem;
    const std::string now = store->export_audit(1, store->head().at.sequence).take();
    EXPECT_TRUE(audit::verify_export(now, {.key = key, .earlier = head.at}, problem).ok()) << problem;
    EXPECT_TRUE(now.starts_with(log.substr(0, log.rfind("{\"head\""))));
    if (reopened) break;
    ASSERT_TRUE(store->commit(put("record 8", "again")).ok());
    store.reset();
    store = open_store(folder.file(), 2);
    ASSERT_NE(store, nullptr);
  }
  store.reset();
  EXPECT_NE(refusal(folder.file(), 1).find("sealed under other keys"), std::string::npos);
}

TEST(Reseal, TheBoundOfTimeGoesOn) {
  Folder folder;
  auto store = open_store(folder.file(), 1);
  Mutation seen = put("a", "1");
  seen.entries[0].time = kNow + 5000;
  seen.seen.push_back(
      {.root = std::string(64, 'a'), .document = "sgx/tcb-info/00806f050000", .issued = 77, .number = 3});
  ASSERT_TRUE(store->commit(seen).ok());
  ASSERT_TRUE(store->commit(handing_over()).ok());
  store = resealed(std::move(store), 2);
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(store->time_bound()->knows(seen.seen));
  store.reset();
  store = open_store(folder.file(), 2);
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(store->time_bound()->knows(seen.seen));
  EXPECT_EQ(store->newest_time(), kNow + 5000);
}

TEST(Reseal, NothingHappensIfItCannotBeDone) {
  Folder folder;
  auto store = open_store(folder.file(), 1);
  ASSERT_TRUE(store->commit(put("a", "1")).ok());
  // The mark is not there, so that it cannot be erased.
  const auto moved = SealedStore::reseal(std::move(store), FixedSealingKey(2), taking_over());
  ASSERT_FALSE(moved.ok());
  store = open_store(folder.file(), 1);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(content_of(*store, "a"), "1");
  EXPECT_NE(refusal(folder.file(), 2), "opened");
}

}  // namespace
}  // namespace cloister::cas
