// SPDX-License-Identifier: Apache-2.0
// The answer of a hand-over: it opens for the enclave that asked, if the CAS that its owner named has made it.
#include <gtest/gtest.h>
#include "src/cas/upgrade/upgrades_for_test.h"

namespace cloister::cas {
namespace {

using dcap::simulation::must;

struct HandOver : testing::Test {
  std::shared_ptr<EVP_PKEY> owner = new_key(), cas_key = new_key();
  ExchangeKey key = must(ExchangeKey::generate());
  std::vector<std::uint8_t> request = encode(HandOverRequest{.key = key.public_key(), .quote = {1, 2, 3}});
  Successor self{.mrenclave = kNewMrenclave, .owner_key_hash = hash_of_key(*owner)};
  Authorisation content{
      .cas_key_hash = hash_of_key(*cas_key),
      .hand_overs = 0,
      .successor = {.mrenclave = kNewMrenclave, .simulation_root = {}, .tolerate = {}, .advisories = {}}};
  FixedSealingKey source{7};

  std::vector<std::uint8_t> answer(const Bytes& to) {
    return must(answer_hand_over(to, must(sign(content, *owner)),
                                 {.keys = must(StoreKeys::derive(source, source.version())),
                                  .head = {.sequence = 42, .hash = digest_of_byte(9)}},
                                 *cas_key));
  }
  std::string refusal(const Bytes& bytes) {
    const auto received = open_hand_over(bytes, request, key, self);
    return received.ok() ? "opened" : received.error().what();
  }
};

TEST_F(HandOver, GivesKeysAndHead) {
  const auto received = must(open_hand_over(answer(request), request, key, self));
  EXPECT_EQ(encode(received.handed_over.keys), encode(must(StoreKeys::derive(source, source.version()))));
  EXPECT_EQ(received.handed_over.head.sequence, 42u);
  EXPECT_EQ(received.handed_over.head.hash, digest_of_byte(9));
  EXPECT_EQ(received.authorisation, content);
}

TEST_F(HandOver, TheKeysAreNotToBeSeen) {
  const auto bytes = answer(request);
  const auto keys = must(StoreKeys::derive(source, source.version()));
  for (const SecretBytes* const secret : {&keys.records, &keys.root, &keys.names})
    EXPECT_EQ(text_of(bytes).find(text_of(*secret)), std::string_view::npos);
}

TEST_F(HandOver, EveryBitOfTheAnswerCounts) {
  const auto bytes = answer(request);
  for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
    auto changed = bytes;
    changed[i / 8] = static_cast<std::uint8_t>(changed[i / 8] ^ (1 << (i % 8)));
    EXPECT_NE(refusal(changed), "opened") << "bit " << i;
  }
}

TEST_F(HandOver, TruncatedOrLongerIsRefused) {
  auto bytes = answer(request);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(refusal(Bytes(bytes).first(size)), "opened") << size;
  bytes.push_back(0);
  EXPECT_NE(refusal(bytes), "opened");
  for (std::size_t size = 0; size < request.size(); ++size)
    EXPECT_FALSE(decode_hand_over_request(Bytes(request).first(size)).ok()) << size;
}

TEST_F(HandOver, AnAnswerToAnotherRequestDoesNotOpen) {
  const ExchangeKey others = must(ExchangeKey::generate());
  EXPECT_NE(refusal(answer(encode(HandOverRequest{.key = others.public_key(), .quote = {1, 2, 3}}))), "opened");
  EXPECT_NE(refusal(answer(encode(HandOverRequest{.key = key.public_key(), .quote = {1, 2}}))), "opened");
  const auto good = answer(request);
  EXPECT_FALSE(open_hand_over(good, request, others, self).ok());
}

TEST_F(HandOver, AnotherSuccessorRefusesIt) {
  const auto good = answer(request);
  self.mrenclave = kOldMrenclave;
  EXPECT_NE(refusal(good).find("another MRENCLAVE"), std::string::npos);
  self.mrenclave = kNewMrenclave;
  self.owner_key_hash = hash_of_key(*new_key());
  EXPECT_NE(refusal(good).find("somebody else than the owner"), std::string::npos);
}

// Whoever feeds a successor keys of his own choosing would become a CAS that attests as the owner's.
TEST_F(HandOver, OfACasThatTheOwnerDidNotNameIsRefused) {
  cas_key = new_key();
  EXPECT_NE(refusal(answer(request)).find("another CAS"), std::string::npos);
  owner = new_key();
  content.cas_key_hash = hash_of_key(*cas_key);
  EXPECT_NE(refusal(answer(request)).find("somebody else than the owner"), std::string::npos);
}

TEST_F(HandOver, AKeyThatMakesTheSecretKnownIsRefused) {
  EXPECT_FALSE(key.shared_key({}, {}).ok());
  EXPECT_FALSE(answer_hand_over(encode(HandOverRequest{.key = {}, .quote = {}}), must(sign(content, *owner)),
                                {.keys = must(StoreKeys::derive(source, source.version())), .head = {}}, *cas_key)
                   .ok());
}

TEST(ExchangeKeys, BothEndsHaveTheSameKeyForTheSameContextAlone) {
  const ExchangeKey one = must(ExchangeKey::generate()), two = must(ExchangeKey::generate());
  const std::vector<std::uint8_t> context{1, 2, 3}, other{1, 2};
  EXPECT_EQ(must(one.shared_key(two.public_key(), context)), must(two.shared_key(one.public_key(), context)));
  EXPECT_NE(must(one.shared_key(two.public_key(), context)), must(two.shared_key(one.public_key(), other)));
}

}  // namespace
}  // namespace cloister::cas
