// SPDX-License-Identifier: Apache-2.0
// What the owner signs: one encoding, one signer, and every part counts.
#include <gtest/gtest.h>
#include "src/cas/upgrade/upgrades_for_test.h"

namespace cloister::cas {
namespace {

using dcap::simulation::must;

Authorisation content() {
  return {.cas_key_hash = digest_of_byte(1),
          .hand_overs = 3,
          .successor = {.mrenclave = kNewMrenclave,
                        .simulation_root = digest_of_byte(2),
                        .tolerate = {"outdated-tcb"},
                        .advisories = {"INTEL-SA-00615", "INTEL-SA-00657"}}};
}

TEST(Authorisation, ComesBackAndHolds) {
  const auto owner = new_key();
  for (const bool simulation : {true, false}) {
    Authorisation wanted = content();
    if (!simulation)
      wanted.successor = {.mrenclave = kNewMrenclave, .simulation_root = {}, .tolerate = {}, .advisories = {}};
    const auto bytes = encode(must(sign(wanted, *owner)));
    const auto read = must(decode_authorisation(bytes));
    EXPECT_EQ(read.content, wanted);
    EXPECT_TRUE(verify(read, hash_of_key(*owner)).ok());
    EXPECT_EQ(encode(read), bytes);
    EXPECT_LE(bytes.size(), kAuthorisationLimit);
  }
}

TEST(Authorisation, OfAnotherSignerIsRefused) {
  const auto owner = new_key(), other = new_key();
  SignedAuthorisation signed_by_other = must(sign(content(), *other));
  EXPECT_FALSE(verify(signed_by_other, hash_of_key(*owner)).ok());
  // The owner's key beside another's signature.
  signed_by_other.owner_key = must(sign(content(), *owner)).owner_key;
  EXPECT_FALSE(verify(signed_by_other, hash_of_key(*owner)).ok());
}

TEST(Authorisation, EveryBitCounts) {
  const auto owner = new_key();
  const auto bytes = encode(must(sign(content(), *owner)));
  for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
    auto changed = bytes;
    changed[i / 8] = static_cast<std::uint8_t>(changed[i / 8] ^ (1 << (i % 8)));
    const auto read = decode_authorisation(changed);
    EXPECT_FALSE(read.ok() && verify(read.value(), hash_of_key(*owner)).ok()) << "bit " << i;
  }
}

TEST(Authorisation, TruncatedOrLongerIsRefused) {
  auto bytes = encode(must(sign(content(), *new_key())));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_authorisation(Bytes(bytes).first(size)).ok()) << size;
  bytes.push_back(0);
  EXPECT_FALSE(decode_authorisation(bytes).ok());
}

}  // namespace
}  // namespace cloister::cas
