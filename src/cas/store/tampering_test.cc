// SPDX-License-Identifier: Apache-2.0
// A host that edits the database: row by row with SQLite, byte by byte, and with copies of other days.
#include <sqlite3.h>
#include <random>
#include <map>
#include <set>
#include "src/audit/export.h"
#include "src/cas/store/seal_anew.h"
#include "src/cas/store/store_for_test.h"

namespace cloister::cas {
namespace {

namespace fs = std::filesystem;

// The host's own SQL, for which nothing is forbidden. Other files can be attached.
void edit(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << sql << ": " << message;
  sqlite3_free(message);
  sqlite3_close(database);
}
std::string answer(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  std::string text;
  const auto take = [](void* into, int, char** values, char**) {
    *static_cast<std::string*>(into) += values[0] ? values[0] : "";
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), take, &text, nullptr), SQLITE_OK) << sql;
  sqlite3_close(database);
  return text;
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

using Contents = std::map<std::string, std::string>;
Contents contents_of(SealedStore& store) {
  Contents contents;
  for (const std::string& name : store.list("")) contents[name] = content_of(store, name);
  return contents;
}

// Three databases: of yesterday, of today, and what yesterday's could have become instead.
class Tampering : public testing::Test {
 protected:
  void SetUp() override {
    change(old_, {put("a", "a-old"), put("b", "b-old"), put("c", "c-old"), put("same", "same")});
    fs::copy_file(old_, today_);
    fs::copy_file(old_, fork_);
    change(today_, {put("a", "a-new"), put("b", "b-new"), erase("c"), put("d", "d-new")});
    change(fork_, {put("a", "a-fork"), put("b", "b-fork"), erase("c"), put("d", "d-fork")});
    ASSERT_EQ(refusal(old_), "opened");
    ASSERT_EQ(refusal(today_), "opened");
    ASSERT_EQ(refusal(fork_), "opened");
  }
  static void change(const std::string& path, const std::vector<Mutation>& mutations) {
    const auto store = open_store(path);
    for (const Mutation& mutation : mutations) ASSERT_TRUE(store->commit(mutation).ok());
  }
  // What opening says after the host's edit of today's file.
  std::string after(const std::string& sql) {
    const std::string path = folder_.file("edited.db");
    fs::copy_file(today_, path, fs::copy_options::overwrite_existing);
    edit(path, "ATTACH '" + old_ + "' AS old; ATTACH '" + fork_ + "' AS fork;" + sql);
    return refusal(path);
  }
  // The rows of "a" and "b" by place: names are hidden from the host, but it can watch which rows change.
  std::string row(const char* table, int place) const {
    return answer(today_, std::string("SELECT quote(name) FROM ") + table + " ORDER BY version LIMIT 1 OFFSET " +
                              std::to_string(place));
  }
  Folder folder_;
  const std::string old_ = folder_.file("old.db"), today_ = folder_.file("today.db"), fork_ = folder_.file("fork.db");
};

#define EXPECT_REFUSED(text, part)                                         \
  do {                                                                     \
    const std::string refused_with = (text);                               \
    EXPECT_NE(refused_with, "opened");                                     \
    EXPECT_NE(refused_with.find(part), std::string::npos) << refused_with; \
    EXPECT_EQ(refused_with.find('\n'), std::string::npos);                 \
  } while (false)

TEST_F(Tampering, ChangedRecords) {
  const std::string one = row("record", 3);
  const std::string where = " WHERE name = " + one;
  EXPECT_REFUSED(after("UPDATE record SET version = version + 1" + where), "was changed, moved or swapped");
  EXPECT_REFUSED(after("UPDATE record SET version = version - 1" + where), "was changed, moved or swapped");
  EXPECT_REFUSED(after("UPDATE record SET version = -version" + where), "was changed, moved or swapped");
  EXPECT_REFUSED(after("UPDATE record SET name = randomblob(32)" + where), "was changed, moved or swapped");
  EXPECT_REFUSED(after("UPDATE record SET name = x''" + where), "was changed, moved or swapped");
  EXPECT_REFUSED(after("UPDATE record SET sealed = x''" + where), "was changed, moved or swapped");
  EXPECT_REFUSED(after("UPDATE record SET sealed = CAST(sealed || x'00' AS BLOB)" + where),
                 "was changed, moved or swapped");
  EXPECT_REFUSED(after("UPDATE record SET sealed = zeroblob(33554433)" + where), "");
  const int size = std::stoi(answer(today_, "SELECT length(sealed) FROM record" + where));
  for (int i = 1; i <= size; ++i) {
    const std::string byte = std::to_string(i);
    // Another byte there, and no other than a different one.
    EXPECT_REFUSED(after("UPDATE record SET sealed = CAST(substr(sealed, 1, " + byte + " - 1) || iif(substr(sealed, " +
                         byte + ", 1) = x'00', x'01', x'00') || substr(sealed, " + byte + " + 1) AS BLOB)" + where),
                   "was changed, moved or swapped");
  }
}

TEST_F(Tampering, TheRefusalNamesTheRecord) {
  const std::string one = row("record", 2);  // X'0123…'
  std::string prefix = one.substr(2, 8);
  std::transform(prefix.begin(), prefix.end(), prefix.begin(), [](char c) { return std::tolower(c); });
  EXPECT_REFUSED(after("UPDATE record SET sealed = randomblob(60) WHERE name = " + one), "record " + prefix);
}

TEST_F(Tampering, SwappedAndMovedRecords) {
  const std::string a = row("record", 2), b = row("record", 3);
  const std::string take = "CREATE TEMP TABLE t AS SELECT * FROM record;";
  const auto give = [&](const std::string& columns, const std::string& to, const std::string& from) {
    return "UPDATE record SET (" + columns + ") = (SELECT " + columns + " FROM t WHERE name = " + from +
           ") WHERE name = " + to + ";";
  };
  for (const std::string columns : {"sealed", "version", "version, sealed"}) {
    EXPECT_REFUSED(after(take + give(columns, a, b) + give(columns, b, a)), "was changed, moved or swapped");
    EXPECT_REFUSED(after(take + give(columns, a, b)), "was changed, moved or swapped");
  }
}

TEST_F(Tampering, DeletedAndExtraRecords) {
  EXPECT_REFUSED(after("DELETE FROM record WHERE name = " + row("record", 2)),
                 "4 records are there, the root has 5: some were deleted");
  EXPECT_REFUSED(after("DELETE FROM record"), "some were deleted");
  // c was erased today; its row of yesterday is genuine.
  EXPECT_REFUSED(after("INSERT OR IGNORE INTO record SELECT * FROM old.record"),
                 "6 records are there, the root has 5: some were added");
  EXPECT_REFUSED(after("INSERT INTO record VALUES(randomblob(32), 1, randomblob(60))"),
                 "was changed, moved or swapped");
  // One deleted, one added: the count is right.
  EXPECT_REFUSED(after("INSERT OR IGNORE INTO record SELECT * FROM old.record; DELETE FROM record WHERE name = " +
                       row("record", 2)),
                 "a record is not the one of the last commit");
}

TEST_F(Tampering, OlderRecords) {
  // a and b have versions 2 and 3 there.
  for (const std::string version : {"2", "3"})
    EXPECT_REFUSED(after("INSERT OR REPLACE INTO record SELECT * FROM old.record WHERE version = " + version),
                   "a record is not the one of the last commit");
  EXPECT_REFUSED(after("DELETE FROM record; INSERT INTO record SELECT * FROM old.record"),
                 "a record is not the one of the last commit");
  // Of another history in which it has the same version.
  EXPECT_REFUSED(after("INSERT OR REPLACE INTO record SELECT * FROM fork.record WHERE version = 6"),
                 "a record is not the one of the last commit");
}

TEST_F(Tampering, Roots) {
  EXPECT_REFUSED(after("DELETE FROM root"), "the root is missing");
  EXPECT_REFUSED(after("UPDATE root SET key_id = randomblob(16)"), "sealed under other keys");
  EXPECT_REFUSED(after("UPDATE root SET sealed = randomblob(100)"), "the root was changed");
  EXPECT_REFUSED(after("UPDATE root SET sealed = x''"), "the root was changed");
  EXPECT_REFUSED(after("UPDATE root SET sealed = (SELECT sealed FROM old.root)"),
                 "the root was replaced by an older one");
  EXPECT_REFUSED(after("UPDATE root SET sealed = (SELECT sealed FROM fork.root)"), "a record is not the one");
  EXPECT_REFUSED(after("UPDATE root SET sealed = (SELECT sealed FROM record LIMIT 1)"), "the root was changed");
  EXPECT_REFUSED(after("UPDATE root SET sealed = (SELECT sealed FROM audit WHERE sequence = 1)"),
                 "the root was changed");
}

// Records, audit entries and root of three days, in every combination: only those of one day belong together.
TEST_F(Tampering, PartsOfDifferentDays) {
  const std::string days[] = {"", "old", "fork"};
  int opened = 0;
  for (const std::string& records : days)
    for (const std::string& audits : days)
      for (const std::string& roots : days) {
        std::string sql;
        for (const auto& [table, day] :
             {std::pair<std::string, std::string>{"record", records}, {"audit", audits}, {"root", roots}})
          if (!day.empty())
            sql += "DELETE FROM main." + table + "; INSERT INTO main." + table + " SELECT * FROM " + day + "." + table +
                   ";";
        const bool one_day = records == audits && audits == roots;
        const std::string text = after(sql);
        EXPECT_EQ(text == "opened", one_day) << records << "," << audits << "," << roots << ": " << text;
        opened += text == "opened";
      }
  EXPECT_EQ(opened, 3);
}

// The version in the root's row is the host's word. It chooses the keys that are tried, and nothing else.
TEST_F(Tampering, TheRootsVersion) {
  const FixedSealingKey source(1, security_version(5, 5));
  const std::string file = folder_.file("versions.db");
  const auto refused = [&](const std::string& sql) {
    const std::string path = folder_.file("edited.db");
    fs::copy_file(file, path, fs::copy_options::overwrite_existing);
    edit(path, sql);
    return refusal(path, source);
  };
  ASSERT_TRUE(open_store(file, source)->commit(put("a", "1")).ok());
  EXPECT_EQ(refused("UPDATE root SET cpusvn = cpusvn, isvsvn = 5"), "opened");
  EXPECT_REFUSED(refused("UPDATE root SET cpusvn = zeroblob(16)"), "sealed under other keys");
  EXPECT_REFUSED(refused("UPDATE root SET isvsvn = 4"), "sealed under other keys");
  EXPECT_REFUSED(refused("UPDATE root SET isvsvn = 6"), "ISVSVN 6) that this processor and program");
  EXPECT_REFUSED(refused("UPDATE root SET cpusvn = x'ffffffffffffffffffffffffffffffff'"), "have no keys of");
  for (const char* const wrong : {"isvsvn = -1", "isvsvn = 65541", "cpusvn = x''", "cpusvn = zeroblob(15)",
                                  "cpusvn = CAST(cpusvn || x'00' AS BLOB)"})
    EXPECT_REFUSED(refused(std::string("UPDATE root SET ") + wrong), "no security version");
  // Whoever was handed the keys does not ask the processor. They are of one version all the same.
  const auto opened_with_keys = [&] {
    std::string problem;
    auto keys = StoreKeys::derive(source, source.version()).take();
    return SealedStore::open(file, std::move(keys), kNow, problem).ok() ? "opened" : problem;
  };
  EXPECT_EQ(opened_with_keys(), "opened");
  edit(file, "UPDATE root SET isvsvn = 4");
  EXPECT_REFUSED(opened_with_keys(), "the root was changed");
}

// Of a copy from before an update and of the file after it, only all of one open.
TEST_F(Tampering, PartsOfDifferentVersions) {
  const FixedSealingKey before(1, security_version(1)), now(1, security_version(2));
  const std::string old = folder_.file("before.db"), current = folder_.file("after.db");
  ASSERT_TRUE(open_store(old, before)->commit(put("a", "1")).ok());
  fs::copy_file(old, current);
  ASSERT_TRUE(seal_anew(open_store(current, now), now, kNow).ok());
  int opened = 0;
  for (unsigned old_tables = 0; old_tables < 16; ++old_tables) {
    const std::string path = folder_.file("edited.db");
    fs::copy_file(current, path, fs::copy_options::overwrite_existing);
    std::string sql = "ATTACH '" + old + "' AS old;";
    const char* const tables[] = {"record", "audit", "root"};
    for (unsigned i = 0; i < 3; ++i)
      if (old_tables & 1u << i)
        sql += std::string("DELETE FROM main.") + tables[i] + "; INSERT INTO main." + tables[i] +
               " SELECT * FROM old." + tables[i] + ';';
    // And the older root with the version of now beside it.
    if (old_tables & 8) sql += "UPDATE root SET (cpusvn, isvsvn) = (SELECT cpusvn, isvsvn FROM kept);";
    edit(path, "CREATE TEMP TABLE kept AS SELECT * FROM root;" + sql);
    const std::string text = refusal(path, now);
    const bool one_version = old_tables == 0 || old_tables == 7 || old_tables == 8;
    EXPECT_EQ(text == "opened", one_version) << old_tables << ": " << text;
    opened += text == "opened";
  }
  EXPECT_EQ(opened, 3);
}

TEST_F(Tampering, AuditEntries) {
  // Today has 9 entries, the first 5 are yesterday's too.
  EXPECT_REFUSED(after("DELETE FROM audit WHERE sequence = 9"), "audit entries from 9 on are missing");
  EXPECT_REFUSED(after("DELETE FROM audit WHERE sequence > 5"), "audit entries from 6 on are missing");
  EXPECT_REFUSED(after("DELETE FROM audit"), "audit entries from 1 on are missing");
  for (int i = 1; i < 9; ++i)
    EXPECT_REFUSED(after(numbered("DELETE FROM audit WHERE sequence = ", i)),
                   numbered("audit entry ", i) + ": an entry of the audit log is missing or extra");
  EXPECT_REFUSED(after("DELETE FROM audit WHERE sequence = 1; UPDATE audit SET sequence = sequence - 1"),
                 "audit entry 1:");
  EXPECT_REFUSED(after("UPDATE audit SET sealed = randomblob(300) WHERE sequence = 4"), "audit entry 4:");
  EXPECT_REFUSED(after("UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE sequence = 3) WHERE sequence = 4"),
                 "audit entry 4:");
  EXPECT_REFUSED(after("UPDATE audit SET sequence = 100 WHERE sequence = 4; UPDATE audit SET sequence = 4 WHERE "
                       "sequence = 5; UPDATE audit SET sequence = 5 WHERE sequence = 100"),
                 "audit entry 4:");
  // From a history that parted after entry 5: its sixth entry is genuine, what followed it was another one.
  EXPECT_REFUSED(
      after("UPDATE audit SET sealed = (SELECT sealed FROM fork.audit WHERE sequence = 6) WHERE sequence = 6"),
      "audit entry 7:");
  EXPECT_REFUSED(
      after("UPDATE audit SET sealed = (SELECT sealed FROM fork.audit WHERE sequence = 9) WHERE sequence = 9"),
      "audit entry 9:");
  EXPECT_REFUSED(after("INSERT INTO audit VALUES(10, randomblob(300))"), "audit entry 10:");
  EXPECT_REFUSED(after("INSERT INTO audit VALUES(0, randomblob(300))"), "audit entry 1:");
  EXPECT_REFUSED(after("INSERT INTO audit VALUES(-1, randomblob(300))"), "audit entry 1:");
  EXPECT_REFUSED(after("INSERT INTO audit VALUES(9223372036854775807, randomblob(300))"), "audit entry 10:");
}

TEST_F(Tampering, Schemas) {
  EXPECT_REFUSED(after("CREATE TABLE more(a)"), "schema was changed");
  EXPECT_REFUSED(after("CREATE INDEX more ON record(version)"), "schema was changed");
  EXPECT_REFUSED(after("CREATE VIEW more AS SELECT 1"), "schema was changed");
  EXPECT_REFUSED(after("CREATE TRIGGER more AFTER INSERT ON audit BEGIN DELETE FROM record; END"),
                 "schema was changed");
  EXPECT_REFUSED(after("DROP TABLE audit"), "schema was changed");
  EXPECT_REFUSED(after("ALTER TABLE record ADD COLUMN more BLOB"), "schema was changed");
  EXPECT_REFUSED(after("ANALYZE"), "schema was changed");
  EXPECT_REFUSED(after("PRAGMA user_version = 1"), "schema of another version");
  EXPECT_REFUSED(after("PRAGMA user_version = 3"), "schema of another version");
  EXPECT_REFUSED(after("PRAGMA application_id = 1"), "not a database of this service");
  EXPECT_REFUSED(after("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM "
                       "sqlite_schema WHERE name = 'root') WHERE name = 'audit'"),
                 "");
  write(folder_.file("text.db"), "this is a text of some length, and no database at all");
  EXPECT_REFUSED(refusal(folder_.file("text.db")), "the database is damaged");
  EXPECT_REFUSED(refusal(folder_.path()), "cannot be read or written");
}

// Whatever bytes change: what opens is what was there.
TEST_F(Tampering, RandomBytesOfTheFile) {
  const std::string bytes = read(today_), path = folder_.file("edited.db");
  const Contents contents = contents_of(*open_store(today_));
  std::mt19937 random(20261126);
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string changed = bytes;
    for (int i = 0; i <= round % 3; ++i) changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
    if (round % 10 == 9) changed.resize(random() % changed.size());
    if (changed.empty()) continue;  // a new database
    fs::remove(path + "-wal");
    write(path, changed);
    std::string problem;
    const auto store = SealedStore::open(path, FixedSealingKey(), kNow, problem);
    refused += !store.ok();
    EXPECT_TRUE(store.ok() || !problem.empty());
    if (store.ok()) {
      EXPECT_EQ(contents_of(*store.value()), contents);
    }
  }
  EXPECT_GT(refused, 30);  // most bytes of the small file are in no row
}

// A file and its write-ahead log, copied while the store runs.
struct Copy {
  std::string file, log;
};
struct Moment {
  audit::Head head;
  Contents contents;
};

class LogTampering : public testing::Test {
 protected:
  void SetUp() override {
    const auto store = open_store(path_);
    note(*store);
    for (int i = 0; i < 6; ++i) {
      commit(*store, put("a", numbered("content ", i)));
      commit(*store, put(numbered("r", i), std::string(3000, 'x')));
      if (i == 2) must(store->checkpoint());
      copies_.push_back({.file = read(path_), .log = read(path_ + "-wal")});
    }
  }
  static void must(const Result<void>& result) { ASSERT_TRUE(result.ok()); }
  void commit(SealedStore& store, const Mutation& mutation) {
    ASSERT_TRUE(store.commit(mutation).ok());
    note(store);
  }
  void note(SealedStore& store) {
    history_[store.head().at.sequence] = {.head = store.head(), .contents = contents_of(store)};
  }
  // True when it opened. Then it is exactly what was there after some commit.
  bool opens(std::string_view file, std::string_view log) {
    const std::string path = folder_.file("copy.db");
    write(path, file);
    write(path + "-wal", log);
    std::string problem;
    const auto store = SealedStore::open(path, FixedSealingKey(), kNow, problem);
    if (!store.ok()) return false;
    if (store.value()->is_new()) return false;  // nothing of it is left: another key, another CAS
    const Moment& then = history_[store.value()->head().at.sequence];
    EXPECT_EQ(store.value()->head(), then.head);
    EXPECT_EQ(contents_of(*store.value()), then.contents);
    // Who has seen the last head notices anything earlier.
    const audit::Position last = history_.rbegin()->second.head.at;
    const auto text = store.value()->export_audit(1, then.head.at.sequence);
    EXPECT_TRUE(text.ok());
    const auto verified = audit::verify_export(text.value(), {.key = {}, .earlier = last}, problem);
    EXPECT_EQ(verified.ok(), then.head.at == last);
    EXPECT_TRUE(verified.ok() || problem.starts_with("the log has gone back")) << problem;
    return true;
  }
  Folder folder_;
  const std::string path_ = folder_.file();
  std::vector<Copy> copies_;
  std::map<std::uint64_t, Moment> history_;
};

// The file alone cannot tell this from a power failure: who remembers a later head can.
TEST_F(LogTampering, ATruncatedLogIsAnEarlierState) {
  const Copy& last = copies_.back();
  EXPECT_TRUE(opens(last.file, last.log));
  std::set<std::size_t> sizes{0, 1, 31, 32, 33};
  for (std::size_t size = 32; size <= last.log.size(); size += 24 + 4096) sizes.insert({size, size + 24, size + 2000});
  int opened = 0;
  for (const std::size_t size : sizes)
    if (size <= last.log.size()) opened += opens(last.file, std::string_view(last.log).substr(0, size));
  EXPECT_GT(opened, 3);
}

TEST_F(LogTampering, FileAndLogOfDifferentDays) {
  int opened = 0;
  for (const Copy& file : copies_)
    for (const Copy& log : copies_) opened += opens(file.file, log.log);
  EXPECT_GE(opened, 6);
}

TEST_F(LogTampering, RandomBytesOfTheLog) {
  const Copy& last = copies_.back();
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string changed = last.log;
    changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
    opens(last.file, changed);
  }
}

// The file of another day, brought in while the store runs and has more contents than it keeps in memory.
TEST(TamperingUnderneath, ReadsAreOfTheCurrentRecordOrRefused) {
  const Folder folder;
  const std::string path = folder.file();
  const std::string padding(1 << 20, 'p');
  {
    const auto store = open_store(path);
    for (int i = 0; i < 24; ++i) ASSERT_TRUE(store->commit(put(numbered("r", i), "old" + padding)).ok());
  }
  const std::string old = read(path);
  const auto store = open_store(path, 1, {.cache_size = 0});
  for (int i = 0; i < 24; ++i) ASSERT_TRUE(store->commit(put(numbered("r", i), "new" + padding)).ok());
  ASSERT_TRUE(store->checkpoint().ok());
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.write(old.data(), static_cast<std::streamsize>(old.size()));
  }
  int refused = 0;
  for (int i = 0; i < 24; ++i) {
    const std::string content = content_of(*store, numbered("r", i));
    if (content.starts_with("error:"))
      ++refused;
    else
      EXPECT_TRUE(content == "new" + padding) << content.substr(0, 60);
  }
  EXPECT_GT(refused, 5);
}

}  // namespace
}  // namespace cloister::cas
