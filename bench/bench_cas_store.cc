// SPDX-License-Identifier: Apache-2.0
// What a durable commit of CAS's store costs, by how many mutations go into one. Files are in TMPDIR, or /tmp: on a
// tmpfs nothing is flushed, and the figures are of the processor alone.
//   sqlite_rows/N     control: N rows of the same size in one commit of bare SQLite, same settings
//   attestations/N    N audit entries in one commit, as of N granted attestations
//   updates/N         N records of 4 KiB with an audit entry each in one commit
//   committer/T       T threads that each wait for their own commit: what a service sees
//   committer_appending/T  the same while the write-ahead log grows: without SealedStore::extend_log()
//   get_cached, get_verified   reading one record of 4 KiB, from memory or from the file
//   open/N            opening a store with N records and N audit entries, everything verified
#include <benchmark/benchmark.h>
#include <sqlite3.h>
#include "src/cas/store/committer.h"
#include "src/cas/store/store_for_test.h"

namespace cloister::cas {
namespace {

constexpr std::size_t kRecordSize = 4096;

void require(benchmark::State& state, bool holds) {
  if (!holds) state.SkipWithError("the store failed");
}

Mutation attestation() {
  Mutation mutation;
  mutation.entries.push_back(entry_of(audit::Kind::attestation_granted, "namespace/session/service"));
  mutation.entries[0].actor.kind = audit::Actor::Kind::enclave;
  mutation.entries[0].text = "UpToDate, mrsigner 0123456789abcdef0123456789abcdef";
  return mutation;
}

void sqlite_rows(benchmark::State& state) {
  const Folder folder;
  sqlite3* database = nullptr;
  sqlite3_stmt* insert = nullptr;
  bool good = sqlite3_open(folder.file().c_str(), &database) == SQLITE_OK &&
              sqlite3_exec(database,
                           "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                           "CREATE TABLE t(sequence INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
                           nullptr, nullptr, nullptr) == SQLITE_OK &&
              sqlite3_prepare_v2(database, "INSERT INTO t(sealed) VALUES(?1)", -1, &insert, nullptr) == SQLITE_OK;
  const std::string row(300, 'x');
  for (auto _ : state) {
    good = good && sqlite3_exec(database, "BEGIN", nullptr, nullptr, nullptr) == SQLITE_OK;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      sqlite3_bind_blob(insert, 1, row.data(), static_cast<int>(row.size()), SQLITE_STATIC);
      good = good && sqlite3_step(insert) == SQLITE_DONE;
      sqlite3_reset(insert);
    }
    good = good && sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  sqlite3_finalize(insert);
  sqlite3_close(database);
  require(state, good);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// One commit for each iteration, of `mutations`; the log is moved into the file as the committer would.
void commit_groups(benchmark::State& state, const std::vector<Mutation>& mutations) {
  const Folder folder;
  const auto store = open_store(folder.file());
  std::vector<const Mutation*> group;
  for (const Mutation& mutation : mutations) group.push_back(&mutation);
  bool good = true;
  for (auto _ : state) {
    for (const auto& outcome : store->commit(group)) good = good && outcome.ok();
    if (store->log_pages() >= CommitterOptions().checkpoint_pages) good = good && store->checkpoint().ok();
  }
  require(state, good);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void attestations(benchmark::State& state) {
  commit_groups(state, std::vector<Mutation>(static_cast<std::size_t>(state.range(0)), attestation()));
}

void updates(benchmark::State& state) {
  std::vector<Mutation> mutations;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    mutations.push_back(put(numbered("session/", static_cast<std::uint64_t>(i)), std::string(kRecordSize, 'x')));
  commit_groups(state, mutations);
}

void commit_from_threads(benchmark::State& state, bool appending) {
  const Folder folder;
  const auto store = open_store(folder.file());
  if (!appending) store->extend_log();
  Committer one(*store);
  bool good = true;
  constexpr int kEach = 50;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (std::int64_t t = 0; t < state.range(0); ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < kEach; ++i)
          if (!one.commit(attestation()).ok()) good = false;
      });
    for (auto& thread : threads) thread.join();
  }
  require(state, good);
  state.SetItemsProcessed(state.iterations() * state.range(0) * kEach);
}

void committer(benchmark::State& state) { commit_from_threads(state, false); }
void committer_appending(benchmark::State& state) { commit_from_threads(state, true); }

void read_one(benchmark::State& state, std::size_t cache_size) {
  const Folder folder;
  const auto store = open_store(folder.file(), 1, {.cache_size = cache_size});
  bool good = store->commit(put("session/a", std::string(kRecordSize, 'x'))).ok();
  for (auto _ : state) {
    const auto record = store->get("session/a");
    good = good && record.ok() && record.value()->content.size() == kRecordSize;
  }
  require(state, good);
  state.SetItemsProcessed(state.iterations());
}
void get_cached(benchmark::State& state) { read_one(state, 1 << 20); }
void get_verified(benchmark::State& state) { read_one(state, 0); }

void open(benchmark::State& state) {
  const Folder folder;
  {
    const auto store = open_store(folder.file());
    std::vector<Mutation> mutations;
    for (std::int64_t i = 0; i < state.range(0); ++i)
      mutations.push_back(put(numbered("session/", static_cast<std::uint64_t>(i)), std::string(kRecordSize, 'x')));
    std::vector<const Mutation*> group;
    for (const Mutation& mutation : mutations) group.push_back(&mutation);
    store->commit(group);
  }
  bool good = true;
  for (auto _ : state) good = good && open_store(folder.file()) != nullptr;
  require(state, good);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(sqlite_rows)->RangeMultiplier(4)->Range(1, 256)->UseRealTime();
BENCHMARK(attestations)->RangeMultiplier(4)->Range(1, 256)->UseRealTime();
BENCHMARK(updates)->RangeMultiplier(4)->Range(1, 256)->UseRealTime();
BENCHMARK(committer)->RangeMultiplier(4)->Range(1, 64)->UseRealTime();
BENCHMARK(committer_appending)->RangeMultiplier(4)->Range(1, 64)->UseRealTime();
BENCHMARK(get_cached);
BENCHMARK(get_verified);
BENCHMARK(open)->Arg(1000)->Arg(10000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cloister::cas

BENCHMARK_MAIN();
