// SPDX-License-Identifier: Apache-2.0
// One transaction of the store: mutations are added in order, then all become durable together. In the enclave; inside
// src/cas/store only. Whoever makes one holds database_mutex and has begun the database's transaction.
#pragma once
#include <map>
#include <optional>
#include "src/cas/store/store_state.h"

namespace cloister::cas {

class StoreCommit {
 public:
  // Who puts the store's own records is Writer::store.
  enum class Writer { caller, store };
  explicit StoreCommit(StoreState& state, Writer writer = Writer::caller);

  // ESTALE, EROFS and Errc::invalid concern this mutation alone. After any other error the transaction must be rolled
  // back; broken() then has it.
  Result<Committed> add(const Mutation& mutation);
  const std::optional<Error>& broken() const { return broken_; }
  // Whether anything was added.
  bool has_changes() const { return changed_; }

  // Writes the root and commits; then the state stands where the file does. Gives the signed head.
  Result<audit::Head> finish();

 private:
  Result<void> check(const Mutation& mutation) const;
  Result<void> apply(const Mutation& mutation, Committed& committed);
  Result<void> put(const RecordChange& change, std::uint64_t version);
  Result<void> erase(const std::string& name);
  Result<void> move_time_bound(std::span<const CollateralMark> seen, std::uint64_t version);
  Result<void> append(const audit::Entry& entry, const audit::Digest& state);
  const IndexEntry* current(const std::string& name) const;
  std::uint64_t current_version(const std::string& name) const;

  struct Change {
    std::optional<IndexEntry> entry;        // nothing: erased
    std::shared_ptr<const Record> content;  // for the cache
  };
  StoreState& state_;
  const Writer writer_;
  Root root_;
  SetHash set_;
  std::map<std::string, Change> changes_;
  std::vector<audit::Digest> marks_;
  std::optional<Error> broken_;
  std::shared_ptr<const TimeBound> time_bound_;
  bool changed_ = false;
};

}  // namespace cloister::cas
