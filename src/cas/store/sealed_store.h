// SPDX-License-Identifier: Apache-2.0
// CAS's storage: named records and the audit log in one file that the host may read, change and replace. In the
// enclave; thread-safe. docs/cas-store.md has the format and the argument.
//
// At open everything is verified: every record, the root over them, the audit log up to its head. A changed, swapped,
// moved, deleted, extra or older row is refused. While the store is open, its own memory says which row is current, so
// that a file which changes underneath is noticed when it is read.
//
// Who notices what:
//   parts of the file changed, or of another age than the rest     this store, at open or when it reads them
//   the whole file of an earlier day, complete                     nobody from the file alone. Whoever remembers a head
//   of
//                                                                  the audit log: the owner's command, every attested
//                                                                  enclave that received one
//   two copies of CAS, each with a copy of the file                whoever sees heads of both
//   the file deleted                                               whoever knows CAS's key, which is then another one
#pragma once
#include <memory>
#include <mutex>
#include "src/cas/store/mutation.h"
#include "src/cas/store/sealing_keys.h"

namespace cloister::cas {

class Database;
class StoreState;

struct Record {
  SecretBytes content;
  std::uint64_t version = kAbsent;
};

struct StoreOptions {
  std::size_t cache_size = 64 * 1024 * 1024;  // bytes of contents kept in memory
};

class SealedStore {
 public:
  // Opens the file or makes a new one. `problem` is one line that says what is wrong and in which file; the error's
  // code is EBUSY when another process has it open, Errc::mismatch when it is not as this store left it,
  // Errc::unsupported when it was sealed under other keys, ENOKEY under those of a security version that `source` does
  // not give, Errc::io for the rest. `now` (milliseconds since 1970) is for a new log's first entry. A file that was
  // sealed under an older security version stays so (seal_anew.h).
  static Result<std::unique_ptr<SealedStore>> open(const std::string& path, const SealingKeySource& source,
                                                   std::uint64_t now, std::string& problem,
                                                   const StoreOptions& options = {});
  // The same under keys that are at hand: those of another program, which has handed them over.
  static Result<std::unique_ptr<SealedStore>> open(const std::string& path, StoreKeys keys, std::uint64_t now,
                                                   std::string& problem, const StoreOptions& options = {});
  // Seals every row anew under the keys of `source` and commits `mutation` with it, which may change the record that
  // says that the store was handed over: all of it is durable together, or nothing. The former keys open nothing that
  // is written afterwards. Records keep their versions, the audit log its entries and its chain.
  static Result<std::unique_ptr<SealedStore>> reseal(std::unique_ptr<SealedStore> store, const SealingKeySource& source,
                                                     const Mutation& mutation);
  ~SealedStore();

  bool is_new() const;  // open() made the file
  const SecurityVersion& sealed_under() const;

  // Null when there is none. Errc::mismatch when the file has changed underneath.
  Result<std::shared_ptr<const Record>> get(std::string_view name);
  // kAbsent when there is none.
  std::uint64_t version(std::string_view name) const;
  // Names in ascending order.
  std::vector<std::string> list(std::string_view prefix) const;

  // The newest head, durable and signed.
  audit::Head head() const;
  const audit::PublicKeyBytes& audit_key() const;
  // The bound of time (time_bound.h) as the last commit left it, and the latest time that an audit entry carries, in
  // milliseconds since 1970: what TimeBound::accepts() is asked with. An entry clock_reset sets the latter back.
  std::shared_ptr<const TimeBound> time_bound() const;
  std::uint64_t newest_time() const;

  // Entries `first` to `last` (at most kExportLimit, both included, last at most the head's) as verify_export() reads
  // them. An empty range (last = first - 1) gives a signed head alone.
  static constexpr std::uint64_t kExportLimit = 10000;
  Result<std::string> export_audit(std::uint64_t first, std::uint64_t last);

  // Commits a group in order, durably, as one transaction. outcomes[i] is that of mutations[i]: ESTALE when a demand
  // was not met, Errc::invalid when it is malformed, EROFS when it comes after kHandedOverRecord; none touches the
  // others. When the file cannot be written
  // (ENOSPC when the disk is full), all of them have that error, nothing was changed, and a later call may succeed.
  std::vector<Result<Committed>> commit(std::span<const Mutation* const> mutations);
  Result<Committed> commit(const Mutation& mutation);

  // Pages that wait in the write-ahead log, and moving them into the file. The committer decides when.
  std::uint64_t log_pages() const;
  Result<void> checkpoint();
  // For a service: commits are flushed in half of the time afterwards. Takes 20 MiB of the disk.
  void extend_log();

  // What SQLite said about the last call that failed.
  std::string problem() const;

 private:
  static Result<std::unique_ptr<SealedStore>> open(const std::string& path, std::unique_ptr<Database> database,
                                                   StoreKeys keys, std::uint64_t now, std::string& problem,
                                                   const StoreOptions& options);
  explicit SealedStore(std::unique_ptr<StoreState> state);
  std::unique_ptr<StoreState> state_;
};

}  // namespace cloister::cas
