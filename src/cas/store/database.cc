// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/database.h"
#include <sqlite3.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace cloister::cas {

// One run of a prepared statement: parameters in order, then steps; resets it at the end.
class BoundStatement {
 public:
  BoundStatement(Database& database, const Database::Statement& statement)
      : database_(database), statement_(statement.get()) {}
  ~BoundStatement() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  BoundStatement& bytes(Bytes value) {
    // A null pointer would be NULL instead of no bytes.
    static constexpr std::uint8_t kNothing = 0;
    note(sqlite3_bind_blob64(statement_, ++parameter_, value.empty() ? &kNothing : value.data(), value.size(),
                             SQLITE_STATIC));
    return *this;
  }
  BoundStatement& number(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) note(SQLITE_RANGE);
    note(sqlite3_bind_int64(statement_, ++parameter_, static_cast<std::int64_t>(value)));
    return *this;
  }
  // True: a row is there.
  Result<bool> step() {
    if (code_ != SQLITE_OK) return database_.failed(code_);
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return database_.failed(code);
  }
  // For a statement that has no rows.
  Result<void> execute() {
    while (TRY(step())) continue;
    return {};
  }
  Bytes column_bytes(int column) const {
    const void* const bytes = sqlite3_column_blob(statement_, column);  // first: the size is that of this form
    const int size = sqlite3_column_bytes(statement_, column);
    if (!bytes || size <= 0) return {};
    return {static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)};
  }
  BoundStatement& signed_number(std::int64_t value) {
    note(sqlite3_bind_int64(statement_, ++parameter_, value));
    return *this;
  }
  std::uint64_t column_number(int column) const {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
  }
  std::string column_text(int column) const {
    const Bytes bytes = column_bytes(column);
    return {bytes.begin(), bytes.end()};
  }

 private:
  void note(int code) {
    if (code_ == SQLITE_OK) code_ = code;
  }
  Database& database_;
  sqlite3_stmt* statement_;
  int parameter_ = 0;
  int code_ = SQLITE_OK;
};

namespace {

constexpr std::uint32_t kApplicationId = 0x434c4341;  // "CLCA"
constexpr std::uint32_t kSchemaVersion = 2;
constexpr char kSchema[] =
    "CREATE TABLE audit(sequence INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;\n"
    "CREATE TABLE record(name BLOB PRIMARY KEY NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT, "
    "WITHOUT ROWID;\n"
    "CREATE TABLE root(id INTEGER PRIMARY KEY CHECK(id = 1), cpusvn BLOB NOT NULL, isvsvn INTEGER NOT NULL, "
    "key_id BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;\n";

// Of the write-ahead log: what the committer lets gather there, and one large group more.
constexpr std::int64_t kLogSize = 20 * 1024 * 1024;
constexpr int kLargestValue = 32 * 1024 * 1024;  // of a row; records are smaller (sealed_store.h)
// As SQLite's "Defense Against The Dark Arts" advises; our own statements are far below.
constexpr std::pair<int, int> kLimits[] = {
    {SQLITE_LIMIT_LENGTH, kLargestValue}, {SQLITE_LIMIT_SQL_LENGTH, 4096},   {SQLITE_LIMIT_COLUMN, 16},
    {SQLITE_LIMIT_EXPR_DEPTH, 10},        {SQLITE_LIMIT_COMPOUND_SELECT, 3}, {SQLITE_LIMIT_VDBE_OP, 25000},
    {SQLITE_LIMIT_FUNCTION_ARG, 8},       {SQLITE_LIMIT_ATTACHED, 0},        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 10},   {SQLITE_LIMIT_TRIGGER_DEPTH, 1},   {SQLITE_LIMIT_WORKER_THREADS, 0},
};
constexpr std::pair<int, int> kSwitches[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                             {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                             {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                             {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                                             {SQLITE_DBCONFIG_DQS_DDL, 0},
                                             {SQLITE_DBCONFIG_DQS_DML, 0},
                                             {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};

int note_log_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<std::uint64_t*>(pages) = count > 0 ? static_cast<std::uint64_t>(count) : 0;
  return SQLITE_OK;
}

}  // namespace

void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::~Database() {
  for (Statement* statement :
       {&begin_, &commit_, &put_record_, &erase_record_, &get_record_, &add_audit_, &replace_audit_, &put_root_})
    statement->reset();
  sqlite3_close(handle_);
}

Error Database::failed(int code) {
  const int system = handle_ ? sqlite3_system_errno(handle_) : 0;
  problem_ = handle_ && code != SQLITE_RANGE ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL: return Error::from_errno(ENOSPC, "the disk is full");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Error::from_errno(EBUSY, "another process has the database open");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: return Error(Errc::mismatch, "the database is damaged");
    case SQLITE_NOMEM: return Error::from_errno(ENOMEM, "no memory");
    default:
      if (system == ENOSPC || system == EDQUOT) return Error::from_errno(ENOSPC, "the disk is full");
      return Error(Errc::io, "the database cannot be read or written");
  }
}

Result<Database::Statement> Database::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failed(code);
  return Statement(statement);
}

Result<void> Database::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(code);
  return {};
}

// The first column of all rows, each with a line's end.
Result<std::string> Database::text_answer(const char* sql) {
  const Statement statement = TRY(prepare(sql));
  BoundStatement bound(*this, statement);
  std::string text;
  while (TRY(bound.step())) text += bound.column_text(0) + "\n";
  return text;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, std::string& problem) {
  std::unique_ptr<Database> database(new Database);
  const auto opened = [&]() -> Result<void> {
    TRY(database->open_file(path));
    TRY(database->configure());
    TRY(database->check_schema());
    if (!database->fresh_) TRY(database->prepare_all());
    return {};
  }();
  if (opened.ok()) return database;
  problem = path + ": " + opened.error().what();
  if (!database->problem_.empty()) problem += " (" + database->problem_ + ")";
  return opened.error();
}

Result<void> Database::open_file(const std::string& path) {
  const int code = sqlite3_open_v2(
      path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  if (code != SQLITE_OK) return failed(code);
  return {};
}

Result<void> Database::configure() {
  for (const auto& [limit, value] : kLimits) sqlite3_limit(handle_, limit, value);
  for (const auto& [name, value] : kSwitches)
    if (const int code = sqlite3_db_config(handle_, name, value, nullptr); code != SQLITE_OK) return failed(code);
  // The lock first: with it the index of the write-ahead log is in our memory from the start, not in a shared file.
  TRY(
      run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;"
          "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"));
  TRY(run(("PRAGMA journal_size_limit = " + std::to_string(kLogSize)).c_str()));
  if (TRY(text_answer("PRAGMA journal_mode = WAL")) != "wal\n")
    return Error(Errc::unsupported, "the file system does not let SQLite keep a write-ahead log");
  TRY(run("PRAGMA synchronous = FULL;"));
  sqlite3_wal_autocheckpoint(handle_, 0);
  sqlite3_wal_hook(handle_, note_log_pages, &log_pages_);  // takes the place of the automatic checkpoint's hook
  TRY(run("BEGIN IMMEDIATE; COMMIT;"));                    // takes the lock, which stays
  return {};
}

Result<void> Database::check_schema() {
  const std::string schema = TRY(text_answer("SELECT sql || ';' FROM sqlite_schema ORDER BY name"));
  const std::string version = TRY(text_answer("PRAGMA user_version"));
  const std::string id = TRY(text_answer("PRAGMA application_id"));
  if (schema.empty() && version == "0\n" && id == "0\n") {
    fresh_ = true;
    return {};
  }
  if (id != std::to_string(kApplicationId) + "\n") return Error(Errc::mismatch, "not a database of this service");
  if (version != std::to_string(kSchemaVersion) + "\n")
    return Error(Errc::unsupported, "the database has the schema of another version");
  if (schema != kSchema) return Error(Errc::mismatch, "the database's schema was changed");
  if (const std::string damage = TRY(text_answer("PRAGMA quick_check(1)")); damage != "ok\n") {
    problem_ = damage.substr(0, damage.find('\n'));
    return Error(Errc::mismatch, "the database is damaged");
  }
  return {};
}

Result<void> Database::create_tables() {
  TRY(run(kSchema));
  TRY(run(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str()));
  TRY(run(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str()));
  return prepare_all();
}

Result<void> Database::prepare_all() {
  begin_ = TRY(prepare("BEGIN IMMEDIATE"));
  commit_ = TRY(prepare("COMMIT"));
  put_record_ =
      TRY(prepare("INSERT INTO record(name, version, sealed) VALUES(?1, ?2, ?3) ON CONFLICT(name) DO UPDATE "
                  "SET version = ?2, sealed = ?3"));
  erase_record_ = TRY(prepare("DELETE FROM record WHERE name = ?1"));
  get_record_ = TRY(prepare("SELECT name, version, sealed FROM record WHERE name = ?1"));
  add_audit_ = TRY(prepare("INSERT INTO audit(sequence, sealed) VALUES(?1, ?2)"));
  replace_audit_ = TRY(prepare("UPDATE audit SET sealed = ?2 WHERE sequence = ?1"));
  put_root_ =
      TRY(prepare("INSERT INTO root(id, cpusvn, isvsvn, key_id, sealed) VALUES(1, ?1, ?2, ?3, ?4) ON CONFLICT(id) DO "
                  "UPDATE SET cpusvn = ?1, isvsvn = ?2, key_id = ?3, sealed = ?4"));
  return {};
}

Result<void> Database::begin() {
  if (!begin_) return run("BEGIN IMMEDIATE");  // there are no tables yet
  return BoundStatement(*this, begin_).execute();
}
Result<void> Database::commit() { return BoundStatement(*this, commit_).execute(); }
void Database::rollback() {
  // After some errors SQLite has rolled back on its own.
  if (!sqlite3_get_autocommit(handle_)) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Database::put_record(Bytes name, std::uint64_t version, Bytes sealed) {
  return BoundStatement(*this, put_record_).bytes(name).number(version).bytes(sealed).execute();
}
Result<void> Database::erase_record(Bytes name) {
  TRY(BoundStatement(*this, erase_record_).bytes(name).execute());
  if (sqlite3_changes(handle_) != 1) return Error(Errc::mismatch, "a record is gone from the database");
  return {};
}
Result<void> Database::add_audit(std::uint64_t sequence, Bytes sealed) {
  return BoundStatement(*this, add_audit_).number(sequence).bytes(sealed).execute();
}
Result<void> Database::replace_audit(std::uint64_t sequence, Bytes sealed) {
  TRY(BoundStatement(*this, replace_audit_).number(sequence).bytes(sealed).execute());
  if (sqlite3_changes(handle_) != 1) return Error(Errc::mismatch, "an audit entry is gone from the database");
  return {};
}
Result<void> Database::put_root(const SecurityVersion& version, Bytes key_id, Bytes sealed) {
  return BoundStatement(*this, put_root_)
      .bytes(version.cpusvn)
      .number(version.isvsvn)
      .bytes(key_id)
      .bytes(sealed)
      .execute();
}

Result<void> Database::each_record(const RecordVisitor& visit) {
  const Statement statement = TRY(prepare("SELECT name, version, sealed FROM record"));
  BoundStatement bound(*this, statement);
  while (TRY(bound.step()))
    TRY(visit({.name = bound.column_bytes(0), .sealed = bound.column_bytes(2), .version = bound.column_number(1)}));
  return {};
}

Result<void> Database::one_record(Bytes name, const RecordVisitor& visit) {
  BoundStatement bound(*this, get_record_);
  if (!TRY(bound.bytes(name).step())) return Error(Errc::mismatch, "a record is gone from the database");
  return visit({.name = bound.column_bytes(0), .sealed = bound.column_bytes(2), .version = bound.column_number(1)});
}

Result<void> Database::each_audit(std::int64_t first, std::int64_t last, const AuditVisitor& visit) {
  const Statement statement =
      TRY(prepare("SELECT sequence, sealed FROM audit WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence"));
  BoundStatement bound(*this, statement);
  bound.signed_number(first).signed_number(last);
  while (TRY(bound.step())) TRY(visit(bound.column_number(0), bound.column_bytes(1)));
  return {};
}

Result<std::optional<RootRow>> Database::root() {
  const Statement statement = TRY(prepare("SELECT cpusvn, isvsvn, key_id, sealed FROM root"));
  BoundStatement bound(*this, statement);
  if (!TRY(bound.step())) return std::optional<RootRow>();
  RootRow row;
  const Bytes cpusvn = bound.column_bytes(0), key_id = bound.column_bytes(2), sealed = bound.column_bytes(3);
  const std::uint64_t isvsvn = bound.column_number(1);
  if (cpusvn.size() != row.version.cpusvn.size() || isvsvn > std::numeric_limits<std::uint16_t>::max())
    return Error(Errc::mismatch, "the database's root has no security version");
  std::ranges::copy(cpusvn, row.version.cpusvn.begin());
  row.version.isvsvn = static_cast<std::uint16_t>(isvsvn);
  row.key_id.assign(key_id.begin(), key_id.end());
  row.sealed.assign(sealed.begin(), sealed.end());
  if (TRY(bound.step())) return Error(Errc::mismatch, "the database has more than one root");
  return std::optional<RootRow>(std::move(row));
}

Result<void> Database::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(code);
  log_pages_ = 0;
  return {};
}

void Database::extend_log() {
  static constexpr std::array<char, 64 * 1024> kZeros{};
  sqlite3_file* log = nullptr;
  if (sqlite3_file_control(handle_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK || !log->pMethods) return;
  sqlite3_int64 before = 0;
  if (log->pMethods->xFileSize(log, &before) != SQLITE_OK) return;
  int code = SQLITE_OK;
  for (sqlite3_int64 at = before; at < kLogSize && code == SQLITE_OK;) {
    const int size = static_cast<int>(std::min<sqlite3_int64>(kLogSize - at, kZeros.size()));
    code = log->pMethods->xWrite(log, kZeros.data(), size, at);
    at += size;
  }
  if (code == SQLITE_OK) code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) log->pMethods->xTruncate(log, before);
}

}  // namespace cloister::cas
