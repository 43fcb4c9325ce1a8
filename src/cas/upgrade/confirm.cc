// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/confirmation.h"
#include "src/cas/upgrade/upgrades.h"

namespace cloister::cas {

Outcome<sgx::Digest> Upgrades::confirm(Bytes bytes, const ClientIdentity& client) {
  using Kind = Failure::Kind;
  if (const auto failure = not_the_owner("a CAS's key is confirmed", client)) return *failure;
  const auto confirmation = decode_confirmation(bytes);
  if (!confirmation.ok())
    return Failure{
        .kind = Kind::invalid, .what = confirmation.error().what(), .hint = "`cloister cas attest` makes one"};
  if (const auto holds = verify(confirmation.value(), self_.key_hash, self_.owner_key_hash); !holds.ok())
    return Failure{
        .kind = Kind::conflict, .what = holds.error().what(), .hint = "`cloister cas attest` signs a new one"};
  // One key has one owner: what is kept says the same.
  if (store_.version(kConfirmationRecord) != kAbsent) return self_.key_hash;
  Mutation mutation;
  mutation.changes.push_back({kConfirmationRecord, SecretBytes(bytes.begin(), bytes.end())});
  mutation.entries.push_back(entry(audit::Kind::key_confirmed, client));
  mutation.entries.back().subject = "key";
  mutation.entries.back().subject_hash = self_.key_hash;
  if (!committer_.commit(std::move(mutation)).ok())
    return Failure{.kind = Kind::later, .what = "CAS cannot write at the moment", .hint = "attest it again later"};
  return self_.key_hash;
}

}  // namespace cloister::cas
