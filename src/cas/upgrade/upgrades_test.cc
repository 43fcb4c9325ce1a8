// SPDX-License-Identifier: Apache-2.0
// Who may authorise, who is handed over to, and what is left of the CAS afterwards. Quotes are real ones, made below a
// simulation's root.
#include <gtest/gtest.h>
#include "src/cas/store/collateral_marks.h"
#include "src/cas/upgrade/upgrades_for_test.h"

namespace cloister::cas {
namespace {

using dcap::simulation::must;

struct UpgradesTest : testing::Test {
  Service service;
  std::shared_ptr<EVP_PKEY> owner_key = new_key();
  ClientIdentity owner{{.key_hash = hash_of_key(*owner_key), .certificate_hash = {}}};
  Sessions sessions{*service.store, *service.committer, owner->key_hash, [this] { return service.now; }};
  UpgradesForTest cas{*service.store, *service.committer, sessions, owner->key_hash, [this] { return service.now; }};
  Upgrades& upgrades = cas.upgrades;
  dcap::simulation::World world;
  ExchangeKey key = must(ExchangeKey::generate());
  sgx::Secs secs{};  // of the successor
  release::ReportData report_data = successor_report_data(key.public_key());

  UpgradesTest() {
    world.options.issued = static_cast<dcap::UnixTime>(kNow / 1000) - 86400;
    secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss, sgx::kXfrmLegacy};
    std::ranges::copy(kNewMrenclave, secs.mrenclave);
    std::ranges::copy(release::cas_id(owner->key_hash), secs.configid);
    // As the service judges, without what fetches and keeps.
    cas.judge = [this](const dcap::Quote& quote, std::uint64_t now) {
      dcap::Cache cache;
      dcap::CollateralKind culprit{};
      const auto collateral = must(dcap::parse_collateral(world.files(), cache, culprit));
      const auto root =
          must(dcap::TrustAnchor::from_certificate(must(cache.pck_chain(quote.certification_data))->root));
      auto judgement =
          dcap::Verified<dcap::Quote>::judge(quote, collateral, root, static_cast<dcap::UnixTime>(now / 1000), cache);
      JudgedQuote judged;
      judged.seen = judged_marks(collateral, root, judgement.verdict);
      judged.verified = std::move(judgement.verified);
      if (judgement.verdict.error) judged.why_not = judgement.verdict.error->what();
      return judged;
    };
  }

  Authorisation content() {
    return {.cas_key_hash = hash_of_key(*cas.cas_key),
            .hand_overs = 0,
            .successor = {.mrenclave = kNewMrenclave,
                          .simulation_root = world.anchor().key_hash(),
                          .tolerate = {},
                          .advisories = {}}};
  }
  std::string authorise(const Authorisation& wanted) {
    const auto outcome = upgrades.authorise(encode(must(sign(wanted, *owner_key))), owner);
    return outcome.ok() ? "authorised" : outcome.failure().what;
  }
  std::vector<std::uint8_t> request() {
    const auto enclave = world.quoting_enclave();
    return encode(HandOverRequest{
        .key = key.public_key(),
        .quote = must(enclave.quote(sgx::ereport(world.platform, secs, enclave.targetinfo(), report_data)))});
  }
  std::string hand_over() {
    const auto outcome = upgrades.hand_over(request());
    return outcome.ok() ? "handed over" : outcome.failure().what;
  }
  // Nothing has left, and CAS goes on.
  void expect_refused(const std::string& cause) {
    EXPECT_NE(hand_over().find(cause), std::string::npos) << hand_over();
    EXPECT_FALSE(upgrades.handed_over());
    EXPECT_EQ(cas.answers, 0u);
    EXPECT_TRUE(service.store->commit(put("still", "served")).ok());
  }
};

TEST_F(UpgradesTest, HandsOverToTheAuthorisedSuccessor) {
  ASSERT_EQ(authorise(content()), "authorised");
  const auto asked = request();
  const auto answer = upgrades.hand_over(asked);
  ASSERT_TRUE(answer.ok()) << answer.failure().what;
  EXPECT_EQ(cas.answers, 1u);
  const auto received =
      must(open_hand_over(answer.value(), asked, key, {.mrenclave = kNewMrenclave, .owner_key_hash = owner->key_hash}));
  EXPECT_EQ(received.handed_over.head, service.store->head().at);
  EXPECT_TRUE(upgrades.handed_over());
  EXPECT_EQ(upgrades.successor_text(), "MRENCLAVE " + to_hex(kNewMrenclave));
  const std::string log = service.audit();
  EXPECT_NE(log.find("upgrade_authorised"), std::string::npos);
  EXPECT_NE(log.find("handed_over"), std::string::npos);
  // What it was judged with is remembered.
  EXPECT_GT(service.store->time_bound()->encode().size(), TimeBound().encode().size());
}

TEST_F(UpgradesTest, AnAnswerThatWasLostIsGivenAgainAndNothingElseIsDone) {
  ASSERT_EQ(authorise(content()), "authorised");
  ASSERT_EQ(hand_over(), "handed over");
  const audit::Head head = service.store->head();
  key = must(ExchangeKey::generate());
  report_data = successor_report_data(key.public_key());
  const auto asked = request();
  const auto again = upgrades.hand_over(asked);
  ASSERT_TRUE(again.ok());
  const auto received =
      must(open_hand_over(again.value(), asked, key, {.mrenclave = kNewMrenclave, .owner_key_hash = owner->key_hash}));
  EXPECT_EQ(received.handed_over.head, head.at);
  EXPECT_EQ(service.store->head(), head);
  EXPECT_FALSE(service.store->commit(put("late", "grant")).ok());
  EXPECT_FALSE(upgrades.withdraw(owner).ok());
  Authorisation other = content();
  other.successor.mrenclave = digest_of_byte(0xc0);
  EXPECT_NE(authorise(other), "authorised");
}

// The mark was there before an update of the processor: the store stays under the keys of before, and those are given.
TEST_F(UpgradesTest, TheKeysOfTheStoreAreHandedOverWhateverTheVersionIsNow) {
  cas.source = FixedSealingKey(1, security_version(3, 1));
  ASSERT_EQ(authorise(content()), "authorised");
  const auto asked = request();
  const auto answer = upgrades.hand_over(asked);
  ASSERT_TRUE(answer.ok()) << answer.failure().what;
  auto received =
      must(open_hand_over(answer.value(), asked, key, {.mrenclave = kNewMrenclave, .owner_key_hash = owner->key_hash}));
  EXPECT_EQ(received.handed_over.keys.version, service.store->sealed_under());
  service.committer.reset();
  service.store.reset();
  std::string problem;
  EXPECT_TRUE(SealedStore::open(service.folder.file(), std::move(received.handed_over.keys), kNow, problem).ok())
      << problem;
}

TEST_F(UpgradesTest, WithoutAuthorisationNothingIsHandedOver) {
  expect_refused("authorised no upgrade");
  ASSERT_EQ(authorise(content()), "authorised");
  ASSERT_TRUE(upgrades.withdraw(owner).ok());
  EXPECT_FALSE(upgrades.withdraw(owner).ok());
  expect_refused("authorised no upgrade");
}

TEST_F(UpgradesTest, OnlyTheOwnerAuthorises) {
  const auto good = encode(must(sign(content(), *owner_key)));
  for (const ClientIdentity& client : {kAlice, kNobody}) {
    EXPECT_FALSE(upgrades.authorise(good, client).ok());
    EXPECT_FALSE(upgrades.state(client).ok());
    EXPECT_FALSE(upgrades.withdraw(client).ok());
  }
  // By the owner's connection, and with somebody else's signature.
  const auto other = new_key();
  const auto outcome = upgrades.authorise(encode(must(sign(content(), *other))), owner);
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.failure().what.find("somebody else than the owner"), std::string::npos);
  EXPECT_FALSE(upgrades.state(owner).value().authorised);
  expect_refused("authorised no upgrade");
}

TEST_F(UpgradesTest, AnAuthorisationIsForThisCasAndItsNextHandOver) {
  Authorisation wrong = content();
  wrong.cas_key_hash[5] ^= 1;
  EXPECT_NE(authorise(wrong).find("another CAS"), std::string::npos);
  wrong = content();
  wrong.hand_overs = 1;
  EXPECT_NE(authorise(wrong).find("there have been 0"), std::string::npos);
  wrong = content();
  wrong.successor.mrenclave = kOldMrenclave;
  EXPECT_NE(authorise(wrong).find("already"), std::string::npos);
  wrong = content();
  wrong.successor.tolerate = {"everything"};
  EXPECT_NE(authorise(wrong).find("no such toleration"), std::string::npos);
  for (const std::size_t size : {0, 1, 24, 100}) {
    const auto bytes = encode(must(sign(content(), *owner_key)));
    EXPECT_FALSE(upgrades.authorise(Bytes(bytes).first(size), owner).ok());
  }
  EXPECT_FALSE(upgrades.state(owner).value().authorised);
}

// A to B, then back to A: what once let A hand over to B does so no more.
TEST_F(UpgradesTest, AnAuthorisationCannotBeReplayedAfterItsHandOver) {
  const Authorisation first = content();
  Mutation later = put(kHandOversRecord, std::string("\x02\0\0\0\0\0\0\0", 8));
  ASSERT_TRUE(service.store->commit(later).ok());
  EXPECT_NE(authorise(first).find("after 0 hand-overs, there have been 2"), std::string::npos);
  EXPECT_EQ(upgrades.state(owner).value().hand_overs, 2u);
  Authorisation now = first;
  now.hand_overs = 2;
  EXPECT_EQ(authorise(now), "authorised");
}

TEST_F(UpgradesTest, AnotherMrenclaveIsRefused) {
  ASSERT_EQ(authorise(content()), "authorised");
  secs.mrenclave[31] ^= 1;
  expect_refused("the owner has authorised " + to_hex(kNewMrenclave));
}

TEST_F(UpgradesTest, ADebugEnclaveIsRefusedWhateverIsTolerated) {
  Authorisation tolerant = content();
  tolerant.successor.tolerate = {"debug-mode"};
  ASSERT_EQ(authorise(tolerant), "authorised");
  secs.attributes.flags |= sgx::kAttributeDebug;
  expect_refused("debug enclave");
}

TEST_F(UpgradesTest, ASuccessorOfAnotherOwnerIsRefused) {
  ASSERT_EQ(authorise(content()), "authorised");
  secs.configid[0] ^= 1;
  expect_refused("same owner");
  secs.configid[0] ^= 1;
  secs.configid[63] ^= 1;  // not started as a CAS
  expect_refused("same owner");
}

TEST_F(UpgradesTest, AQuoteOverSomethingElseIsRefused) {
  ASSERT_EQ(authorise(content()), "authorised");
  report_data[0] ^= 1;
  expect_refused("REPORTDATA");
  // CAS's evidence for its clients, which anybody gets from the successor.
  report_data = release::report_data(release::EvidenceOfCas{});
  expect_refused("REPORTDATA");
  report_data = successor_report_data(must(ExchangeKey::generate()).public_key());
  expect_refused("REPORTDATA");
}

TEST_F(UpgradesTest, AnotherRootIsRefused) {
  Authorisation intels = content();
  intels.successor.simulation_root.reset();
  ASSERT_EQ(authorise(intels), "authorised");
  expect_refused("below root");
  Authorisation others = content();
  others.successor.simulation_root = digest_of_byte(5);
  ASSERT_EQ(authorise(others), "authorised");
  expect_refused("below root");
}

TEST_F(UpgradesTest, AnOutdatedPlatformIsRefusedUnlessTolerated) {
  ASSERT_EQ(authorise(content()), "authorised");
  world.options.tcb_level = 2;
  expect_refused("OutOfDate");
  // The newer rules are remembered although nothing was granted.
  EXPECT_GT(service.store->time_bound()->encode().size(), TimeBound().encode().size());
  Authorisation tolerant = content();
  tolerant.successor.tolerate = {"outdated-tcb"};
  tolerant.successor.advisories = {"CLOISTER-SIMULATION-0001"};
  ASSERT_EQ(authorise(tolerant), "authorised");
  EXPECT_EQ(hand_over(), "handed over");
}

TEST_F(UpgradesTest, AQuoteThatDoesNotVerifyIsRefused) {
  ASSERT_EQ(authorise(content()), "authorised");
  auto asked = request();
  asked[2 + 32 + 4 + 48 + 130] ^= 1;  // MRSIGNER, which nothing else looks at
  const auto changed = upgrades.hand_over(asked);
  ASSERT_FALSE(changed.ok());
  EXPECT_NE(changed.failure().what.find("the successor is refused"), std::string::npos) << changed.failure().what;
  cas.judge = [](const dcap::Quote&, std::uint64_t) {
    JudgedQuote judged;
    judged.why_not = "no collateral for this platform";
    judged.may_be_later = true;
    return judged;
  };
  const auto later = upgrades.hand_over(request());
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.failure().kind, Failure::Kind::later);
  expect_refused("no collateral");
}

TEST_F(UpgradesTest, ATruncatedRequestIsRefused) {
  ASSERT_EQ(authorise(content()), "authorised");
  const auto asked = request();
  for (std::size_t size = 0; size < asked.size(); size += size < 64 ? 1 : 501)
    EXPECT_FALSE(upgrades.hand_over(Bytes(asked).first(size)).ok()) << size;
  auto longer = asked;
  longer.push_back(0);
  EXPECT_FALSE(upgrades.hand_over(longer).ok());
  EXPECT_FALSE(upgrades.handed_over());
}

}  // namespace
}  // namespace cloister::cas
