// SPDX-License-Identifier: Apache-2.0
// The owner's word about a CAS's key: what it is about, whose it is, and who may give it.
#include <gtest/gtest.h>
#include "src/cas/upgrade/confirmation.h"
#include "src/cas/upgrade/upgrades_for_test.h"

namespace cloister::cas {
namespace {

using dcap::simulation::must;

struct ConfirmationTest : testing::Test {
  Service service;
  std::shared_ptr<EVP_PKEY> owner_key = new_key();
  ClientIdentity owner{{.key_hash = hash_of_key(*owner_key), .certificate_hash = {}}};
  Sessions sessions{*service.store, *service.committer, owner->key_hash, [this] { return service.now; }};
  UpgradesForTest cas{*service.store, *service.committer, sessions, owner->key_hash, [this] { return service.now; }};
  sgx::Digest key_hash = hash_of_key(*cas.cas_key);

  std::string told(Bytes bytes, const ClientIdentity& client) {
    const auto outcome = cas.upgrades.confirm(bytes, client);
    return outcome.ok() ? "confirmed" : outcome.failure().what;
  }
  bool is_kept() { return service.store->version(kConfirmationRecord) != kAbsent; }
};

TEST_F(ConfirmationTest, IsKeptAndWrittenOnce) {
  const auto bytes = encode(must(confirm(key_hash, *owner_key)));
  EXPECT_EQ(told(bytes, owner), "confirmed");
  const auto record = must(service.store->get(kConfirmationRecord));
  ASSERT_NE(record, nullptr);
  EXPECT_TRUE(verify(must(decode_confirmation(record->content)), key_hash, owner->key_hash).ok());
  EXPECT_NE(service.audit().find("key_confirmed"), std::string::npos);
  const audit::Head head = service.store->head();
  EXPECT_EQ(told(encode(must(confirm(key_hash, *owner_key))), owner), "confirmed");
  EXPECT_EQ(service.store->head(), head) << "attesting again writes nothing";
}

TEST_F(ConfirmationTest, IsTheOwnersAndOfThisKey) {
  const auto bytes = encode(must(confirm(key_hash, *owner_key)));
  for (const ClientIdentity& client : {kAlice, kNobody})
    EXPECT_NE(told(bytes, client).find("owner alone"), std::string::npos);
  EXPECT_NE(told(encode(must(confirm(digest_of_byte(1), *owner_key))), owner).find("another CAS's key"),
            std::string::npos);
  EXPECT_NE(told(encode(must(confirm(key_hash, *new_key()))), owner).find("somebody else"), std::string::npos);
  SignedConfirmation forged = must(confirm(key_hash, *new_key()));
  forged.owner_key = must(confirm(key_hash, *owner_key)).owner_key;
  EXPECT_NE(told(encode(forged), owner).find("does not hold"), std::string::npos);
  // A signature over something else by the same key.
  SignedConfirmation moved = must(confirm(digest_of_byte(1), *owner_key));
  moved.cas_key_hash = key_hash;
  EXPECT_NE(told(encode(moved), owner).find("does not hold"), std::string::npos);
  EXPECT_FALSE(is_kept());
}

TEST_F(ConfirmationTest, EveryBitCounts) {
  const auto bytes = encode(must(confirm(key_hash, *owner_key)));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_confirmation(Bytes(bytes).first(size)).ok()) << size;
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode_confirmation(longer).ok());
  for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
    auto changed = bytes;
    changed[i / 8] = static_cast<std::uint8_t>(changed[i / 8] ^ (1 << (i % 8)));
    const auto decoded = decode_confirmation(changed);
    EXPECT_FALSE(decoded.ok() && verify(decoded.value(), key_hash, owner->key_hash).ok()) << "bit " << i;
  }
}

}  // namespace
}  // namespace cloister::cas
