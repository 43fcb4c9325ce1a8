// SPDX-License-Identifier: Apache-2.0
// Moving a store to other keys: for a successor that another program has handed its keys over, and under a newer
// security version (seal_anew.h).
#include "src/cas/store/store_commit.h"
#include "src/cas/store/store_state.h"

namespace cloister::cas {
namespace {

// From one state to another, in the transaction that has begun on `database`.
class Resealing {
 public:
  Resealing(const StoreState& from, StoreState& to, Database& database) : from_(from), to_(to), database_(database) {}

  Result<void> run() {
    to_.root = from_.root;
    for (const std::string& name : from_.index.list("")) TRY(move_record(name));
    if (!to_.log) return Error(Errc::mismatch, "the audit key is missing");
    return move_audit();
  }

 private:
  Result<void> move_record(const std::string& name);
  Result<void> move_audit();

  const StoreState& from_;
  StoreState& to_;
  Database& database_;
};

Result<void> Resealing::move_record(const std::string& name) {
  const IndexEntry& before = *from_.index.find(name);
  Record record;
  TRY(database_.one_record(before.column, [&](const RecordRow& row) -> Result<void> {
    if (row.version != before.version || sgx::sha256(row.sealed) != before.sealed_hash)
      return Error(Errc::mismatch, "the database has changed underneath: a record is not the current one");
    record = TRY(open_record(from_.crypto, row)).record;
    return {};
  }));
  const SealedRecord sealed = TRY(seal_record(to_.crypto, name, record.version, record.content));
  TRY(database_.erase_record(before.column));
  TRY(database_.put_record(sealed.entry.column, record.version, sealed.sealed));
  to_.set.add(to_.crypto.element(sealed.entry));
  to_.index.set(name, sealed.entry);
  if (name != kAuditKeyRecord) return {};
  if (record.content.size() != 32) return Error(Errc::mismatch, "the audit key is malformed");
  to_.log.emplace(TRY(audit::AuditKey::from_seed(std::span<const std::uint8_t, 32>(record.content.data(), 32))),
                  to_.crypto.audit);
  return {};
}

// A part at a time: SQLite does not say what a reader sees of rows that change before it.
Result<void> Resealing::move_audit() {
  audit::Position at = to_.log->position();
  std::vector<audit::Digest> marks;
  while (at.sequence < from_.root.audit.sequence) {
    const std::uint64_t last = at.sequence + AuditLog::kMarkDistance;
    std::vector<AuditLog::Row> rows;
    TRY(database_.each_audit(static_cast<std::int64_t>(at.sequence + 1), static_cast<std::int64_t>(last),
                             [&](std::uint64_t sequence, Bytes sealed) -> Result<void> {
                               auto opened = TRY(from_.log->open_row(at, sequence, sealed));
                               rows.push_back(TRY(to_.log->make_row(at, std::move(opened.entry))));
                               if (rows.back().after != opened.after)
                                 return Error(Errc::mismatch, "an audit entry has more than one encoding");
                               at = opened.after;
                               return {};
                             }));
    if (rows.empty()) return Error(Errc::mismatch, "the database has changed underneath: audit entries are missing");
    for (const AuditLog::Row& row : rows) TRY(database_.replace_audit(row.after.sequence, row.sealed));
    if (at.sequence == last) marks.push_back(at.hash);
  }
  if (at != from_.root.audit) return Error(Errc::mismatch, "the last audit entry is not the one of the last commit");
  to_.log->adopt(TRY(to_.log->key().sign(at)), marks);
  return {};
}

}  // namespace

Result<std::unique_ptr<SealedStore>> SealedStore::reseal(std::unique_ptr<SealedStore> store,
                                                         const SealingKeySource& source, const Mutation& mutation) {
  StoreState& from = *store->state_;
  auto to = std::make_unique<StoreState>(std::move(from.database),
                                         TRY(StoreCrypto::make(TRY(StoreKeys::derive(source, source.version())))),
                                         StoreOptions{});
  Database& database = *to->database;
  to->newest_time = from.newest_time;
  to->time_bound = from.time_bound;
  TRY(database.begin());
  const auto written = [&]() -> Result<void> {
    TRY(Resealing(from, *to, database).run());
    StoreCommit commit(*to, StoreCommit::Writer::store);
    TRY(commit.add(mutation));
    TRY(commit.finish());
    return {};
  }();
  if (!written.ok()) {
    database.rollback();
    return written.error();
  }
  return std::unique_ptr<SealedStore>(new SealedStore(std::move(to)));
}

}  // namespace cloister::cas
