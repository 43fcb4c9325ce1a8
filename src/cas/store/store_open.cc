// SPDX-License-Identifier: Apache-2.0
// Opening the store: a new file's first rows, or everything verified.
#include <limits>
#include "src/cas/store/store_commit.h"
#include "src/cas/store/store_state.h"

namespace cloister::cas {
namespace {

Error refused(std::string& problem, std::string text, const char* what) {
  problem = std::move(text);
  return Error(Errc::mismatch, what);
}

}  // namespace

Result<void> StoreState::create(std::uint64_t now) {
  audit::AuditKey key = TRY(audit::AuditKey::generate());
  auto seed = TRY(key.seed());
  Mutation mutation;
  mutation.changes.push_back({.name = kAuditKeyRecord, .content = std::move(seed)});
  mutation.entries.emplace_back().time = now;  // log_started
  log.emplace(std::move(key), crypto.audit);
  root.audit = log->position();
  created = true;
  TRY(database->begin());
  const auto written = [&]() -> Result<void> {
    TRY(database->create_tables());
    StoreCommit commit(*this, StoreCommit::Writer::store);
    TRY(commit.add(mutation));
    TRY(commit.finish());
    return {};
  }();
  if (!written.ok()) database->rollback();
  return written;
}

Result<void> StoreState::verify(std::string& problem) {
  const auto row = TRY(database->root());
  if (!row) return refused(problem, "the root is missing", "the database was changed");
  if (!std::equal(row->key_id.begin(), row->key_id.end(), crypto.id.begin(), crypto.id.end())) {
    problem = "sealed under other keys: by another version of this service, for another owner, or on another processor";
    return Error(Errc::unsupported, "the database was sealed under other keys");
  }
  const auto plain = crypto.root.unseal(crypto.root_binding(), row->sealed);
  if (row->version != crypto.version || !plain.ok())
    return refused(problem, "the root was changed", "the database was changed");
  root = TRY(decode_root(plain.value()));
  TRY(verify_records(problem));
  return verify_audit(problem);
}

Result<void> StoreState::verify_records(std::string& problem) {
  TRY(database->each_record([&](const RecordRow& row) -> Result<void> {
    auto opened = open_record(crypto, row);
    if (!opened.ok())
      return refused(problem, "record " + column_text(row.name) + " was changed, moved or swapped",
                     "the database was changed");
    const OpenedRecord& record = opened.value();
    if (row.version == kAbsent || row.version > root.revision)
      return refused(
          problem, "record " + column_text(row.name) + " is newer than the root: the root was replaced by an older one",
          "the database was changed");
    set.add(crypto.element(record.entry));
    index.set(record.name, record.entry);
    if (record.name == kAuditKeyRecord) {
      if (record.record.content.size() != 32) return Error(Errc::mismatch, "the audit key is malformed");
      log.emplace(TRY(audit::AuditKey::from_seed(std::span<const std::uint8_t, 32>(record.record.content.data(), 32))),
                  crypto.audit);
    }
    if (record.name == kTimeBoundRecord)
      time_bound = std::make_shared<TimeBound>(TRY(TimeBound::decode(record.record.content)));
    return {};
  }));
  const std::string counts =
      std::to_string(index.count()) + " records are there, the root has " + std::to_string(root.record_count) + ": ";
  if (index.count() < root.record_count)
    return refused(problem, counts + "some were deleted", "the database was changed");
  if (index.count() > root.record_count)
    return refused(problem, counts + "some were added", "the database was changed");
  if (set.bytes() != root.set_hash)
    return refused(problem,
                   "a record is not the one of the last commit: it was replaced by an older one, or the root was",
                   "the database was changed");
  if (!log) return refused(problem, "the audit key is missing", "the database was changed");
  return {};
}

Result<void> StoreState::verify_audit(std::string& problem) {
  audit::Position at = log->position();
  audit::Digest state{};
  std::uint64_t newest = 0;
  std::vector<audit::Digest> marks;
  TRY(database->each_audit(
      std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
      [&](std::uint64_t sequence, Bytes sealed) -> Result<void> {
        auto row = log->open_row(at, sequence, sealed);
        if (!row.ok())
          return refused(problem, "audit entry " + std::to_string(at.sequence + 1) + ": " + row.error().what(),
                         "the database was changed");
        at = row.value().after;
        if (at.sequence > root.audit.sequence)
          return refused(problem,
                         "audit entry " + std::to_string(at.sequence) +
                             " is newer than the root: it was added, or "
                             "the root was replaced by an older one",
                         "the database was changed");
        if (at.sequence % AuditLog::kMarkDistance == 0) marks.push_back(at.hash);
        state = row.value().entry.state;
        newest = newest_time_after(newest, row.value().entry);
        return {};
      }));
  if (at.sequence < root.audit.sequence)
    return refused(problem, "audit entries from " + std::to_string(at.sequence + 1) + " on are missing",
                   "the database was changed");
  if (at != root.audit)
    return refused(problem, "the last audit entry is not the one of the last commit", "the database was changed");
  if (state != state_digest(crypto.states, root.revision, root.record_count, root.set_hash) ||
      newest != root.newest_time)
    return refused(problem, "the last audit entry and the root do not belong together", "the database was changed");
  head = TRY(log->key().sign(at));
  log->adopt(head, marks);
  newest_time = newest;
  return {};
}

}  // namespace cloister::cas
