// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/sealed_store.h"
#include <cerrno>
#include "src/audit/export.h"
#include "src/cas/store/store_commit.h"
#include "src/cas/store/store_state.h"

namespace cloister::cas {

SealedStore::SealedStore(std::unique_ptr<StoreState> state) : state_(std::move(state)) {}
SealedStore::~SealedStore() = default;

namespace {

// Those of the version that the file names; of the one of now where there is none yet.
Result<StoreKeys> keys_for(Database& database, const SealingKeySource& source, std::string& cause) {
  if (database.is_fresh()) return StoreKeys::derive(source, source.version());
  const auto row = TRY(database.root());
  if (!row) {
    cause = "the root is missing";
    return Error(Errc::mismatch, "the database was changed");
  }
  auto keys = StoreKeys::derive(source, row->version);
  if (!keys.ok() && keys.error().is_errno() && keys.error().errno_value() == ENOKEY)
    cause =
        "sealed under a security version (" + version_text(row->version) + ") that this processor and program (" +
        version_text(source.version()) +
        ") have no keys of: they are older, or others; start CAS with the microcode and the signature of before, or "
        "newer ones";
  return keys;
}

}  // namespace

Result<std::unique_ptr<SealedStore>> SealedStore::open(const std::string& path, const SealingKeySource& source,
                                                       std::uint64_t now, std::string& problem,
                                                       const StoreOptions& options) {
  auto database = TRY(Database::open(path, problem));
  std::string cause;
  auto keys = keys_for(*database, source, cause);
  if (keys.ok()) return open(path, std::move(database), std::move(keys).take(), now, problem, options);
  problem = path + ": " + (cause.empty() ? keys.error().what() : cause);
  return keys.error();
}

Result<std::unique_ptr<SealedStore>> SealedStore::open(const std::string& path, StoreKeys keys, std::uint64_t now,
                                                       std::string& problem, const StoreOptions& options) {
  auto database = TRY(Database::open(path, problem));
  return open(path, std::move(database), std::move(keys), now, problem, options);
}

Result<std::unique_ptr<SealedStore>> SealedStore::open(const std::string& path, std::unique_ptr<Database> database,
                                                       StoreKeys keys, std::uint64_t now, std::string& problem,
                                                       const StoreOptions& options) {
  auto state = std::make_unique<StoreState>(std::move(database), TRY(StoreCrypto::make(std::move(keys))), options);
  std::string cause;
  const auto ready = state->database->is_fresh() ? state->create(now) : state->verify(cause);
  if (!ready.ok()) {
    problem = path + ": " + (cause.empty() ? ready.error().what() : cause);
    return ready.error();
  }
  return std::unique_ptr<SealedStore>(new SealedStore(std::move(state)));
}

bool SealedStore::is_new() const { return state_->created; }
const SecurityVersion& SealedStore::sealed_under() const { return state_->crypto.version; }

Result<std::shared_ptr<const Record>> SealedStore::get(std::string_view name) {
  {
    const std::lock_guard lock(state_->index_mutex);
    if (auto content = state_->index.cached(name)) return content;
    if (!state_->index.find(name)) return std::shared_ptr<const Record>();
  }
  // A commit may be going on; what is read after it is what the index has after it.
  const std::lock_guard database_lock(state_->database_mutex);
  const IndexEntry* const entry = state_->index.find(name);
  if (!entry) return std::shared_ptr<const Record>();
  std::shared_ptr<const Record> content;
  TRY(state_->database->one_record(entry->column, [&](const RecordRow& row) -> Result<void> {
    if (row.version != entry->version || sgx::sha256(row.sealed) != entry->sealed_hash)
      return Error(Errc::mismatch, "the database has changed underneath: a record is not the current one");
    content = std::make_shared<Record>(TRY(open_record(state_->crypto, row)).record);
    return {};
  }));
  const std::lock_guard lock(state_->index_mutex);
  state_->index.remember(name, content);
  return content;
}

std::uint64_t SealedStore::version(std::string_view name) const {
  const std::lock_guard lock(state_->index_mutex);
  const IndexEntry* const entry = state_->index.find(name);
  return entry ? entry->version : kAbsent;
}

std::vector<std::string> SealedStore::list(std::string_view prefix) const {
  const std::lock_guard lock(state_->index_mutex);
  return state_->index.list(prefix);
}

audit::Head SealedStore::head() const {
  const std::lock_guard lock(state_->index_mutex);
  return state_->head;
}

const audit::PublicKeyBytes& SealedStore::audit_key() const { return state_->log->key().public_key(); }

std::shared_ptr<const TimeBound> SealedStore::time_bound() const {
  const std::lock_guard lock(state_->index_mutex);
  return state_->time_bound;
}

std::uint64_t SealedStore::newest_time() const {
  const std::lock_guard lock(state_->index_mutex);
  return state_->newest_time;
}

Result<std::string> SealedStore::export_audit(std::uint64_t first, std::uint64_t last) {
  const std::lock_guard lock(state_->database_mutex);
  const AuditLog& log = *state_->log;
  if (first == 0 || last > log.position().sequence || first > last + 1)
    return Error(Errc::invalid, "the audit log has no such entries");
  if (last + 1 - first > kExportLimit)
    return Error(Errc::invalid, "more than 10000 audit entries are asked for at once");
  audit::Position at = log.mark_before(first - 1);
  const audit::Position end = log.mark_behind(last);
  std::string text, lines;
  audit::Position before_first = at, after_last = at;
  TRY(state_->database->each_audit(static_cast<std::int64_t>(at.sequence + 1), static_cast<std::int64_t>(end.sequence),
                                   [&](std::uint64_t sequence, Bytes sealed) -> Result<void> {
                                     const AuditLog::OpenedRow row = TRY(log.open_row(at, sequence, sealed));
                                     at = row.after;
                                     if (sequence == first - 1) before_first = at;
                                     if (sequence >= first && sequence <= last)
                                       lines += audit::export_line(row.bytes, row.entry);
                                     if (sequence == last) after_last = at;
                                     return {};
                                   }));
  // Up to here the rows agree with each other alone.
  if (at != end) return Error(Errc::mismatch, "the database has changed underneath: audit entries are missing");
  return audit::export_header(log.key().public_key(), before_first) + lines +
         audit::export_head(TRY(log.key().sign(after_last)));
}

std::vector<Result<Committed>> SealedStore::commit(std::span<const Mutation* const> mutations) {
  std::vector<Result<Committed>> outcomes;
  outcomes.reserve(mutations.size());
  const auto all_failed = [&](const Error& error) {
    outcomes.clear();
    for (std::size_t i = 0; i < mutations.size(); ++i) outcomes.emplace_back(error);
    return std::move(outcomes);
  };
  const std::lock_guard lock(state_->database_mutex);
  if (const auto begun = state_->database->begin(); !begun.ok()) return all_failed(begun.error());
  StoreCommit commit(*state_);
  for (const Mutation* const mutation : mutations) {
    outcomes.push_back(commit.add(*mutation));
    if (commit.broken()) {
      state_->database->rollback();
      return all_failed(*commit.broken());
    }
  }
  if (!commit.has_changes()) {
    state_->database->rollback();
    for (auto& outcome : outcomes)
      if (outcome.ok()) outcome.value().head = state_->head;
    return outcomes;
  }
  const auto head = commit.finish();
  if (!head.ok()) {
    state_->database->rollback();
    return all_failed(head.error());
  }
  for (auto& outcome : outcomes)
    if (outcome.ok()) outcome.value().head = head.value();
  return outcomes;
}

Result<Committed> SealedStore::commit(const Mutation& mutation) {
  const Mutation* const one = &mutation;
  auto outcomes = commit(std::span(&one, 1));
  return std::move(outcomes.front());
}

std::uint64_t SealedStore::log_pages() const {
  const std::lock_guard lock(state_->database_mutex);
  return state_->database->log_pages();
}

Result<void> SealedStore::checkpoint() {
  const std::lock_guard lock(state_->database_mutex);
  return state_->database->checkpoint();
}

void SealedStore::extend_log() {
  const std::lock_guard lock(state_->database_mutex);
  state_->database->extend_log();
}

std::string SealedStore::problem() const {
  const std::lock_guard lock(state_->database_mutex);
  return state_->database->problem();
}

}  // namespace cloister::cas
