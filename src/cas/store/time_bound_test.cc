// SPDX-License-Identifier: Apache-2.0
// The lower bound of time, with the simulated platform's real documents and in the store.
#include "src/cas/store/collateral_marks.h"
#include "src/cas/store/store_for_test.h"
#include "src/dcap/simulation/world_for_test.h"

namespace cloister::cas {
namespace {

using dcap::simulation::must;
using dcap::simulation::World;
constexpr dcap::UnixTime kSecond = kNow / 1000;

std::vector<CollateralMark> marks_of(const World& world) {
  dcap::Cache cache;
  dcap::CollateralKind culprit{};
  return cas::marks_of(must(dcap::parse_collateral(world.files(), cache, culprit)), world.anchor());
}
// The problem, or "ok".
std::string verdict(const TimeBound& bound, dcap::UnixTime now, const std::vector<CollateralMark>& marks,
                    dcap::UnixTime clock_seen = 0) {
  std::string problem;
  return bound.accepts(now, clock_seen, marks, problem).ok() ? "ok" : problem;
}

TEST(TimeBound, RemembersRealCollateral) {
  World world;
  const auto before = marks_of(world);
  ASSERT_EQ(before.size(), 4u);  // TCB info, QE identity, two CRLs
  world.options.issued += 86400;
  const auto after = marks_of(world);
  const dcap::UnixTime now = world.options.issued + 10;
  TimeBound bound;
  EXPECT_EQ(verdict(bound, now, before), "ok");
  EXPECT_FALSE(bound.knows(before));
  EXPECT_TRUE(bound.note(before));
  EXPECT_TRUE(bound.knows(before));
  EXPECT_FALSE(bound.knows(after));
  EXPECT_FALSE(bound.note(before));
  EXPECT_EQ(verdict(bound, now, before), "ok");
  EXPECT_EQ(verdict(bound, now, after), "ok");
  EXPECT_TRUE(bound.note(after));
  EXPECT_EQ(verdict(bound, now, after), "ok");
  EXPECT_FALSE(bound.note(before));
  // Each of the four counts on its own.
  for (std::size_t i = 0; i < 4; ++i) {
    auto mixed = after;
    mixed[i] = before[i];
    EXPECT_NE(verdict(bound, now, mixed).find(before[i].document + " was issued at"), std::string::npos);
  }
  // A clock that has gone back behind the newest document.
  EXPECT_NE(verdict(bound, world.options.issued - 1, after).find("the clock says"), std::string::npos);
}

// What a judgement leaves behind is what it has verified, good or bad.
TEST(TimeBound, RefusalsAreRemembered) {
  World world;
  const auto marks = [&](dcap::UnixTime time) {
    dcap::Cache cache;
    dcap::CollateralKind culprit{};
    const auto collateral = must(dcap::parse_collateral(world.files(), cache, culprit));
    const auto bytes = world.quote();
    const auto quote = must(dcap::parse_quote(bytes));
    return judged_marks(collateral, world.anchor(),
                        dcap::Verified<dcap::Quote>::judge(quote, collateral, world.anchor(), time, cache).verdict);
  };
  EXPECT_EQ(marks(world.now).size(), 4u);
  world.options.tcb_level = 2;  // out of date
  EXPECT_EQ(marks(world.now).size(), 4u);
  world.options.revoked.push_back(dcap::simulation::pck_serial(world.quoting_enclave().pck()));
  const auto revoked = marks(world.now);
  ASSERT_EQ(revoked.size(), 2u);
  for (const CollateralMark& mark : revoked) EXPECT_TRUE(mark.document.starts_with("crl/")) << mark.document;
  EXPECT_TRUE(marks(world.options.issued - 1).empty());  // lists of the future
  world.options.revoked.clear();
  world.platform.cpusvn = World::level(0);
  EXPECT_EQ(marks(world.now).size(), 4u);  // taken back by TCB info, all of which was verified
}

TEST(TimeBound, NumbersCountToo) {
  const CollateralMark mark{.root = "r", .document = "sgx/tcb-info/00", .issued = 100, .number = 7};
  TimeBound bound;
  bound.note({{mark}});
  CollateralMark other = mark;
  other.issued = 200;
  other.number = 6;
  EXPECT_EQ(verdict(bound, 1000, {other}), "sgx/tcb-info/00 has the number 6, and number 7 was seen before");
  // Both parts of a mark move up, each for itself.
  EXPECT_TRUE(bound.note({{other}}));
  other.number = 7;
  EXPECT_EQ(verdict(bound, 1000, {other}), "ok");
  EXPECT_NE(verdict(bound, 1000, {mark}), "ok");
}

TEST(TimeBound, RootsDoNotMoveEachOther) {
  const CollateralMark intel{.root = "intel", .document = "sgx/tcb-info/00", .issued = 100, .number = 7};
  CollateralMark simulated = intel;
  simulated.root = "simulation";
  simulated.issued = 1'000'000;
  simulated.number = 1000;
  TimeBound bound;
  bound.note({{simulated}});
  EXPECT_EQ(verdict(bound, 500, {intel}), "ok");
  EXPECT_NE(verdict(bound, 500, {simulated}), "ok");
}

TEST(TimeBound, TheClockDoesNotGoBack) {
  const TimeBound bound;
  EXPECT_EQ(verdict(bound, kSecond, {}, kSecond + TimeBound::kClockTolerance), "ok");
  EXPECT_EQ(verdict(bound, kSecond, {}, kSecond + TimeBound::kClockTolerance + 1),
            "the clock was set back: it says 2026-09-21T14:13:20Z and has said 2026-09-21T14:18:21Z");
}

TEST(TimeBound, HasOneEncoding) {
  World world;
  TimeBound bound;
  bound.note(marks_of(world));
  const auto bytes = bound.encode();
  EXPECT_EQ(must(TimeBound::decode(bytes)), bound);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(TimeBound::decode(Bytes(bytes).first(size)).ok());
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(TimeBound::decode(longer).ok());
}

TEST(TimeBound, HasALimit) {
  TimeBound bound;
  CollateralMark mark{.root = "r", .document = "", .issued = 1, .number = 1};
  for (std::size_t i = 0; i < TimeBound::kMarkLimit; ++i) {
    mark.document = numbered("d", i);
    EXPECT_TRUE(bound.note({{mark}}));
  }
  mark.document = "one more";
  EXPECT_FALSE(bound.note({{mark}}));
  mark.document = "d17";
  mark.issued = 2;
  EXPECT_TRUE(bound.note({{mark}}));
  EXPECT_EQ(must(TimeBound::decode(bound.encode())), bound);
}

TEST(TimeBound, IsKeptByTheStore) {
  const Folder folder;
  World world;
  const auto before = marks_of(world);
  world.options.issued += 86400;
  const auto after = marks_of(world);
  const auto attested = [](const std::vector<CollateralMark>& marks, std::uint64_t time) {
    Mutation mutation;
    mutation.entries.push_back(entry_of(audit::Kind::attestation_granted, "s/t", time));
    mutation.seen = marks;
    return mutation;
  };
  {
    const auto store = open_store(folder.file());
    // In one group, the newer first: the bound does not move back.
    const Mutation newer = attested(after, kNow + 2000), older = attested(before, kNow + 1000);
    const Mutation* const group[] = {&newer, &older};
    for (const auto& outcome : store->commit(group)) EXPECT_TRUE(outcome.ok());
    EXPECT_EQ(store->newest_time(), kNow + 2000);
    Mutation silent = newer;
    silent.entries.clear();
    EXPECT_EQ(store->commit(silent).error().code(), Errc::invalid);
    EXPECT_EQ(store->commit(put(kTimeBoundRecord, "")).error().code(), Errc::invalid);
  }
  const auto store = open_store(folder.file());
  EXPECT_EQ(store->newest_time(), kNow + 2000);
  EXPECT_NE(verdict(*store->time_bound(), world.now + 86400, before), "ok");
  EXPECT_EQ(verdict(*store->time_bound(), world.now + 86400, after), "ok");
  // An owner who knows that the clock was ahead may say so; it is in the log.
  Mutation reset;
  reset.entries.push_back(entry_of(audit::Kind::clock_reset, "", kNow));
  EXPECT_TRUE(store->commit(reset).ok());
  EXPECT_EQ(store->newest_time(), kNow);
}

}  // namespace
}  // namespace cloister::cas
