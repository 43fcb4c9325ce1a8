// SPDX-License-Identifier: Apache-2.0
// What a start makes of a store of an older security version, by whose CAS key is in it.
#include "src/cas/server/own_version.h"
#include <gtest/gtest.h>
#include "src/cas/server/identity.h"
#include "src/cas/upgrade/confirmation.h"
#include "src/cas/upgrade/upgrades_for_test.h"

namespace cloister::cas {
namespace {

using dcap::simulation::must;

struct OwnVersion : testing::Test {
  const FixedSealingKey before{1, security_version(1)}, now{1, security_version(2)};
  Folder folder;
  std::shared_ptr<EVP_PKEY> owner = new_key(), cas_key = new_key();

  void keep(const char* name, Bytes content) {
    const auto store = open_store(folder.file(), before);
    ASSERT_TRUE(store->commit(put(name, text_of(content))).ok());
  }
  void keep_key() { keep(kCasKeyRecord, must(private_key_der(*cas_key))); }
  void confirm_key(const EVP_PKEY& key, EVP_PKEY& by) {
    keep(kConfirmationRecord, encode(must(confirm(hash_of_key(key), by))));
  }
  // The line of the refusal, or the version that the store has then.
  std::string start(const FixedSealingKey& source) {
    std::string problem;
    const auto store =
        under_own_version(open_store(folder.file(), source), source, hash_of_key(*owner), kNow, folder.file(), problem);
    return store.ok() ? version_text(store.value()->sealed_under()) : problem;
  }
  void expect_refused(const std::string& cause) {
    const std::string line = start(now);
    EXPECT_NE(line.find(cause), std::string::npos) << line;
    EXPECT_NE(line.find("cloister cas attest"), std::string::npos) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(start(before), version_text(before.version())) << "nothing was changed";
  }
};

TEST_F(OwnVersion, WhatTheOwnerConfirmedGoesOn) {
  keep_key();
  confirm_key(*cas_key, *owner);
  EXPECT_EQ(start(before), version_text(before.version()));
  EXPECT_EQ(start(now), version_text(now.version()));
  EXPECT_EQ(start(now), version_text(now.version()));
  EXPECT_NE(refusal(folder.file(), before), "opened");
}

// Somebody who knows the older keys makes a store of his own: the same as a CAS that its owner never attested.
TEST_F(OwnVersion, AStoreWithoutTheOwnersWordIsRefused) {
  keep("session/of-the-host", digest_of_byte(1));
  expect_refused("has not confirmed its key");
  keep_key();
  expect_refused("has not confirmed its key");
  confirm_key(*cas_key, *new_key());
  expect_refused("signed by somebody else than the owner");
}

// And takes the owner's word from another store.
TEST_F(OwnVersion, TheOwnersWordIsOfThisKey) {
  keep_key();
  confirm_key(*new_key(), *owner);
  expect_refused("another CAS's key");
  confirm_key(*cas_key, *owner);
  EXPECT_EQ(start(now), version_text(now.version()));
}

TEST_F(OwnVersion, WhatWasHandedOverStays) {
  keep(kHandedOverRecord, digest_of_byte(1));
  EXPECT_EQ(start(now), version_text(before.version()));
}

// What is sealed under the keys of now needs nobody's word: no other program has them.
TEST_F(OwnVersion, TheVersionOfNowAsksNobody) { EXPECT_EQ(start(before), version_text(before.version())); }

}  // namespace
}  // namespace cloister::cas
