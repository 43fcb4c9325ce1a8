// SPDX-License-Identifier: Apache-2.0
// One change of the store: all of it happens, or nothing. In the enclave.
#pragma once
#include <optional>
#include <string>
#include <vector>
#include "src/audit/chain.h"
#include "src/base/secret.h"
#include "src/cas/store/time_bound.h"

namespace cloister::cas {

inline constexpr std::size_t kNameLimit = 1024;
inline constexpr std::size_t kContentLimit = 16 * 1024 * 1024;
inline constexpr std::uint64_t kAbsent = 0;  // as a version: no such record
// Names that begin so are the store's own: no mutation may change them.
inline constexpr char kReservedPrefix[] = "store/";
inline constexpr char kAuditKeyRecord[] = "store/audit-key";
inline constexpr char kTimeBoundRecord[] = "store/time-bound";
// Once it is there nothing is committed any more: the store belongs to a successor, whose MRENCLAVE is its content.
// SealedStore::reseal() alone goes on from it.
inline constexpr char kHandedOverRecord[] = "cas/handed-over";

struct RecordChange {
  std::string name;
  std::optional<SecretBytes> content;  // nothing: the record is erased
};

// The mutation is done only if the record has this version by then; kAbsent: only if there is none. Versions are never
// given twice, so that an erased record which was made again is another one.
struct Demand {
  std::string name;
  std::uint64_t version = kAbsent;
};

struct Mutation {
  std::vector<Demand> demands;
  std::vector<RecordChange> changes;  // each name once
  // What happened, in order; at least one entry where records change, for heads of the log stand for the records too.
  // The log sets sequence and state.
  std::vector<audit::Entry> entries;
  // Of the collateral with which an attestation was verified: the bound of time moves up to it.
  std::vector<CollateralMark> seen;
};

struct Committed {
  std::uint64_t version = 0;   // of all records that the mutation put; 0 if it put none
  std::uint64_t sequence = 0;  // of its last audit entry; 0 if it had none
  audit::Head head;            // signed; of the whole group that was committed together
};

}  // namespace cloister::cas
