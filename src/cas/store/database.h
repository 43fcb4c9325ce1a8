// SPDX-License-Identifier: Apache-2.0
// The store's SQLite file: three tables of sealed rows, and nothing that the file says is believed here. In the
// enclave, over a file that the host may change at any time. Not thread-safe. It neither seals nor opens; SealedStore
// does.
//
// SQLite is told that the file is hostile: no triggers, views, functions in the schema, attached files or memory
// mapping, small limits, cells checked, and a schema that must be ours word by word. WAL with the index in memory
// (EXCLUSIVE, so a second process gets SQLITE_BUSY), every commit flushed (synchronous FULL).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "src/base/fields.h"
#include "src/cas/store/sealing_keys.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cloister::cas {

struct RecordRow {
  Bytes name, sealed;  // valid until the next call
  std::uint64_t version;
};
struct RootRow {
  SecurityVersion version;  // in clear, as the file has it, like all of the row
  std::vector<std::uint8_t> key_id, sealed;
};

class Database {
 public:
  // Opens or creates the file. `problem` says in one line what is wrong: Errc of EBUSY when another process has it,
  // Errc::mismatch when it is no database of ours or damaged, Errc::io otherwise.
  static Result<std::unique_ptr<Database>> open(const std::string& path, std::string& problem);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // No table is there: create_tables() must come first, in a transaction with the first rows.
  bool is_fresh() const { return fresh_; }
  Result<void> create_tables();

  Result<void> begin();
  Result<void> commit();
  void rollback();

  Result<void> put_record(Bytes name, std::uint64_t version, Bytes sealed);
  Result<void> erase_record(Bytes name);  // Errc::mismatch when it is not there
  Result<void> add_audit(std::uint64_t sequence, Bytes sealed);
  Result<void> replace_audit(std::uint64_t sequence, Bytes sealed);  // Errc::mismatch when it is not there
  Result<void> put_root(const SecurityVersion& version, Bytes key_id, Bytes sealed);

  using RecordVisitor = std::function<Result<void>(const RecordRow&)>;
  Result<void> each_record(const RecordVisitor& visit);
  Result<void> one_record(Bytes name, const RecordVisitor& visit);  // Errc::mismatch when it is not there
  // Rows from `first` to `last`, ascending. A hostile file may have any numbers, negative ones too.
  using AuditVisitor = std::function<Result<void>(std::uint64_t sequence, Bytes sealed)>;
  Result<void> each_audit(std::int64_t first, std::int64_t last, const AuditVisitor& visit);
  Result<std::optional<RootRow>> root();  // Errc::mismatch for a version that there cannot be

  // Pages in the write-ahead log that are not in the file yet, and moving them there.
  std::uint64_t log_pages() const { return log_pages_; }
  Result<void> checkpoint();
  // Gives the write-ahead log its whole size at once. A flush after an append waits for the file system's own journal,
  // too; after overwriting it does not. What lies behind the last commit means nothing to SQLite. Without room on the
  // disk the log stays as it is, and grows when it must.
  void extend_log();

  // What SQLite said when a call failed: ENOSPC, EBUSY, Errc::mismatch for a damaged file, Errc::io.
  const std::string& problem() const { return problem_; }

 private:
  Database() = default;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  friend class BoundStatement;

  Result<void> open_file(const std::string& path);
  Result<void> configure();
  Result<void> check_schema();
  Result<void> prepare_all();
  Result<void> run(const char* sql);
  Result<Statement> prepare(const char* sql);
  Result<std::string> text_answer(const char* sql);
  Error failed(int code);

  sqlite3* handle_ = nullptr;
  bool fresh_ = false;
  std::uint64_t log_pages_ = 0;
  std::string problem_;
  Statement begin_, commit_, put_record_, erase_record_, get_record_, add_audit_, replace_audit_, put_root_;
};

}  // namespace cloister::cas
