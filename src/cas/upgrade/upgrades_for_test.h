// SPDX-License-Identifier: Apache-2.0
// Upgrades of a service for tests, with a CAS key of its own. For tests and fuzzing.
#pragma once
#include "src/cas/secrets/keys.h"
#include "src/cas/sessions/service_for_test.h"
#include "src/cas/upgrade/upgrades.h"
#include "src/dcap/simulation/world_for_test.h"

namespace cloister::cas {

inline sgx::Digest digest_of_byte(std::uint8_t byte) {
  sgx::Digest digest;
  digest.fill(byte);
  return digest;
}
inline const sgx::Digest kOldMrenclave = digest_of_byte(0xa0), kNewMrenclave = digest_of_byte(0xb0);

inline std::shared_ptr<EVP_PKEY> new_key() { return dcap::simulation::must(generate_key(session::KeyType::p256)); }
inline sgx::Digest hash_of_key(const EVP_PKEY& key) { return sgx::sha256(dcap::simulation::must(public_key_der(key))); }

struct UpgradesForTest {
  // Judges no quote to be good, until a test says otherwise.
  QuoteJudge judge = [](const dcap::Quote&, std::uint64_t) {
    JudgedQuote judged;
    judged.why_not = "no quote counts here";
    return judged;
  };
  FixedSealingKey source;
  std::shared_ptr<EVP_PKEY> cas_key;
  unsigned answers = 0;
  Upgrades upgrades;

  UpgradesForTest(SealedStore& store, Committer& committer, Sessions& sessions, const sgx::Digest& owner_key_hash,
                  Clock clock, std::shared_ptr<EVP_PKEY> key = new_key())
      : cas_key(std::move(key)),
        upgrades(
            store, committer, sessions,
            {.key = cas_key,
             .key_hash = hash_of_key(*cas_key),
             .owner_key_hash = owner_key_hash,
             .mrenclave = kOldMrenclave},
            source, [this](const dcap::Quote& quote, std::uint64_t now) { return judge(quote, now); }, std::move(clock),
            [this] { ++answers; }) {}
};

}  // namespace cloister::cas
