// SPDX-License-Identifier: Apache-2.0
// The root: one sealed row that every commit replaces, which says what all other rows must be. In the enclave; pure.
#pragma once
#include "src/audit/chain.h"
#include "src/cas/store/sealing_keys.h"

namespace cloister::cas {

struct Root {
  std::uint64_t commits = 0;   // counts up with each commit
  std::uint64_t revision = 0;  // the highest version of a record; no version is given twice, not even after an erasure
  std::uint64_t record_count = 0;
  Mac set_hash{};                 // over all records (set_hash.h)
  audit::Position audit;          // the log's head
  std::uint64_t newest_time = 0;  // milliseconds since 1970: the latest of all audit entries since the last clock_reset
  bool operator==(const Root&) const = default;
};

std::vector<std::uint8_t> encode_root(const Root& root);
Result<Root> decode_root(Bytes bytes);

std::uint64_t newest_time_after(std::uint64_t newest, const audit::Entry& entry);

// What an audit entry carries as its state: the records after the mutation `sequence` ends with, under `key`.
audit::Digest state_digest(const SecretBytes& key, std::uint64_t revision, std::uint64_t record_count,
                           const Mac& set_hash);

}  // namespace cloister::cas
