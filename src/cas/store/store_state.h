// SPDX-License-Identifier: Apache-2.0
// What is behind SealedStore. In the enclave; inside src/cas/store only.
#pragma once
#include "src/cas/store/audit_log.h"
#include "src/cas/store/database.h"
#include "src/cas/store/record_index.h"
#include "src/cas/store/root.h"
#include "src/cas/store/set_hash.h"

namespace cloister::cas {

// The store's keys at work.
struct StoreCrypto {
  Sealer records, audit, root;
  SecretBytes names, elements, states;
  KeyId id;
  SecurityVersion version;

  static Result<StoreCrypto> make(StoreKeys keys);
  Mac column(std::string_view name) const;
  Mac element(const IndexEntry& entry) const;
  // What the root is sealed for: all that stands beside it in clear.
  std::vector<std::uint8_t> root_binding() const;
};

struct SealedRecord {
  IndexEntry entry;
  std::vector<std::uint8_t> sealed;
};
Result<SealedRecord> seal_record(const StoreCrypto& crypto, std::string_view name, std::uint64_t version,
                                 Bytes content);
struct OpenedRecord {
  std::string name;
  IndexEntry entry;
  Record record;
};
// A row as the file has it. Errc::mismatch when it was not sealed for this place and version.
Result<OpenedRecord> open_record(const StoreCrypto& crypto, const RecordRow& row);

// The first four bytes of a record's column: enough to find the row, and it says nothing about the name.
std::string column_text(Bytes column);

class StoreState {
 public:
  StoreState(std::unique_ptr<Database> opened, StoreCrypto keys, const StoreOptions& options)
      : database(std::move(opened)), crypto(std::move(keys)), index(options.cache_size) {}

  // Writes the first rows, or verifies all that are there (store_open.cc).
  Result<void> create(std::uint64_t now);
  Result<void> verify(std::string& problem);

  // Held in this order. database_mutex: everything but index and what is published with it.
  std::mutex database_mutex;
  mutable std::mutex index_mutex;

  std::unique_ptr<Database> database;
  const StoreCrypto crypto;
  RecordIndex index;  // changed only by who holds both
  std::optional<AuditLog> log;
  Root root;
  SetHash set;
  audit::Head head;  // published
  std::uint64_t newest_time = 0;
  std::shared_ptr<const TimeBound> time_bound = std::make_shared<TimeBound>();
  bool created = false;

 private:
  Result<void> verify_records(std::string& problem);
  Result<void> verify_audit(std::string& problem);
};

}  // namespace cloister::cas
