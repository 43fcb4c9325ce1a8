// SPDX-License-Identifier: Apache-2.0
// A store after an update of the processor or of the program's signature: what was sealed before goes on under the keys
// of now, and those of before open nothing that comes afterwards.
#include "src/cas/store/seal_anew.h"
#include <sys/resource.h>
#include <cerrno>
#include <csignal>
#include "src/audit/export.h"
#include "src/cas/store/store_for_test.h"

namespace cloister::cas {
namespace {

const SecurityVersion kBefore = security_version(1, 3), kAfter = security_version(2, 3);

std::unique_ptr<SealedStore> updated(std::unique_ptr<SealedStore> store, const SealingKeySource& source) {
  auto moved = seal_anew(std::move(store), source, kNow + 1000);
  if (moved.ok()) return std::move(moved).take();
  ADD_FAILURE() << moved.error().what();
  return nullptr;
}
std::string last_entry(SealedStore& store) {
  const std::uint64_t last = store.head().at.sequence;
  return store.export_audit(last, last).take();
}

TEST(SealAnew, WhatWasSealedBeforeAnUpdateGoesOn) {
  for (const SecurityVersion& now : {kAfter, security_version(1, 4), security_version(9, 9)}) {
    const Folder folder;
    const FixedSealingKey old(1, kBefore), source(1, now);
    auto store = open_store(folder.file(), old);
    for (int i = 0; i < 300; ++i)
      ASSERT_TRUE(store->commit(put(numbered("record ", i % 40), numbered("content ", i))).ok());
    const audit::Head head = store->head();
    const auto key = store->audit_key();
    const auto names = store->list("");
    store.reset();

    store = open_store(folder.file(), source);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(store->sealed_under(), kBefore);
    EXPECT_EQ(store->head(), head);
    store = updated(std::move(store), source);
    ASSERT_NE(store, nullptr);
    const audit::Head after = store->head();
    EXPECT_EQ(after.at.sequence, head.at.sequence + 1);
    for (const bool again : {false, true}) {
      SCOPED_TRACE(again);
      EXPECT_EQ(store->sealed_under(), now);
      EXPECT_EQ(store->head(), after);
      EXPECT_EQ(store->audit_key(), key);
      EXPECT_EQ(store->list(""), names);
      EXPECT_EQ(content_of(*store, "record 9"), "content 289");
      EXPECT_EQ(store->newest_time(), kNow + 1000);
      const std::string entry = last_entry(*store);
      EXPECT_NE(entry.find("sealed_anew"), std::string::npos) << entry;
      EXPECT_NE(entry.find("from " + version_text(kBefore) + " to " + version_text(now)), std::string::npos) << entry;
      std::string problem;
      const auto log = store->export_audit(1, after.at.sequence);
      EXPECT_TRUE(audit::verify_export(log.value(), {.key = key, .earlier = head.at}, problem).ok()) << problem;
      if (again) break;
      store.reset();
      store = updated(open_store(folder.file(), source), source);  // another start, and there is nothing to do
      ASSERT_NE(store, nullptr);
    }
    ASSERT_TRUE(store->commit(put("later", "one")).ok());
  }
}

TEST(SealAnew, TheKeysOfBeforeOpenNothingAfterwards) {
  const Folder folder;
  const FixedSealingKey old(1, kBefore), source(1, kAfter);
  ASSERT_NE(open_store(folder.file(), old), nullptr);
  ASSERT_NE(updated(open_store(folder.file(), source), source), nullptr);
  std::string problem;
  auto keys = StoreKeys::derive(source, kBefore);
  ASSERT_TRUE(keys.ok());
  const auto store = SealedStore::open(folder.file(), std::move(keys).take(), kNow, problem);
  ASSERT_FALSE(store.ok());
  EXPECT_NE(problem.find("sealed under other keys"), std::string::npos) << problem;
}

TEST(SealAnew, AVersionThatIsNotOlderIsRefusedInOneLine) {
  const Folder folder;
  ASSERT_NE(open_store(folder.file(), FixedSealingKey(1, security_version(2, 3))), nullptr);
  for (const SecurityVersion& now : {security_version(1, 3), security_version(2, 2), security_version(1, 4)}) {
    std::string problem;
    const auto store = SealedStore::open(folder.file(), FixedSealingKey(1, now), kNow, problem);
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().errno_value(), ENOKEY);
    for (const std::string& part : {folder.file(), version_text(security_version(2, 3)), version_text(now),
                                    std::string("start CAS with the microcode and the signature of before")})
      EXPECT_NE(problem.find(part), std::string::npos) << problem;
    EXPECT_EQ(problem.find('\n'), std::string::npos);
  }
  EXPECT_EQ(refusal(folder.file(), FixedSealingKey(1, security_version(2, 3))), "opened");
  // Another program, owner or processor, whatever its version.
  EXPECT_NE(refusal(folder.file(), FixedSealingKey(2, security_version(7, 7))).find("sealed under other keys"),
            std::string::npos);
}

TEST(SealAnew, WithoutRoomOnTheDiskTheFileStaysAsItWas) {
  const Folder folder;
  const FixedSealingKey old(1, kBefore), source(1, kAfter);
  auto store = open_store(folder.file(), old);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(store->commit(put(numbered("r", i), std::string(4000, 'x'))).ok());
  const audit::Head head = store->head();
  store.reset();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit small = limit;
  small.rlim_cur = 100 * 1024;
  store = open_store(folder.file(), source);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto moved = seal_anew(std::move(store), source, kNow);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, handler);
  ASSERT_FALSE(moved.ok());
  store = open_store(folder.file(), source);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->sealed_under(), kBefore);
  EXPECT_EQ(store->head(), head);
  EXPECT_EQ(content_of(*store, "r39"), std::string(4000, 'x'));
  EXPECT_NE(updated(std::move(store), source), nullptr);
}

// The successor was told where the log ends.
TEST(SealAnew, WhatWasHandedOverStays) {
  const Folder folder;
  const FixedSealingKey old(1, kBefore), source(1, kAfter);
  auto store = open_store(folder.file(), old);
  ASSERT_TRUE(store->commit(put(kHandedOverRecord, "successor")).ok());
  const audit::Head head = store->head();
  store.reset();
  store = updated(open_store(folder.file(), source), source);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->sealed_under(), kBefore);
  EXPECT_EQ(store->head(), head);
  // Those are the keys to hand over.
  store.reset();
  std::string problem;
  EXPECT_TRUE(SealedStore::open(folder.file(), StoreKeys::derive(source, kBefore).take(), kNow, problem).ok())
      << problem;
}

TEST(SealAnew, KeysCarryTheirVersion) {
  const FixedSealingKey source(1, kAfter);
  const auto keys = StoreKeys::derive(source, kBefore).take();
  const auto bytes = encode(keys);
  EXPECT_EQ(bytes.size(), 226u);
  const auto read = decode_store_keys(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value().version, kBefore);
  EXPECT_EQ(encode(read.value()), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_store_keys(std::span(bytes).first(size)).ok()) << size;
}

}  // namespace
}  // namespace cloister::cas
