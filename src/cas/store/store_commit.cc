// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/store_commit.h"
#include <algorithm>
#include <cerrno>

namespace cloister::cas {

StoreCommit::StoreCommit(StoreState& state, Writer writer)
    : state_(state), writer_(writer), root_(state.root), set_(state.set), time_bound_(state.time_bound) {}

const IndexEntry* StoreCommit::current(const std::string& name) const {
  const auto change = changes_.find(name);
  if (change == changes_.end()) return state_.index.find(name);
  return change->second.entry ? &*change->second.entry : nullptr;
}

std::uint64_t StoreCommit::current_version(const std::string& name) const {
  const IndexEntry* const entry = current(name);
  return entry ? entry->version : kAbsent;
}

// Everything that can be wrong with the mutation itself, before anything is written for it.
Result<void> StoreCommit::check(const Mutation& mutation) const {
  if (mutation.entries.empty() && (!mutation.changes.empty() || !mutation.seen.empty()))
    return Error(Errc::invalid, "records change without an audit entry");
  // Whoever goes on relies on the head that it was told.
  if (writer_ == Writer::caller && current(kHandedOverRecord))
    return Error::from_errno(EROFS, "the store was handed over: nothing is written any more");
  for (const Demand& demand : mutation.demands)
    if (current_version(demand.name) != demand.version)
      return Error::from_errno(ESTALE, "a record was changed in the meantime");
  for (auto change = mutation.changes.begin(); change != mutation.changes.end(); ++change) {
    if (change->name.empty() || change->name.size() > kNameLimit)
      return Error(Errc::invalid, "a record's name has no usable size");
    if (writer_ == Writer::caller && change->name.starts_with(kReservedPrefix))
      return Error(Errc::invalid, "the record's name is reserved");
    if (std::any_of(mutation.changes.begin(), change, [&](const auto& other) { return other.name == change->name; }))
      return Error(Errc::invalid, "a record is changed twice");
    if (change->content && change->content->size() > kContentLimit)
      return Error(Errc::invalid, "a record has more than 16 MiB");
    if (!change->content && !current(change->name))
      return Error::from_errno(ESTALE, "a record to be erased is not there");
  }
  for (const audit::Entry& entry : mutation.entries) TRY(check_entry(entry));
  return {};
}

Result<Committed> StoreCommit::add(const Mutation& mutation) {
  TRY(check(mutation));
  Committed committed;
  if (const auto applied = apply(mutation, committed); !applied.ok()) {
    broken_ = applied.error();
    return applied.error();
  }
  return committed;
}

Result<void> StoreCommit::apply(const Mutation& mutation, Committed& committed) {
  const std::uint64_t version = root_.revision + 1;
  for (const RecordChange& change : mutation.changes) {
    if (!change.content) {
      TRY(erase(change.name));
      continue;
    }
    TRY(put(change, version));
    committed.version = version;
  }
  TRY(move_time_bound(mutation.seen, version));
  const audit::Digest state = state_digest(state_.crypto.states, root_.revision, root_.record_count, set_.bytes());
  for (const audit::Entry& entry : mutation.entries) {
    TRY(append(entry, state));
    committed.sequence = root_.audit.sequence;
    changed_ = true;
  }
  return {};
}

Result<void> StoreCommit::move_time_bound(std::span<const CollateralMark> seen, std::uint64_t version) {
  if (time_bound_->knows(seen)) return {};
  TimeBound moved = *time_bound_;
  if (!moved.note(seen)) return {};  // there is no room for it
  const auto bytes = moved.encode();
  TRY(put({.name = kTimeBoundRecord, .content = SecretBytes(bytes.begin(), bytes.end())}, version));
  time_bound_ = std::make_shared<TimeBound>(std::move(moved));
  return {};
}

Result<void> StoreCommit::put(const RecordChange& change, std::uint64_t version) {
  const IndexEntry* const before = current(change.name);
  if (before)
    set_.remove(state_.crypto.element(*before));
  else
    ++root_.record_count;
  const SealedRecord record = TRY(seal_record(state_.crypto, change.name, version, *change.content));
  TRY(state_.database->put_record(record.entry.column, version, record.sealed));
  root_.revision = version;
  set_.add(state_.crypto.element(record.entry));
  changes_[change.name] = {.entry = record.entry,
                           .content = std::make_shared<Record>(Record{.content = *change.content, .version = version})};
  return {};
}

Result<void> StoreCommit::erase(const std::string& name) {
  const IndexEntry before = *current(name);  // check() saw it
  TRY(state_.database->erase_record(before.column));
  set_.remove(state_.crypto.element(before));
  --root_.record_count;
  changes_[name] = {};
  return {};
}

Result<void> StoreCommit::append(const audit::Entry& entry, const audit::Digest& state) {
  audit::Entry whole = entry;
  whole.state = state;
  const AuditLog::Row row = TRY(state_.log->make_row(root_.audit, std::move(whole)));
  TRY(state_.database->add_audit(row.after.sequence, row.sealed));
  root_.audit = row.after;
  root_.newest_time = newest_time_after(root_.newest_time, entry);
  if (row.after.sequence % AuditLog::kMarkDistance == 0) marks_.push_back(row.after.hash);
  return {};
}

Result<audit::Head> StoreCommit::finish() {
  ++root_.commits;
  root_.set_hash = set_.bytes();
  const auto sealed = TRY(state_.crypto.root.seal(state_.crypto.root_binding(), encode_root(root_)));
  const audit::Head head = TRY(state_.log->key().sign(root_.audit));
  TRY(state_.database->put_root(state_.crypto.version, state_.crypto.id, sealed));
  TRY(state_.database->commit());
  state_.root = root_;
  state_.set = set_;
  state_.log->adopt(head, marks_);
  const std::lock_guard lock(state_.index_mutex);
  for (auto& [name, change] : changes_) {
    if (!change.entry) {
      state_.index.erase(name);
      continue;
    }
    state_.index.set(name, *change.entry);
    state_.index.remember(name, std::move(change.content));
  }
  state_.head = head;
  state_.newest_time = root_.newest_time;
  state_.time_bound = time_bound_;
  return head;
}

}  // namespace cloister::cas
